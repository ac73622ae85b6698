"""Archives opened again: to check them, and to unpack them."""
