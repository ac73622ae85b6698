"""The forms that an archive can have, byte by byte."""
