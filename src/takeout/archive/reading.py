"""Read a home's entries in order, far ahead, and learn every checksum on the way."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Container, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Generic, Protocol, TypeVar

from takeout.archive.buffers import Buffers, length_for
from takeout.archive.checksum import crc32
from takeout.archive.content import Batch, Content, Frame, LargeFile
from takeout.archive.directories import Directories, opened_root
from takeout.archive.entry import Kind
from takeout.archive.inventory import Inventory
from takeout.archive.pipeline import Pipeline, Work
from takeout.archive.results import Results, State
from takeout.errors import StaleError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

PIECE_BYTES = 1 << 20
"""Large files are read in pieces of this length."""
BATCH_ENTRIES = 256
BATCH_BYTES = 1 << 20
CHECKPOINT_BYTES = 64 << 20
"""Every so far into a large file the state of its checksums is kept; a resumed reading goes on from there."""
_NO_SHA = bytes(32)
_UNHASHED = 8
"""So many pieces may wait for their checksum."""


Checkpoints = dict[int, dict[int, tuple[int, "hashlib._Hash"]]]  # noqa: SLF001 - typeshed has no other name
"""By file and by how far it was read: CRC and the state of SHA-256."""


class Shape(Protocol[T_co]):
    """What becomes of what is read; all of it is called in threads."""

    def frame(self, index: int, path: bytes) -> Frame:
        """Return what stands around an entry."""

    def whole(self, view: memoryview, contents: list[Content], crcs: list[int]) -> T_co:
        """Make what is wanted of entries that were read whole, each in its frame, and their CRCs."""

    def piece(self, index: int, offset: int, view: memoryview) -> T_co:
        """Make what is wanted of a piece of a large file; the first and the last have the frame's halves."""


class Bare:
    """Nothing is wanted but the checksums."""

    def frame(self, index: int, path: bytes) -> Frame:  # noqa: ARG002 - as all shapes have it
        """Return nothing."""
        return b"", b""

    def whole(self, view: memoryview, contents: list[Content], crcs: list[int]) -> None:
        """Make nothing."""

    def piece(self, index: int, offset: int, view: memoryview) -> None:
        """Make nothing."""


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """Some entries, or a piece of one.

    Attributes:
        first: The first entry.
        last: The entry after the last one.
        data: What the caller's function made of the content.
        offset: Where the piece begins in its file; -1 where whole entries are given.
        final: Whether it is the last piece, or whole entries; all results up to here are known then.
    """

    first: int
    last: int
    data: T
    offset: int = -1
    final: bool = True


