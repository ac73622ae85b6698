"""What is wrong with a running hub, in words: a look at it, conditions over that, and their order."""
