"""Write the replica directory, read it, and say what is in it."""
