"""What the files of a home hold: read far ahead, by processes and threads, every checksum on the way."""
