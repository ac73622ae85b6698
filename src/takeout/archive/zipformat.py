"""The records of a zip file, as bytes.

Source: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 to 4.5; Info-ZIP's ``proginfo/extrafld.txt`` for the Unix fields.
"""

from __future__ import annotations

import stat
import struct
import time
from functools import lru_cache
from typing import NamedTuple

STORED = 0
DEFLATED = 8
LIMIT_32 = 0xFFFFFFFF
"""From this on a 32-bit field says "look at the ZIP64 field"."""
LIMIT_16 = 0xFFFF
FLAG_DESCRIPTOR = 1 << 3
FLAG_UTF8 = 1 << 11
UNIX = 3 << 8
_SECONDS = 1_000_000_000
_DAY_SECONDS = 86_400
_DOS_FIRST, _DOS_LAST = 315_532_800, 4_354_819_198
"""1980-01-01 00:00:00 and 2107-12-31 23:59:58 UTC, the first and last time that a DOS field can hold."""
_NTFS_EPOCH = 11_644_473_600
_DOS_DIRECTORY = 0x10

_LOCAL = struct.Struct("<4s5H3I2H")
_CRC = struct.Struct("<I")
_CRC_AT = 14
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_UT = struct.Struct("<HHBi")
_UX = struct.Struct("<HHBBIBI")
_NTFS = struct.Struct("<HHIHHQQQ")
_ZIP64_LOCAL = struct.Struct("<HHQQ")
_DESCRIPTOR = struct.Struct("<4sIII")
_DESCRIPTOR_64 = struct.Struct("<4sIQQ")

LOCAL_BYTES = _LOCAL.size
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
    """Names in UTF-8 say so; others are bytes, which readers on Unix leave as they are."""
    flags = FLAG_DESCRIPTOR if member.descriptor else 0
    return flags if member.name.isascii() else flags | _flag_of(member.name)


def _flag_of(name: bytes) -> int:
    try:
        name.decode("utf-8")
    except UnicodeDecodeError:
        return 0
    return FLAG_UTF8


def _version(member: Member, *, wide: bool) -> int:
    if wide:
        return 45
    return 20 if member.method == DEFLATED or member.descriptor or member.name.endswith(b"/") else 10


