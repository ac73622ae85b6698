"""What follows a zip's central directory.

Source: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.14 to 4.3.16.
"""

from __future__ import annotations

import struct

from takeout.archive.records.heads import LIMIT_32
from takeout.archive.records.zipformat import LIMIT_16, UNIX

_END_64 = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR = struct.Struct("<4sIQI")
_END = struct.Struct("<4s4H2IH")


def end_bytes(entries: int, start: int, length: int) -> int:
    """Return the length of what follows the central directory."""
    return _END.size + (_END_64.size + _LOCATOR.size if _needs_64(entries, start, length) else 0)


def _needs_64(entries: int, start: int, length: int) -> bool:
    return entries >= LIMIT_16 or start >= LIMIT_32 or length >= LIMIT_32


def end_records(entries: int, start: int, length: int) -> bytes:
    """Return what follows the central directory, which begins at ``start`` and is ``length`` bytes long."""
    records = b""
    if _needs_64(entries, start, length):
        records = _END_64.pack(
            b"PK\x06\x06", _END_64.size - 12, UNIX | 45, 45, 0, 0, entries, entries, length, start
        ) + _LOCATOR.pack(b"PK\x06\x07", 0, start + length, 1)
    count = min(entries, LIMIT_16)
    return records + _END.pack(b"PK\x05\x06", 0, 0, count, count, min(length, LIMIT_32), min(start, LIMIT_32), 0)
