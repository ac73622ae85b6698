"""The records of a tar file, as bytes: the format of GNU tar, which every reader knows."""

from __future__ import annotations

import tarfile
from functools import lru_cache
from typing import NamedTuple
from zlib import adler32

BLOCK_BYTES = 512
END = bytes(2 * BLOCK_BYTES)
_NAME_BYTES = 100
_LARGEST_SIZE = 0o77777777777
_LARGEST_ID = 0o7777777
_LARGEST_TIME = 0o77777777777
REGULAR, HARD_LINK, SYMLINK, DIRECTORY = b"0", b"1", b"2", b"5"


class TarMember(NamedTuple):
    """One member of a tar file.

    Attributes:
        name: Its name; ends with a slash for a directory.
        kind: ``REGULAR``, ``HARD_LINK``, ``SYMLINK`` or ``DIRECTORY``.
        mode: Permissions.
        uid: Owner.
        gid: Group.
        size_bytes: Length of its data.
        mtime: Time of the last change, seconds since 1970.
        link: What a link points to.
    """

    name: bytes
    kind: bytes
    mode: int
    uid: int
    gid: int
    size_bytes: int
    mtime: int
    link: bytes = b""


_FILE_TAIL = b"\0" * 100 + b"ustar  \0"
_REST = bytes(BLOCK_BYTES - 157 - len(_FILE_TAIL))
_FIXED_SUM = sum(b" " * 8 + REGULAR + _FILE_TAIL)


@lru_cache(256)
def _owner(mode: int, uid: int, gid: int) -> bytes:
    return b"%07o\0%07o\0%07o\0" % (mode, uid, gid)


def file_header(name: bytes, mode: int, uid: int, gid: int, *, size_bytes: int, mtime: int) -> bytes:
    """Return the header of a regular file: what ``header`` gives, in a fraction of the time.

    A home of small files has very many of them.
    """
    room = _NAME_BYTES - len(name)
    if room < 0 or not (
        0 <= mtime <= _LARGEST_TIME and size_bytes <= _LARGEST_SIZE and max(uid, gid) <= _LARGEST_ID
    ):
        return header(TarMember(name, REGULAR, mode, uid, gid, size_bytes, mtime))
    numbers = b"%b%011o\0%011o\0" % (_owner(mode, uid, gid), size_bytes, mtime)
    checksum = (adler32(numbers, adler32(name)) & 0xFFFF) - 1 + _FIXED_SUM
    return b"".join((name, bytes(room), numbers, b"%06o\0 0" % checksum, _FILE_TAIL, _REST))


def header(member: TarMember) -> bytes:
    """Return a member's header: one block, or more where something does not fit."""
    plain = (
        len(member.name) <= _NAME_BYTES
        and len(member.link) <= _NAME_BYTES
        and member.size_bytes <= _LARGEST_SIZE
        and 0 <= member.mtime <= _LARGEST_TIME
        and member.uid <= _LARGEST_ID
        and member.gid <= _LARGEST_ID
    )
    return _plain(member) if plain else _long(member)


def _plain(member: TarMember) -> bytes:
    block = b"%s%07o\0%07o\0%07o\0%011o\0%011o\0        %s%s%s" % (
        member.name.ljust(_NAME_BYTES, b"\0"),
        member.mode,
        member.uid,
        member.gid,
        member.size_bytes,
        member.mtime,
        member.kind,
        member.link.ljust(_NAME_BYTES, b"\0"),
        b"ustar  \0",
    )
    # The lower half of Adler-32 is the sum of the bytes and one more; names and digits add up to less than 65521.
    checksum = (adler32(block) & 0xFFFF) - 1
    return b"%s%06o\0 %s" % (block[:148], checksum, block[156:].ljust(BLOCK_BYTES - 156, b"\0"))


def _long(member: TarMember) -> bytes:
    """Let the standard library write the rest; the plain header is there because it is the slower one."""
    info = tarfile.TarInfo(member.name.decode("utf-8", "surrogateescape"))
    info.type, info.mode, info.uid, info.gid = member.kind, member.mode, member.uid, member.gid
    info.size, info.mtime = member.size_bytes, member.mtime
    info.linkname = member.link.decode("utf-8", "surrogateescape")
    if member.kind == DIRECTORY:
        info.name = info.name.rstrip("/")  # tobuf puts it back
    return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


def padding(size_bytes: int) -> bytes:
    """Return what fills up the last block of a member's data."""
    return bytes(-size_bytes % BLOCK_BYTES)
