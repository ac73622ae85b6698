"""What a home consists of: entries, and what is not taken."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import IntEnum


class Kind(IntEnum):
    """What an entry is; everything else a directory may hold cannot be kept in a file."""

    DIRECTORY = 1
    FILE = 2
    SYMLINK = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of an inventory.

    Attributes:
        index: Its place in the inventory; a parent's is always lower.
        path: Path below the home, as the bytes that the file system has; empty for the home itself.
        kind: What it is.
        mode: Permission bits, with set-user-id, set-group-id and sticky.
        size_bytes: Length of a file or of a link's target; 0 for directories.
        mtime_ns: Time of the last change of the content, nanoseconds since 1970.
        ctime_ns: Time of the last change of the entry, nanoseconds since 1970.
        device: Device number.
        inode: Inode number.
        uid: Owner.
        gid: Group.
        target: What a symlink points to, otherwise empty.
        twin: Index of the first entry with the same inode (a hard link), or None.
    """

    index: int
    path: bytes
    kind: Kind
    mode: int
    size_bytes: int
    mtime_ns: int
    ctime_ns: int
    device: int
    inode: int
    uid: int
    gid: int
    target: bytes = b""
    twin: int | None = None


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Something that is there and cannot be taken along.

    Attributes:
        path: Path below the home.
        reason: Why, in a few words.
        size_bytes: Its length where it is a file.
    """

    path: bytes
    reason: str
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that was asked to be left out, with all that is below it.

    Attributes:
        path: Path below the home.
        rule: What asked for it: a preset's category, or a pattern and where it stands.
        files: How many files.
        size_bytes: Their length together.
    """

    path: bytes
    rule: str
    files: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Totals:
    """An inventory in numbers.

    Attributes:
        files: Regular files.
        directories: Directories, the home itself included.
        symlinks: Symbolic links.
        size_bytes: Length of all files, as they are read.
        twins: Files that are another name of a file counted before.
        twin_bytes: Their length, contained in ``size_bytes``.
        hole_bytes: Length of the holes in sparse files, contained in ``size_bytes``.
    """

    files: int
    directories: int
    symlinks: int
    size_bytes: int
    twins: int
    twin_bytes: int
    hole_bytes: int


def shown(path: bytes) -> str:
    r"""Return a path as a person can read it on one line; what is not printable is written as ``\xNN``."""
    text = os.fsdecode(path) if path else "."
    safe = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in safe)
