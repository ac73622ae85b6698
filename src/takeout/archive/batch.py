"""Entries that are read together, into one buffer where each has its frame around it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from takeout.archive.checksum import crc32
from takeout.archive.directories import Directories
from takeout.archive.entry import Kind
from takeout.archive.inventory import Columns, Inventory
from takeout.archive.results import State
from takeout.archive.worker import Place, Sum, Wanted, clear, read_file

Frame = tuple[bytes, bytes]
"""What comes before and after a file's content; an entry of another kind is all in the first."""
NO_SHA = bytes(32)
_NOTHING = memoryview(b"")


@dataclass(slots=True)
class Content:
    """Where an entry is in a batch, and what it is.

    Attributes:
        index: The entry.
        path: Path below the home.
        at: Where its frame begins in the batch.
        data: A file's content, as long as promised; empty for everything else.
        state: What became of it; directories and links are always good.
        crc: CRC-32 of a file's content or of a link's target.
        sha: SHA-256 of a file's content; zeros for everything else.
    """

    index: int
    path: bytes
    at: int
    data: memoryview = _NOTHING
    state: int = State.GOOD
    crc: int = 0
    sha: bytes = NO_SHA


class Batch:
    """Some entries.

    Args:
        inventory: The home.
        span: Their indexes; the files among them are small enough to be read whole.
        frame: Gives an entry's frame.
        unread: Files that are not read, because another name of each is.

    Attributes:
        contents: The entries, in order; what is known of files' contents comes with ``put``.
        size: Length of all of it in bytes.
        span: The entries' indexes.
        view: The buffer that it lies in.
    """

    def __init__(
        self,
        inventory: Inventory,
        span: range,
        frame: Callable[[int, bytes], Frame],
        unread: Container[int],
    ) -> None:
        self._inventory = inventory
        self._frames: list[tuple[int, bytes]] = []
        self._files: list[tuple[Content, int, int]] = []
        self.contents: list[Content] = []
        self.span = span
        self.view = _NOTHING
        self.size = self._place(span, frame, unread)

    @property
    def files(self) -> int:
        """How many files are to be read."""
        return len(self._files)

    def _place(self, span: range, frame: Callable[[int, bytes], Frame], unread: Container[int]) -> int:
        """Find out where everything goes; return how long it is together."""
        columns, at = self._inventory.columns, 0
        kinds, sizes, targets = columns.kinds, columns.sizes, columns.targets
        for index, path in enumerate(islice(self._inventory.paths(span.start), len(span)), span.start):
            before, after = frame(index, path)
            content = Content(index, path, at)
            self.contents.append(content)
            self._frames.append((at, before))
            at += len(before)
            if kinds[index] != Kind.FILE:
                content.crc = crc32(targets.get(index, b""), 0)
            elif index not in unread:
                self._files.append((content, at, at + sizes[index]))
                at += sizes[index]
            if after:
                self._frames.append((at, after))
                at += len(after)
        return at

    def lie_in(self, view: memoryview) -> None:
        """Take a buffer, and write into it what stands around contents."""
        self.view = view
        for at, data in self._frames:
            view[at : at + len(data)] = data

    def wanted(self) -> tuple[list[Place], list[Wanted]]:
        """Return what is to be read: directories, and the files in them."""
        columns = self._inventory.columns
        numbers: dict[int, int] = {}
        files = [
            (
                numbers.setdefault(columns.parents[content.index], len(numbers)),
                columns.name(content.index),
                start,
                stop,
                _times(columns, content.index),
            )
            for content, start, stop in self._files
        ]
        return [self._inventory.place(index) for index in numbers], files

    def put(self, sums: Iterable[Sum]) -> None:
        """Take in what was read, in the order of ``wanted``."""
        for (content, start, stop), each in zip(self._files, sums, strict=True):
            content.data = self.view[start:stop]
            content.state, content.crc, content.sha = each

    def read(self, directories: Directories) -> Iterator[Sum]:
        """Read the files in this process."""
        columns = self._inventory.columns
        with directories.visit() as visit:
            for content, start, stop in self._files:
                into, directory = self.view[start:stop], visit(columns.parents[content.index])
                state: int = directory.state
                if state == State.GOOD:
                    times = _times(columns, content.index)
                    state = read_file(directory.fd, columns.name(content.index), into, times)
                else:
                    clear(into)
                # Right after it was read: it is still in the processor's cache.
                yield state, crc32(into, 0), hashlib.sha256(into).digest()


def _times(columns: Columns, index: int) -> tuple[int, int, int]:
    return columns.mtimes[index], columns.ctimes[index], columns.inodes[index]
