"""Where hubs' configuration lives: one reader per place and era."""
