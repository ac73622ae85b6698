"""The records of a zip file, as bytes.

Source: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 to 4.5; Info-ZIP's ``proginfo/extrafld.txt`` for the Unix fields.
"""

from __future__ import annotations

import stat
import struct
from typing import NamedTuple

from takeout.archive.records.heads import (
    LIMIT_32,
    LOCAL,
    SECONDS,
    common_extra,
    common_extra_bytes,
    dos_time,
    is_usual,
    times_and_owner,
    utf8_flag,
)

STORED = 0
DEFLATED = 8
LIMIT_16 = 0xFFFF
FLAG_DESCRIPTOR = 1 << 3
UNIX = 3 << 8
_DOS_DIRECTORY = 0x10

_CENTRAL = struct.Struct("<4s6H3I5H2I")
_ZIP64_LOCAL = struct.Struct("<HHQQ")
_DESCRIPTOR = struct.Struct("<4sIII")
_DESCRIPTOR_64 = struct.Struct("<4sIQQ")

LOCAL_BYTES = LOCAL.size
CENTRAL_BYTES = _CENTRAL.size
DESCRIPTOR_BYTES = _DESCRIPTOR.size
DESCRIPTOR_64_BYTES = _DESCRIPTOR_64.size
ZIP64_LOCAL_BYTES = _ZIP64_LOCAL.size


class Member(NamedTuple):
    """What is known of an entry before its content is.

    Attributes:
        name: Name in the archive; ends with a slash for a directory.
        mode: Type and permissions, as in ``st_mode``.
        mtime_ns: Time of the last change, nanoseconds since 1970.
        uid: Owner.
        gid: Group.
        method: ``STORED`` or ``DEFLATED``.
        descriptor: Whether CRC and sizes follow the data, because the header is written before they are known.
        wide: Whether the local record has 64-bit sizes.
    """

    name: bytes
    mode: int
    mtime_ns: int
    uid: int
    gid: int
    method: int = STORED
    descriptor: bool = False
    wide: bool = False


def _flags(member: Member) -> int:
    return utf8_flag(member.name) | (FLAG_DESCRIPTOR if member.descriptor else 0)


def _version(member: Member, *, wide: bool) -> int:
    if wide:
        return 45
    return 20 if member.method == DEFLATED or member.descriptor or member.name.endswith(b"/") else 10


def local_header(member: Member, crc: int, size: int, compressed: int) -> bytes:
    """Return a local file header.

    Args:
        member: The entry.
        crc: CRC-32 of its content; ignored where a descriptor follows.
        size: Length of its content in bytes; likewise.
        compressed: Length of its data in bytes; likewise.
    """
    if member.descriptor:
        crc = size = compressed = 0
    extra = common_extra(member.mtime_ns, member.uid, member.gid)
    if member.wide:
        # With a descriptor the field holds zeros; readers take its presence as the sign of 64-bit sizes (4.3.9.2).
        extra = _ZIP64_LOCAL.pack(1, 16, size, compressed) + extra
        size = compressed = LIMIT_32
    clock, date = dos_time(member.mtime_ns)
    return (
        LOCAL.pack(
            b"PK\x03\x04", _version(member, wide=member.wide), _flags(member), member.method, clock, date,
            crc, compressed, size, len(member.name), len(extra),
        )
        + member.name
        + extra
    )  # fmt: skip


def small_record(
    name: bytes, mode: int, owner: tuple[int, int], mtime_ns: int, sums: tuple[int, int, int]
) -> bytes:
    """Return the central record of a stored file: what ``central_header`` gives, more quickly where it is usual.

    Args:
        name: Name in the archive.
        mode: Type and permissions.
        owner: Owner and group.
        mtime_ns: Time of the last change, nanoseconds since 1970.
        sums: CRC-32 of its content, length of that in bytes, and where the local header begins.
    """
    crc, size, offset = sums
    seconds = mtime_ns // SECONDS
    if not (is_usual(seconds) and size + offset < LIMIT_32 and name.isascii()):
        return central_header(Member(name, mode, mtime_ns, *owner), crc, size, size, offset)
    clock, date, extra = times_and_owner(seconds, owner)
    fixed = _CENTRAL.pack(
        b"PK\x01\x02", UNIX | 30, 10, 0, STORED, clock, date, crc, size, size, len(name), len(extra), 0, 0, 0,
        mode << 16, offset,
    )  # fmt: skip
    return fixed + name + extra


def descriptor(member: Member, crc: int, size: int, compressed: int) -> bytes:
    """Return what follows the data of an entry whose header could not tell."""
    shape = _DESCRIPTOR_64 if member.wide else _DESCRIPTOR
    return shape.pack(b"PK\x07\x08", crc, compressed, size)


def central_bytes(name_bytes: int, mtime_ns: int, size: int, compressed: int, offset: int) -> int:
    """Return the length of an entry's record in the central directory."""
    wide = zip64_central_bytes(size, compressed, offset)
    return CENTRAL_BYTES + name_bytes + common_extra_bytes(mtime_ns) + wide


def zip64_central_bytes(size: int, compressed: int, offset: int) -> int:
    """Return the length of the field for what 32 bits cannot hold, in a record of the central directory."""
    wide = (size >= LIMIT_32) + (compressed >= LIMIT_32) + (offset >= LIMIT_32)
    return 4 + 8 * wide if wide else 0


def central_header(member: Member, crc: int, size: int, compressed: int, offset: int) -> bytes:
    """Return an entry's record in the central directory; ``offset`` is where its local header begins."""
    extra = common_extra(member.mtime_ns, member.uid, member.gid)
    wide = (
        [value for value in (size, compressed, offset) if value >= LIMIT_32] if size + offset >= LIMIT_32 else []
    )
    if wide:
        extra = struct.pack(f"<HH{len(wide)}Q", 1, 8 * len(wide), *wide) + extra
    clock, date = dos_time(member.mtime_ns)
    attributes = (member.mode & LIMIT_16) << 16 | (_DOS_DIRECTORY if stat.S_ISDIR(member.mode) else 0)
    needed = _version(member, wide=bool(wide) or member.wide)
    return (
        _CENTRAL.pack(
            b"PK\x01\x02", UNIX | max(needed, 30), needed, _flags(member), member.method, clock, date,
            crc, min(compressed, LIMIT_32), min(size, LIMIT_32), len(member.name), len(extra), 0, 0, 0,
            attributes, min(offset, LIMIT_32),
        )
        + member.name
        + extra
    )  # fmt: skip
