"""The records of a tar file, as bytes: the format of GNU tar, which every reader knows."""

from __future__ import annotations

import tarfile
from typing import NamedTuple
from zlib import adler32

from takeout.archive.records.tarfields import (
    BLOCK_BYTES,
    DIRECTORY,
    LARGEST_ID,
    LARGEST_SIZE,
    LARGEST_TIME,
    NAME_BYTES,
)

END = bytes(2 * BLOCK_BYTES)


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


def header(member: TarMember) -> bytes:
    """Return a member's header: one block, or more where something does not fit."""
    plain = (
        len(member.name) <= NAME_BYTES
        and len(member.link) <= NAME_BYTES
        and member.size_bytes <= LARGEST_SIZE
        and 0 <= member.mtime <= LARGEST_TIME
        and member.uid <= LARGEST_ID
        and member.gid <= LARGEST_ID
    )
    return _plain(member) if plain else _long(member)


def _plain(member: TarMember) -> bytes:
    block = b"%s%07o\0%07o\0%07o\0%011o\0%011o\0        %s%s%s" % (
        member.name.ljust(NAME_BYTES, b"\0"),
        member.mode,
        member.uid,
        member.gid,
        member.size_bytes,
        member.mtime,
        member.kind,
        member.link.ljust(NAME_BYTES, b"\0"),
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