class Reading:
    """A pass over a home's content.

    Args:
        inventory: The home.
        results: Where checksums and states are recorded.
        checkpoints: Where large files' checkpoints are kept from one pass to the next.
        whole_bytes: Files up to this length are read whole.
        unread: Files that need not be read, because another name of each is read.
    """

    def __init__(
        self,
        inventory: Inventory,
        results: Results,
        checkpoints: Checkpoints,
        whole_bytes: int,
        unread: Container[int] = (),
    ) -> None:
        self._unread = unread
        self._inventory = inventory
        self._results = results
        self._checkpoints = checkpoints
        self._whole_bytes = whole_bytes
        self._buffers = Buffers()
        self._stack = ExitStack()
        self._open: dict[int, LargeFile] = {}
        self._sums: dict[int, tuple[int, hashlib._Hash]] = {}
        self._hashing: deque[Future[None]] = deque()

    def __enter__(self) -> Reading:  # noqa: PYI034 - there is no subclass
        """Open the home and start the threads."""
        with ExitStack() as stack:
            self._directories = Directories(stack.enter_context(opened_root(self._inventory)), self._inventory)
            stack.callback(self._directories.close)
            stack.callback(self._close_files)
            self._hasher = ThreadPoolExecutor(1, thread_name_prefix="takeout-hash")
            stack.callback(self._hasher.shutdown, wait=True, cancel_futures=True)
            self._pipeline = Pipeline()
            stack.callback(self._pipeline.close)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the threads and close the files."""
        self._stack.close()

    def _close_files(self) -> None:
        for large in self._open.values():
            large.close()
        self._open.clear()

    def parts(self, first: int, last: int, shape: Shape[T], position: int = 0) -> Iterator[Part[T]]:
        """Yield the entries from ``first`` up to ``last``.

        Args:
            first: The first entry.
            last: The entry after the last.
            shape: What becomes of them.
            position: Where in the first entry's content to begin at the latest, if it is a large file; pieces
                before it are given too where the checksums need them.
        """
        for part, data in self._pipeline.results(self._works(first, last, shape, position)):
            if part.offset >= 0:
                self._advance(part, data)
            yield part

    def _works(
        self, first: int, last: int, shape: Shape[T], position: int
    ) -> Iterator[Work[tuple[Part[T], memoryview]]]:
        kinds, sizes = self._inventory.columns.kinds, self._inventory.columns.sizes
        at = first
        while at < last:
            if kinds[at] == Kind.FILE and sizes[at] > self._whole_bytes and at not in self._unread:
                yield from self._pieces(at, shape, position if at == first else 0)
                at += 1
                continue
            end, cost, files, most = at, 0, 0, self._pipeline.at_once(BATCH_ENTRIES)
            while end < last and end - at < most:
                if kinds[end] == Kind.FILE and end not in self._unread:
                    if sizes[end] > self._whole_bytes or (files and cost + sizes[end] > BATCH_BYTES):
                        break
                    files += 1
                    cost += sizes[end]
                end += 1
            yield Work(length_for(cost), files, partial(self._batch, at, end, shape))
            at = end

    def _batch(self, first: int, last: int, shape: Shape[T]) -> tuple[Part[T], memoryview]:
        batch = Batch(self._inventory, range(first, last), shape.frame, self._unread, self._buffers)
        kinds, links = self._inventory.columns.kinds, self._inventory.columns.targets
        contents, crcs = [], []
        for content in batch.read(self._directories):
            index, crc = content.index, 0
            if index not in self._unread:
                # Right after it was read: it is still in the processor's cache. The sums have nothing but files.
                data = content.data if kinds[index] == Kind.FILE else links.get(index, b"")
                crc = crc32(data, 0)
                sha = hashlib.sha256(data).digest() if kinds[index] == Kind.FILE else _NO_SHA
                if not self._results.put(index, content.state, crc, sha):
                    raise self._stale(index)
            contents.append(content)
            crcs.append(crc)
        return Part(first, last, shape.whole(batch.view, contents, crcs)), batch.view

    def _stale(self, index: int) -> StaleError:
        return StaleError(
            f"{self._inventory.path(index)!r} changed since an earlier part of the archive was sent",
            hint="begin again from the start",
        )

    def _pieces(self, index: int, shape: Shape[T], position: int) -> Iterator[Work[tuple[Part[T], memoryview]]]:
        large = self._open[index] = LargeFile(self._directories, self._inventory, index)
        start = position - position % PIECE_BYTES
        points = {0: (0, hashlib.sha256()), **self._checkpoints.get(index, {})}
        if start == 0 or not self._results.known(index):
            start = max(offset for offset in points if offset <= start)
            crc, sha = points[start]
            self._sums[index] = crc, sha.copy()
        for offset in range(start, large.size, PIECE_BYTES):
            length = min(PIECE_BYTES, large.size - offset)
            yield Work(length_for(length), 1, partial(self._piece, large, offset, length, shape))

    def _piece(self, large: LargeFile, offset: int, length: int, shape: Shape[T]) -> tuple[Part[T], memoryview]:
        index, final = large.index, offset + length == large.size
        before, after = shape.frame(index, self._inventory.path(index)) if offset == 0 or final else (b"", b"")
        before, after = before if offset == 0 else b"", after if final else b""
        view = self._buffers.take(len(before) + length + len(after))
        data = view[len(before) : len(before) + length]
        view[: len(before)], view[len(before) + length :] = before, after
        large.piece(offset, data)
        return Part(index, index + 1, shape.piece(index, offset, view), offset, final), data

    def _advance(self, part: Part[T], data: memoryview) -> None:
        """Bring a large file's checksums forward, in a thread of their own while the piece goes on its way."""
        index = part.first
        if index in self._sums:
            self._hashing.append(self._hasher.submit(self._hash_on, index, part.offset, data))
            while len(self._hashing) > (0 if part.final else _UNHASHED):
                self._hashing.popleft().result()
        if part.final:
            self._finish(index)

    def _hash_on(self, index: int, offset: int, data: memoryview) -> None:
        crc, sha = self._sums[index]
        sha.update(data)
        crc = crc32(data, crc)
        self._sums[index] = crc, sha
        end = offset + len(data)
        if end % CHECKPOINT_BYTES == 0:
            self._checkpoints.setdefault(index, {})[end] = crc, sha.copy()

    def _finish(self, index: int) -> None:
        large = self._open.pop(index)
        state = large.state()
        large.close()
        if index not in self._sums:
            if state is not State.GOOD or self._results.state(index) is not State.GOOD:
                raise self._stale(index)
            return
        crc, sha = self._sums.pop(index)
        self._checkpoints.pop(index, None)
        if not self._results.put(index, state, crc, sha.digest()):
            raise self._stale(index)
