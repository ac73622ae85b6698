"""The records of zip and tar files, as bytes."""
