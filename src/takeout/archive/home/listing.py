"""Read one directory, safely and at once; many of these run side by side."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from takeout.archive.home.files import FILE, open_directory
from takeout.archive.home.presets import CACHE_TAG, CACHE_TAG_START

IGNORE_FILE = b".takeoutignore"
MOST_IGNORE_BYTES = 1 << 20
"""Longer files of patterns are nobody's work, and are not read."""
_EFFECTIVE = os.access in os.supports_effective_ids
_ENCODING, _ERRORS = sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()
_IRREGULAR = 0o170000 & ~stat.S_IFREG
_BY_ALL, _BY_OWNER = stat.S_IROTH, stat.S_IRUSR


@dataclass(frozen=True, slots=True)
class Place:
    """A directory and how to recognise it.

    Attributes:
        path: Path below the home.
        device: Device number.
        inode: Inode number.
    """

    path: bytes
    device: int
    inode: int


@dataclass(slots=True)
class Listing:
    """What one directory holds.

    Attributes:
        names: Its names, sorted.
        error: Why it could not be read, or empty.
        cache: Whether it is tagged as a cache.
        ignore: The lines of its file of patterns.
    """

    names: list[bytes] = field(default_factory=list)
    error: str = ""
    cache: bool = False
    ignore: list[bytes] = field(default_factory=list)


class Found(NamedTuple):
    """One name looked up.

    Attributes:
        name: Last part of the path.
        status: What ``lstat`` says, or None.
        target: A symlink's target.
        error: Why there is no status, or why a file cannot be read; empty otherwise.
    """

    name: bytes
    status: os.stat_result | None
    target: bytes = b""
    error: str = ""


@contextmanager
def opened(root_fd: int, place: Place) -> Iterator[int]:
    """Open a directory below the home and make sure that it is the one meant.

    Raises:
        OSError: When it cannot be opened.
        MovedError: When it is another one.
    """
    fd = open_directory(root_fd, place.path, place.device, place.inode)
    try:
        yield fd
    finally:
        os.close(fd)


def read_names(root_fd: int, place: Place, most: int) -> tuple[Listing, list[Found]]:
    """Return the names in a directory, and what they are if they are at most so many.

    A directory that cannot be read has an error and no names.
    """
    listing = Listing()
    try:
        with opened(root_fd, place) as fd:
            listing.names = sorted([name.encode(_ENCODING, _ERRORS) for name in os.listdir(fd)])  # noqa: PTH208
            if CACHE_TAG in listing.names:
                listing.cache = _start_of(fd, CACHE_TAG, len(CACHE_TAG_START)) == CACHE_TAG_START
            if IGNORE_FILE in listing.names:
                listing.ignore = _start_of(fd, IGNORE_FILE, MOST_IGNORE_BYTES).splitlines()
            return listing, _look_up(fd, listing.names) if len(listing.names) <= most else []
    except OSError as error:
        listing.names = []
        listing.error = reason(error)
    return listing, []


def _start_of(fd: int, name: bytes, most: int) -> bytes:
    """Return the beginning of a regular file, or nothing; a FIFO must not hold the walk up."""
    with contextlib.suppress(OSError):
        file = os.open(name, FILE, dir_fd=fd)
        try:
            if stat.S_ISREG(os.fstat(file).st_mode):
                return os.read(file, most)
        finally:
            os.close(file)
    return b""


def look_up(root_fd: int, place: Place, names: list[bytes]) -> list[Found]:
    """Return what each of the names is; what vanished since the directory was listed is not there."""
    try:
        with opened(root_fd, place) as fd:
            return _look_up(fd, names)
    except OSError as error:
        return [Found(name, None, error=reason(error)) for name in names]


def _look_up(fd: int, names: list[bytes]) -> list[Found]:
    found, user = [], os.geteuid()
    for name in names:
        try:
            status = os.stat(name, dir_fd=fd, follow_symlinks=False)
            mode = status.st_mode
            # The bits let everybody, or the owner that we are, read; otherwise the system is asked.
            if mode & _IRREGULAR or not (mode & _BY_ALL or (mode & _BY_OWNER and status.st_uid == user)):
                each = _look_closer(fd, name, status)
            else:
                each = Found(name, status)
        except FileNotFoundError:
            continue
        except OSError as error:
            each = Found(name, None, error=reason(error))
        found.append(each)
    return found


def _look_closer(fd: int, name: bytes, status: os.stat_result) -> Found:
    if stat.S_ISLNK(status.st_mode):
        return Found(name, status, os.readlink(name, dir_fd=fd))
    if stat.S_ISREG(status.st_mode) and not os.access(name, os.R_OK, dir_fd=fd, effective_ids=_EFFECTIVE):
        return Found(name, status, error="permission denied")
    return Found(name, status)


def reason(error: OSError) -> str:
    """Return why an operation failed, in the system's words and lower case."""
    text = error.strerror or str(error)
    return text[:1].lower() + text[1:]
