"""Read files whose length is promised already: whatever happens to them, so many bytes come out."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from itertools import islice
from threading import Lock

from takeout.archive.buffers import Buffers
from takeout.archive.directories import Directories, Directory, state_of
from takeout.archive.entry import Kind
from takeout.archive.inventory import Inventory
from takeout.archive.results import State

# O_NONBLOCK: a named pipe that took a file's place must not hold anything up.
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
Chunk = bytes | memoryview
"""A piece of an archive. What it views is used for other pieces when nobody looks at it any more."""
Frame = tuple[bytes, bytes]
"""What comes before and after a file's content; an entry of another kind is all in the first."""


@dataclass(frozen=True, slots=True)
class Content:
    """Where an entry is in a batch.

    Attributes:
        index: The entry.
        path: Path below the home.
        at: Where its frame begins in the batch.
        data: A file's content, as long as promised; empty for everything else.
        state: What became of it; directories and links are always good.
    """

    index: int
    path: bytes
    at: int
    data: memoryview
    state: State


def clear(into: memoryview) -> None:
    """Fill with zeros: the buffer may hold what another file left in it."""
    if into:
        into[:] = bytes(len(into))


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


class Batch:
    """Entries that are read together, into one buffer where each has its frame around it.

    Args:
        inventory: The home.
        span: Their indexes; the files among them are small enough to be read whole.
        frame: Gives an entry's frame.
        unread: Files that are not read, because another name of each is.
        buffers: Where memory comes from.

    Attributes:
        view: The buffer, as long as all of it.
    """

    def __init__(
        self,
        inventory: Inventory,
        span: range,
        frame: Callable[[int, bytes], Frame],
        unread: Container[int],
        buffers: Buffers,
    ) -> None:
        self._inventory = inventory
        first, last = span.start, span.stop
        kinds, sizes = inventory.columns.kinds, inventory.columns.sizes
        self._entries: list[tuple[int, bytes, Frame, int]] = []
        length = 0
        for index, path in enumerate(islice(inventory.paths(first), last - first), first):
            size = sizes[index] if kinds[index] == Kind.FILE and index not in unread else -1
            around = frame(index, path)
            self._entries.append((index, path, around, size))
            length += len(around[0]) + max(size, 0) + len(around[1])
        self.view = buffers.take(length)

    def read(self, directories: Directories) -> Iterator[Content]:
        """Read the files; yield each entry when it is in its place."""
        at, view, parents = 0, self.view, self._inventory.columns.parents
        with directories.visit() as visit:
            for index, path, (before, after), size in self._entries:
                start = at + len(before)
                end = start + max(size, 0)
                view[at:start] = before
                data = view[start:end]
                state = State.GOOD if size < 0 else _read(visit(parents[index]), self._inventory, index, data)
                if after:
                    view[end : end + len(after)] = after
                yield Content(index, path, at, data, state)
                at = end + len(after)


def _read(directory: Directory, inventory: Inventory, index: int, into: memoryview) -> State:
    """Read a file's content, filled up with zeros, and return its state."""
    if directory.state is not State.GOOD:
        clear(into)
        return directory.state
    try:
        file = os.open(inventory.columns.name(index), _FLAGS, dir_fd=directory.fd)
    except OSError as error:
        clear(into)
        return state_of(error)
    done = 0
    try:
        while done < len(into) and (more := os.readv(file, (into[done:] if done else into,))):
            done += more
        state = _compare(inventory, index, os.fstat(file), done)
    except OSError as error:
        state = state_of(error)
    finally:
        os.close(file)
    clear(into[0 if state is State.REPLACED else done :])
    return state


class LargeFile:
    """A file read in pieces, by several threads.

    Args:
        directories: The home's directories.
        inventory: The home.
        index: The file.
    """

    def __init__(self, directories: Directories, inventory: Inventory, index: int) -> None:
        self._directories = directories
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
                with self._directories.visit() as visit:
                    directory = visit(columns.parents[self.index])
                    self._error = directory.state
                    if self._error is not State.GOOD:
                        return
                    self._fd = os.open(columns.name(self.index), _FLAGS, dir_fd=directory.fd)
                if not stat.S_ISREG(os.fstat(self._fd).st_mode):
                    self._error = State.REPLACED
            except OSError as error:
                self._error = state_of(error)

    def piece(self, offset: int, into: memoryview) -> None:
        """Read a piece that begins at ``offset``; zeros come where there is nothing to be had."""
        self._open()
        if self._error in (State.REPLACED, State.VANISHED, State.UNREADABLE) or self._fd < 0:
            clear(into)
            return
        done = 0
        try:
            while done < len(into) and (more := os.preadv(self._fd, (into[done:],), offset + done)):
                done += more
        except OSError as error:
            self._error = state_of(error)
        if done < len(into):
            self._short = True
            clear(into[done:])

    def state(self) -> State:
        """Return what became of the file, after its last piece was read."""
        self._open()
        if self._error is not State.GOOD:
            return self._error
        try:
            status = os.fstat(self._fd)
        except OSError as error:
            return state_of(error)
        return _compare(self._inventory, self.index, status, self.size - self._short)

    def close(self) -> None:
        """Close the file; twice does no harm."""
        with self._lock:
            self._opened = True
            fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)
