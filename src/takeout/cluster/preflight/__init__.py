"""What can be known before anything is changed: every reason why a deployment would not work, all at once."""
