"""The headers of small files, of which a home has very many: whoever reads a file makes its header.

That is a process of its own, as a rule; it loads this module too, which therefore imports as little as will do.
Other headers, and the records at an archive's end, are made by ``zipformat`` and ``tarformat``.
"""

from __future__ import annotations

import struct
import time
from functools import lru_cache
from zlib import adler32

from takeout.archive.records.tarfields import (
    BLOCK_BYTES,
    LARGEST_ID,
    LARGEST_SIZE,
    LARGEST_TIME,
    NAME_BYTES,
    REGULAR,
)

TYPE_CHECKING = False  # typing itself would be a large import
if TYPE_CHECKING:
    from array import array

LIMIT_32 = 0xFFFFFFFF
"""From this on a 32-bit field says "look at the ZIP64 field"."""
FLAG_UTF8 = 1 << 11
SECONDS = 1_000_000_000
_DAY_SECONDS = 86_400
_DOS_FIRST, _DOS_LAST = 315_532_800, 4_354_819_198
"""1980-01-01 00:00:00 and 2107-12-31 23:59:58 UTC, the first and last time that a DOS field can hold."""
_NTFS_EPOCH = 11_644_473_600
LOCAL = struct.Struct("<4s5H3I2H")
_CRC = struct.Struct("<I")
_CRC_AT = 14
_UT = struct.Struct("<HHBi")
_UX = struct.Struct("<HHBBIBI")
_NTFS = struct.Struct("<HHIHHQQQ")

_TAR_TAIL = b"\0" * NAME_BYTES + b"ustar  \0"
_TAR_REST = bytes(BLOCK_BYTES - 157 - len(_TAR_TAIL))
_TAR_SUM = sum(b" " * 8 + REGULAR + _TAR_TAIL)


def utf8_flag(name: bytes) -> int:
    """Return the flag of a name in UTF-8; others are bytes, which readers on Unix leave as they are."""
    if name.isascii():
        return 0
    try:
        name.decode("utf-8")
    except UnicodeDecodeError:
        return 0
    return FLAG_UTF8


def dos_time(mtime_ns: int) -> tuple[int, int]:
    """Return DOS time and date in UTC, clamped to what they can hold."""
    day, second = divmod(min(max(mtime_ns // SECONDS, _DOS_FIRST), _DOS_LAST), _DAY_SECONDS)
    return _dos_clock(second), _dos_date(day)


def _dos_clock(second: int) -> int:
    return second // 3_600 << 11 | second // 60 % 60 << 5 | second % 60 // 2


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
    seconds = mtime_ns // SECONDS
    if _is_plain(seconds):
        return _UX.size + _UT.size
    return _UX.size + _UT.size * _fits_ut(seconds) + _NTFS.size


def have_usual_extra(mtimes_ns: array[int]) -> bool:
    """Whether the extra fields of all entries are as long as those of an entry of 1970."""
    return all(_is_plain(each // SECONDS) for each in (min(mtimes_ns, default=0), max(mtimes_ns, default=0)))


@lru_cache(256)
def _owner_extra(uid: int, gid: int) -> bytes:
    return _UX.pack(0x7875, 11, 1, 4, uid & LIMIT_32, 4, gid & LIMIT_32)


def common_extra(mtime_ns: int, uid: int, gid: int) -> bytes:
    """Return time and owner; the time also in the field of NTFS where the Unix field cannot tell every reader."""
    extra = _owner_extra(uid, gid)
    seconds = mtime_ns // SECONDS
    if not _is_plain(seconds):
        ticks = min(max(mtime_ns // 100 + _NTFS_EPOCH * 10_000_000, 0), (1 << 63) - 1)
        extra = _NTFS.pack(0x000A, 32, 0, 1, 24, ticks, ticks, ticks) + extra
    return _UT.pack(0x5455, 5, 1, seconds) + extra if _fits_ut(seconds) else extra


@lru_cache(4_096)
def times_and_owner(seconds: int, owner: tuple[int, int]) -> tuple[int, int, bytes]:
    """Return DOS time and date and the extra fields of a time in whole seconds that every field can hold.

    Files that were written together share them.
    """
    day, second = divmod(seconds, _DAY_SECONDS)
    extra = _UT.pack(0x5455, 5, 1, seconds) + _owner_extra(*owner)
    return _dos_clock(second), _dos_date(day), extra


def is_usual(seconds: int) -> bool:
    """Whether every field of a zip can hold a time, so that its fractions of a second are in none."""
    return _DOS_FIRST <= seconds < 1 << 31


def zip_header(name: bytes, mode: int, owner: tuple[int, int], mtime_ns: int, size: int) -> bytes:
    """Return the local header of a stored file below 4 GiB; its CRC is put in later.

    It is what ``zipformat.local_header`` gives, in a fraction of the time.

    Args:
        name: Name in the archive.
        mode: Permissions.
        owner: Owner and group.
        mtime_ns: Time of the last change, nanoseconds since 1970.
        size: Length of the content in bytes.
    """
    del mode  # that is in the central record only
    seconds = mtime_ns // SECONDS
    if is_usual(seconds):
        clock, date, extra = times_and_owner(seconds, owner)
    else:
        clock, date = dos_time(mtime_ns)
        extra = common_extra(mtime_ns, *owner)
    flags = utf8_flag(name)
    return (
        LOCAL.pack(b"PK\x03\x04", 10, flags, 0, clock, date, 0, size, size, len(name), len(extra)) + name + extra
    )


def put_crc(view: memoryview, at: int, crc: int) -> None:
    """Write a CRC into the local header that begins at ``at``."""
    _CRC.pack_into(view, at + _CRC_AT, crc)


@lru_cache(256)
def _tar_owner(mode: int, owner: tuple[int, int]) -> bytes:
    return b"%07o\0%07o\0%07o\0" % (mode, *owner)


def tar_header(name: bytes, mode: int, owner: tuple[int, int], mtime_ns: int, size: int) -> bytes:
    """Return the header of a regular file: what ``tarformat.header`` gives, in a fraction of the time.

    Args:
        name: Name in the archive.
        mode: Permissions.
        owner: Owner and group.
        mtime_ns: Time of the last change, nanoseconds since 1970.
        size: Length of the content in bytes.
    """
    mtime = mtime_ns // SECONDS
    room = NAME_BYTES - len(name)
    if room < 0 or not (0 <= mtime <= LARGEST_TIME and size <= LARGEST_SIZE and max(owner) <= LARGEST_ID):
        from takeout.archive.records import tarformat  # noqa: PLC0415 - few need it, and it loads much

        return tarformat.header(tarformat.TarMember(name, REGULAR, mode, *owner, size, mtime))
    numbers = b"%b%011o\0%011o\0" % (_tar_owner(mode, owner), size, mtime)
    checksum = (adler32(numbers, adler32(name)) & 0xFFFF) - 1 + _TAR_SUM
    return b"".join((name, bytes(room), numbers, b"%06o\0 0" % checksum, _TAR_TAIL, _TAR_REST))