def dos_time(mtime_ns: int) -> tuple[int, int]:
    """Return DOS time and date in UTC, clamped to what they can hold."""
    return _dos_time(min(max(mtime_ns // _SECONDS, _DOS_FIRST), _DOS_LAST))


def _dos_time(seconds: int) -> tuple[int, int]:
    day, second = divmod(seconds, _DAY_SECONDS)
    return second // 3_600 << 11 | second // 60 % 60 << 5 | second % 60 // 2, _dos_date(day)


@lru_cache(4_096)
def _dos_date(day: int) -> int:
    """Return a day since 1970 as DOS has it; the files of a home are of few days."""
    date = time.gmtime(day * _DAY_SECONDS)
    return (date.tm_year - 1980) << 9 | date.tm_mon << 5 | date.tm_mday


def _is_plain(seconds: int) -> bool:
    """Whether the Unix field alone tells the time to every reader.

    Below and beyond, 7-Zip, which takes that field as unsigned, or any reader after 2038 needs the longer field.
    """
    return 0 <= seconds < 1 << 31


def _fits_ut(seconds: int) -> bool:
    return -(1 << 31) <= seconds < 1 << 31


def common_extra_bytes(mtime_ns: int) -> int:
    """Return the length of the extra fields that every entry has."""
    seconds = mtime_ns // _SECONDS
    if _is_plain(seconds):
        return _UX.size + _UT.size
    return _UX.size + _UT.size * _fits_ut(seconds) + _NTFS.size


@lru_cache(256)
def _owner_extra(uid: int, gid: int) -> bytes:
    return _UX.pack(0x7875, 11, 1, 4, uid & LIMIT_32, 4, gid & LIMIT_32)


def _common_extra(member: Member) -> bytes:
    """Time and owner; the time also in the field of NTFS where the Unix field cannot hold it for every reader."""
    extra = _owner_extra(member.uid, member.gid)
    seconds = member.mtime_ns // _SECONDS
    if not _is_plain(seconds):
        ticks = min(max(member.mtime_ns // 100 + _NTFS_EPOCH * 10_000_000, 0), (1 << 63) - 1)
        extra = _NTFS.pack(0x000A, 32, 0, 1, 24, ticks, ticks, ticks) + extra
    return _UT.pack(0x5455, 5, 1, seconds) + extra if _fits_ut(seconds) else extra


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
    extra = _common_extra(member)
    if member.wide:
        # With a descriptor the field holds zeros; readers take its presence as the sign of 64-bit sizes (4.3.9.2).
        extra = _ZIP64_LOCAL.pack(1, 16, size, compressed) + extra
        size = compressed = LIMIT_32
    clock, date = dos_time(member.mtime_ns)
    return (
        _LOCAL.pack(
            b"PK\x03\x04", _version(member, wide=member.wide), _flags(member), member.method, clock, date,
            crc, compressed, size, len(member.name), len(extra),
        )
        + member.name
        + extra
    )  # fmt: skip


def small_header(name: bytes, mtime_ns: int, uid: int, gid: int, size: int) -> bytes:
    """Return the local header of a stored file below 4 GiB whose CRC is to be put in later.

    It is what ``local_header`` gives, in a fraction of the time where nothing is out of the ordinary: a home of
    small files has very many of them.
    """
    seconds = mtime_ns // _SECONDS
    if not (_DOS_FIRST <= seconds < 1 << 31 and name.isascii()):
        return local_header(Member(name, 0, mtime_ns, uid, gid), 0, size, size)
    clock, date = _dos_time(seconds)
    extra = _UT.pack(0x5455, 5, 1, seconds) + _owner_extra(uid, gid)
    fixed = _LOCAL.pack(b"PK\x03\x04", 10, 0, STORED, clock, date, 0, size, size, len(name), len(extra))
    return fixed + name + extra


def small_record(member: Member, crc: int, size: int, offset: int) -> bytes:
    """Return the central record of such a file: what ``central_header`` gives, more quickly."""
    name, mode, mtime_ns, uid, gid = member[:5]
    seconds = mtime_ns // _SECONDS
    if not (_DOS_FIRST <= seconds < 1 << 31 and size + offset < LIMIT_32 and name.isascii()):
        return central_header(member, crc, size, size, offset)
    clock, date = _dos_time(seconds)
    extra = _UT.pack(0x5455, 5, 1, seconds) + _owner_extra(uid, gid)
    fixed = _CENTRAL.pack(
        b"PK\x01\x02", UNIX | 30, 10, 0, STORED, clock, date, crc, size, size, len(name), len(extra), 0, 0, 0,
        mode << 16, offset,
    )  # fmt: skip
    return fixed + name + extra


def put_crc(view: memoryview, at: int, crc: int) -> None:
    """Write a CRC into the local header that begins at ``at``."""
    _CRC.pack_into(view, at + _CRC_AT, crc)


def descriptor(member: Member, crc: int, size: int, compressed: int) -> bytes:
    """Return what follows the data of an entry whose header could not tell."""
    shape = _DESCRIPTOR_64 if member.wide else _DESCRIPTOR
    return shape.pack(b"PK\x07\x08", crc, compressed, size)


def central_bytes(name_bytes: int, mtime_ns: int, size: int, compressed: int, offset: int) -> int:
    """Return the length of an entry's record in the central directory."""
    wide = (size >= LIMIT_32) + (compressed >= LIMIT_32) + (offset >= LIMIT_32)
    return CENTRAL_BYTES + name_bytes + common_extra_bytes(mtime_ns) + (4 + 8 * wide if wide else 0)


def central_header(member: Member, crc: int, size: int, compressed: int, offset: int) -> bytes:
    """Return an entry's record in the central directory; ``offset`` is where its local header begins."""
    extra = _common_extra(member)
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
