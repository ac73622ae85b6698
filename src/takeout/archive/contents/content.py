"""Read large files whose length is promised already: whatever happens to them, so many bytes come out."""

from __future__ import annotations

import os
import stat
from threading import Lock

from takeout.archive.contents.directories import Directories
from takeout.archive.contents.results import State
from takeout.archive.home.files import FILE, clear, compared, state_of
from takeout.archive.home.inventory import Inventory

Chunk = bytes | memoryview
"""A piece of an archive. What it views is used for other pieces when nobody looks at it any more."""


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
                    self._fd = os.open(columns.name(self.index), FILE, dir_fd=directory.fd)
                if not stat.S_ISREG(os.fstat(self._fd).st_mode):
                    self._error = State.REPLACED
            except OSError as error:
                self._error = State(state_of(error))

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
            self._error = State(state_of(error))
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
            return State(state_of(error))
        columns, index = self._inventory.columns, self.index
        times = columns.mtimes[index], columns.ctimes[index], columns.inodes[index]
        return State(compared(status, self.size - self._short, self.size, times))

    def close(self) -> None:
        """Close the file; twice does no harm."""
        with self._lock:
            self._opened = True
            fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)
