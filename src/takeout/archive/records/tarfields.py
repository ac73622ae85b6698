"""What the fields of a tar file's headers can hold. Source: GNU tar's manual, "Basic Tar Format"."""

from __future__ import annotations

BLOCK_BYTES = 512
NAME_BYTES = 100
LARGEST_SIZE = 0o77777777777
LARGEST_ID = 0o7777777
LARGEST_TIME = 0o77777777777
REGULAR, HARD_LINK, SYMLINK, DIRECTORY = b"0", b"1", b"2", b"5"


def padding(size_bytes: int) -> bytes:
    """Return what fills up the last block of a member's data."""
    return bytes(-size_bytes % BLOCK_BYTES)
