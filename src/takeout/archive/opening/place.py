"""Write below one directory and nowhere else: every step is taken from the directory before it, never by path."""

from __future__ import annotations

import os
import stat
from types import TracebackType

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OWN = 0o700


class Destination:
    """A directory that is written to.

    Args:
        path: The directory; it is made where it is not there.
    """

    def __init__(self, path: bytes) -> None:
        os.makedirs(path, exist_ok=True)  # noqa: PTH103 - the path is bytes
        self._root = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._parts: list[bytes] = []
        self._fd = os.dup(self._root)

    def __enter__(self) -> Destination:  # noqa: PYI034 - there is no subclass
        """Give the directory itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        """Close what is open."""
        self.close()

    def close(self) -> None:
        """Close what is open."""
        os.close(self._fd)
        os.close(self._root)

    def free_bytes(self) -> int:
        """Return how much may still be written."""
        status = os.fstatvfs(self._root)
        return status.f_bavail * status.f_frsize

    def enter(self, parts: list[bytes], *, make: bool = True) -> int:
        """Return a descriptor of the directory at ``parts``, valid until the next call.

        Args:
            parts: The names on the way.
            make: Whether to make what is missing.

        Raises:
            OSError: When a part is a link or a file, or cannot be opened.
        """
        if parts == self._parts:
            return self._fd
        fd = os.dup(self._root)
        try:
            for part in parts:
                if make:
                    _make(fd, part)
                above, fd = fd, os.open(part, _DIRECTORY, dir_fd=fd)
                os.close(above)
        except BaseException:
            os.close(fd)
            raise
        os.close(self._fd)
        self._fd, self._parts = fd, list(parts)
        return fd


def _make(fd: int, name: bytes) -> None:
    try:
        os.mkdir(name, _OWN, dir_fd=fd)
    except FileExistsError:
        return


def create(fd: int, name: bytes) -> int:
    """Create a file and return its descriptor; what an interrupted run left is removed first."""
    try:
        return os.open(name, _CREATE, 0o600, dir_fd=fd)
    except FileExistsError:
        os.unlink(name, dir_fd=fd)
        return os.open(name, _CREATE, 0o600, dir_fd=fd)


def status_of(fd: int, name: bytes) -> os.stat_result | None:
    """Return what is at a name, or None."""
    try:
        return os.stat(name, dir_fd=fd, follow_symlinks=False)
    except FileNotFoundError:
        return None


def is_done(status: os.stat_result, size_bytes: int, mtime: float) -> bool:
    """Whether a file is the one that an earlier run finished: the time is set only after the last byte."""
    return (
        stat.S_ISREG(status.st_mode) and status.st_size == size_bytes and int(status.st_mtime) == int(mtime // 1)
    )
