"""Read files whose length is promised already: whatever happens to them, so many bytes come out."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from threading import Lock

from takeout.archive.entry import Kind
from takeout.archive.inventory import Inventory
from takeout.archive.listing import MovedError, Place, opened
from takeout.archive.results import State
from takeout.errors import DirectoryError, DiskError, Where

# O_NONBLOCK: a named pipe that took a file's place must not hold anything up.
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_STATES = {
    errno.ENOENT: State.VANISHED,
    errno.ENOTDIR: State.REPLACED,
    errno.ESTALE: State.VANISHED,
    errno.EACCES: State.UNREADABLE,
    errno.EPERM: State.UNREADABLE,
    errno.ELOOP: State.REPLACED,
    errno.ENXIO: State.REPLACED,
    errno.EISDIR: State.REPLACED,
    errno.EAGAIN: State.REPLACED,
}


@dataclass(frozen=True, slots=True)
class Content:
    """What an entry contributes.

    Attributes:
        index: The entry.
        path: Path below the home.
        data: A file's content or a link's target, as long as promised; empty for a directory.
        state: What became of it; directories and links are always good.
    """

    index: int
    path: bytes
    data: bytes
    state: State


@contextmanager
def opened_root(inventory: Inventory) -> Iterator[int]:
    """Open the home again.

    Raises:
        DirectoryError: When another directory is in its place.
        DiskError: When it cannot be opened.
    """
    where = Where(os.fsdecode(inventory.root))
    try:
        fd = os.open(inventory.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise DiskError(f"the home cannot be read any more: {error.strerror}", where=where) from error
    try:
        status, columns = os.fstat(fd), inventory.columns
        if (status.st_dev, status.st_ino) != (columns.owner_table[columns.owners[0]][0], columns.inodes[0]):
            raise DirectoryError("another directory has taken the home's place", where=where, hint="begin again")
        yield fd
    finally:
        os.close(fd)


def _state_of(error: OSError) -> State:
    if isinstance(error, MovedError):
        return State.REPLACED
    return _STATES.get(error.errno or 0, State.FAILED)


def _place(inventory: Inventory, index: int) -> Place:
    columns = inventory.columns
    return Place(inventory.path(index), columns.owner_table[columns.owners[index]][0], columns.inodes[index])


def _compare(inventory: Inventory, index: int, status: os.stat_result, read_bytes: int) -> State:
    """Return what a file's status after reading says of what was read."""
    columns = inventory.columns
    size = columns.sizes[index]
    if not stat.S_ISREG(status.st_mode):
        return State.REPLACED
    if read_bytes < size:
        return State.SHRANK if status.st_size < size else State.FAILED
    if status.st_size > size:
        return State.GREW
    same = (
        status.st_size == size
        and status.st_mtime_ns == columns.mtimes[index]
        and status.st_ctime_ns == columns.ctimes[index]
        and status.st_ino == columns.inodes[index]
    )
    return State.GOOD if same else State.CHANGED


def read_batch(
    root_fd: int, inventory: Inventory, first: int, last: int, unread: Container[int] = ()
) -> list[Content]:
    """Read the entries from ``first`` up to ``last``, small enough to be read whole, but for those ``unread``."""
    columns = inventory.columns
    contents: list[Content] = []
    with _Directories(root_fd, inventory) as directories:
        for index, path in enumerate(islice(inventory.paths(first), last - first), first):
            kind = columns.kinds[index]
            if kind == Kind.FILE and index not in unread:
                data, state = directories.read(index)
            else:
                data, state = columns.targets.get(index, b""), State.GOOD
            contents.append(Content(index, path, data, state))
    return contents


class _Directories:
    """Keeps the directory open that the last file was in; the next one is mostly there too."""

    def __init__(self, root_fd: int, inventory: Inventory) -> None:
        self._root_fd = root_fd
        self._inventory = inventory
        self._parent = -1
        self._fd = -1
        self._error = State.GOOD

    def __enter__(self) -> _Directories:  # noqa: PYI034 - there is no subclass
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def _close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1

    def _enter(self, parent: int) -> None:
        self._close()
        self._parent, self._error = parent, State.GOOD
        try:
            with opened(self._root_fd, _place(self._inventory, parent)) as fd:
                self._fd = os.dup(fd)
        except OSError as error:
            self._error = _state_of(error)

    def read(self, index: int) -> tuple[bytes, State]:
        """Return a file's content, filled up with zeros, and its state."""
        columns = self._inventory.columns
        size = columns.sizes[index]
        if columns.parents[index] != self._parent:
            self._enter(columns.parents[index])
        if self._error is not State.GOOD:
            return bytes(size), self._error
        try:
            file = os.open(columns.name(index), _FLAGS, dir_fd=self._fd)
        except OSError as error:
            return bytes(size), _state_of(error)
        try:
            return self._read(file, index, size)
        finally:
            os.close(file)

    def _read(self, file: int, index: int, size: int) -> tuple[bytes, State]:
        data = b""
        try:
            data = os.read(file, size) if size else b""
            while data and len(data) < size:
                more = os.read(file, size - len(data))
                if not more:
                    break
                data += more
            state = _compare(self._inventory, index, os.fstat(file), len(data))
        except OSError as error:
            state = _state_of(error)
        if state is State.REPLACED:
            data = b""
        return (data if len(data) == size else data.ljust(size, b"\0")), state


class LargeFile:
    """A file read in pieces, by several threads.

    Args:
        root_fd: The home, open.
        inventory: The home.
        index: The file.
    """

    def __init__(self, root_fd: int, inventory: Inventory, index: int) -> None:
        self._root_fd = root_fd
        self._inventory = inventory
        self.index = index
        self.size = inventory.columns.sizes[index]
        self._lock = Lock()
        self._fd = -1
        self._opened = False
        self._error = State.GOOD
        self._short = False

    def _open(self) -> None:
        with self._lock:
            if self._opened:
                return
            self._opened = True
            columns = self._inventory.columns
            try:
                with opened(self._root_fd, _place(self._inventory, columns.parents[self.index])) as fd:
                    self._fd = os.open(columns.name(self.index), _FLAGS, dir_fd=fd)
                if not stat.S_ISREG(os.fstat(self._fd).st_mode):
                    self._error = State.REPLACED
            except OSError as error:
                self._error = _state_of(error)

    def piece(self, offset: int, length: int) -> bytes:
        """Return ``length`` bytes from ``offset`` on; zeros where there are none to be had."""
        self._open()
        if self._error in (State.REPLACED, State.VANISHED, State.UNREADABLE) or self._fd < 0:
            return bytes(length)
        data = b""
        try:
            data = os.pread(self._fd, length, offset)
            while data and len(data) < length:
                more = os.pread(self._fd, length - len(data), offset + len(data))
                if not more:
                    break
                data += more
        except OSError as error:
            self._error = _state_of(error)
        if len(data) < length:
            self._short = True
            data = data.ljust(length, b"\0")
        return data

    def state(self) -> State:
        """Return what became of the file, after its last piece was read."""
        self._open()
        if self._error is not State.GOOD:
            return self._error
        try:
            status = os.fstat(self._fd)
        except OSError as error:
            return _state_of(error)
        return _compare(self._inventory, self.index, status, self.size - self._short)

    def close(self) -> None:
        """Close the file; twice does no harm."""
        with self._lock:
            self._opened = True
            fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)
