"""Open directories and read files whose length is promised, so that nothing that happens meanwhile goes unseen.

The processes that read for this one load this module too: it imports as little as will do, and nothing of this
package.
"""

from __future__ import annotations

import errno
import os
import stat

UNREAD, GOOD, CHANGED, GREW, SHRANK, VANISHED, UNREADABLE, REPLACED, FAILED = range(9)
"""What became of a file; ``takeout.archive.contents.results.State`` has the same numbers."""
_STATES = {
    errno.ENOENT: VANISHED,
    errno.ENOTDIR: REPLACED,
    errno.ESTALE: VANISHED,
    errno.EACCES: UNREADABLE,
    errno.EPERM: UNREADABLE,
    errno.ELOOP: REPLACED,
    errno.ENXIO: REPLACED,
    errno.EISDIR: REPLACED,
    errno.EAGAIN: REPLACED,
}
_SEGMENT_BYTES = 3_000
"""Paths are opened in pieces below Linux's PATH_MAX of 4096 bytes; trees may be deeper than that."""
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: a named pipe that took a file's place must not hold anything up.
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class MovedError(OSError):
    """The directory is another one than the inventory's: somebody moved or replaced it meanwhile."""


def state_of(error: OSError) -> int:
    """Return what became of a file, by the error that opening or reading it gave."""
    return REPLACED if isinstance(error, MovedError) else _STATES.get(error.errno or 0, FAILED)


def open_directory(root_fd: int, path: bytes, device: int, inode: int) -> int:
    """Open a directory below the home and make sure that it is the one meant.

    Only the last part of a path is protected by ``O_NOFOLLOW``; a parent may have been replaced by a link. The
    inode tells: whatever way led there, only a directory that the walk found in the home is ever read.

    Raises:
        OSError: When it cannot be opened.
        MovedError: When it is another one.
    """
    fd = _open(root_fd, path)
    status = os.fstat(fd)
    if (status.st_dev, status.st_ino) == (device, inode):
        return fd
    os.close(fd)
    raise MovedError("was replaced meanwhile")


def _open(root_fd: int, path: bytes) -> int:
    above = [root_fd]
    try:
        while len(path) > _SEGMENT_BYTES:
            cut = path.rfind(b"/", 0, _SEGMENT_BYTES)
            above.append(os.open(path[:cut], _DIRECTORY, dir_fd=above[-1]))
            path = path[cut + 1 :]
        return os.open(path or b".", _DIRECTORY, dir_fd=above[-1])
    finally:
        for fd in above[1:]:
            os.close(fd)


def clear(into: memoryview) -> None:
    """Fill with zeros: the buffer may hold what another file left in it."""
    if into:
        into[:] = bytes(len(into))


def compared(status: os.stat_result, done: int, size: int, times: tuple[int, int, int]) -> int:
    """Return what a file's status after reading says of what was read.

    Args:
        status: The status.
        done: How many bytes were read.
        size: How many were promised.
        times: Times of the last change of content and entry, and inode, as the walk found them.
    """
    if not stat.S_ISREG(status.st_mode):
        return REPLACED
    if done < size:
        return SHRANK if status.st_size < size else FAILED
    if status.st_size > size:
        return GREW
    same = status.st_size == size and (status.st_mtime_ns, status.st_ctime_ns, status.st_ino) == times
    return GOOD if same else CHANGED


def read_file(directory_fd: int, name: bytes, into: memoryview, times: tuple[int, int, int]) -> int:
    """Read a file's content, filled up with zeros, and return what became of it."""
    try:
        file = os.open(name, FILE, dir_fd=directory_fd)
    except OSError as error:
        clear(into)
        return state_of(error)
    done = 0
    try:
        while done < len(into) and (more := os.readv(file, (into[done:] if done else into,))):
            done += more
        state = compared(os.fstat(file), done, len(into), times)
    except OSError as error:
        state = state_of(error)
    finally:
        os.close(file)
    clear(into[0 if state == REPLACED else done :])
    return state
