"""The directories that files are read in, each opened once and shared by all threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock

from takeout.archive.contents.results import State
from takeout.archive.home.files import open_directory, state_of
from takeout.archive.home.inventory import Inventory
from takeout.errors import DirectoryError, DiskError, Where

KEPT_OPEN = 64
"""So many directories stay open for the next file in them; systems allow 256 open files and more."""


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


class Directory:
    """An open directory.

    Attributes:
        fd: Its descriptor, where it could be opened.
        state: What becomes of the files in it where it could not.
        users: How many threads are in it.
    """

    def __init__(self) -> None:
        self.fd = -1
        self.state = State.UNREAD
        self.users = 0
        self.lock = Lock()


class Directories:
    """The directories of a home, by index.

    Args:
        root_fd: The home, open.
        inventory: The home.
    """

    def __init__(self, root_fd: int, inventory: Inventory) -> None:
        self._root_fd = root_fd
        self._inventory = inventory
        self._open: dict[int, Directory] = {}
        self._lock = Lock()

    @contextmanager
    def visit(self) -> Iterator[Callable[[int], Directory]]:
        """Give a function that enters a directory and leaves the one before; the last is left at the end."""
        here: tuple[int, Directory] | None = None
        with ExitStack() as stack:

            def enter(index: int) -> Directory:
                nonlocal here
                if here is None or here[0] != index:
                    stack.close()
                    here = index, self._come(index)
                    stack.callback(self._leave, index)
                return here[1]

            yield enter

    def _come(self, index: int) -> Directory:
        with self._lock:
            # Put in anew, it is the last in order: the first are those that nobody needed for long.
            directory = self._open.pop(index, None) or Directory()
            self._open[index] = directory
            directory.users += 1
        with directory.lock:
            if directory.state is State.UNREAD:
                self._enter(directory, index)
        return directory

    def _enter(self, directory: Directory, index: int) -> None:
        try:
            directory.fd = open_directory(self._root_fd, *self._inventory.place(index))
        except OSError as error:
            directory.state = State(state_of(error))
        else:
            directory.state = State.GOOD

    def _leave(self, index: int) -> None:
        with self._lock:
            self._open[index].users -= 1
            spare = len(self._open) - KEPT_OPEN
            unused = [each for each, directory in self._open.items() if not directory.users] if spare > 0 else []
            gone = [self._open.pop(each) for each in unused[:spare]]
        for directory in gone:
            if directory.fd >= 0:
                os.close(directory.fd)

    def close(self) -> None:
        """Close all of them."""
        with self._lock:
            for directory in self._open.values():
                if directory.fd >= 0:
                    os.close(directory.fd)
            self._open.clear()
