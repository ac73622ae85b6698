"""Read a home's entries in order, far ahead, and learn every checksum on the way."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Container, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from takeout.archive.checksum import crc32
from takeout.archive.content import Content, LargeFile, opened_root, read_batch
from takeout.archive.entry import Kind
from takeout.archive.inventory import Inventory
from takeout.archive.pipeline import Pipeline, Work
from takeout.archive.results import Results, State
from takeout.errors import StaleError

T = TypeVar("T")

PIECE_BYTES = 1 << 20
"""Large files are read in pieces of this length."""
BATCH_ENTRIES = 256
_FIRST_ENTRIES = 8
"""The first batch is small, so that the first byte comes soon; each is twice the one before."""
BATCH_BYTES = 1 << 20
CHECKPOINT_BYTES = 64 << 20
"""Every so far into a large file the state of its checksums is kept; a resumed reading goes on from there."""
_UNHASHED = 8
"""So many pieces may wait for their checksum."""


Checkpoints = dict[int, dict[int, tuple[int, "hashlib._Hash"]]]  # noqa: SLF001 - typeshed has no other name
"""By file and by how far it was read: CRC and the state of SHA-256."""


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
        self._stack = ExitStack()
        self._open: dict[int, LargeFile] = {}
        self._sums: dict[int, tuple[int, hashlib._Hash]] = {}
        self._hashing: deque[Future[None]] = deque()

    def __enter__(self) -> Reading:  # noqa: PYI034 - there is no subclass
        """Open the home and start the threads."""
        with ExitStack() as stack:
            self._root_fd = stack.enter_context(opened_root(self._inventory))
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

    def parts(
        self,
        first: int,
        last: int,
        *,
        whole: Callable[[list[Content], list[int]], T],
        piece: Callable[[int, int, bytes], T],
        position: int = 0,
    ) -> Iterator[Part[T]]:
        """Yield the entries from ``first`` up to ``last``.

        Args:
            first: The first entry.
            last: The entry after the last.
            whole: Makes what is wanted of entries read whole and their CRCs; called in a thread.
            piece: The same for a piece of a large file, given with the file and where in it the piece begins.
            position: Where in the first entry's content to begin at the latest, if it is a large file; pieces
                before it are given too where the checksums need them.
        """
        for part, raw in self._pipeline.results(self._works(first, last, whole, piece, position)):
            if part.offset >= 0:
                self._advance(part, raw)
            yield part

    def _works(
        self,
        first: int,
        last: int,
        whole: Callable[[list[Content], list[int]], T],
        piece: Callable[[int, int, bytes], T],
        position: int,
    ) -> Iterator[Work[tuple[Part[T], bytes]]]:
        kinds, sizes = self._inventory.columns.kinds, self._inventory.columns.sizes
        at, most = first, _FIRST_ENTRIES
        while at < last:
            if kinds[at] == Kind.FILE and sizes[at] > self._whole_bytes and at not in self._unread:
                yield from self._pieces(at, piece, position if at == first else 0)
                at += 1
                continue
            end, cost, files = at, 0, 0
            while end < last and end - at < most and cost < BATCH_BYTES:
                if kinds[end] == Kind.FILE and end not in self._unread:
                    if sizes[end] > self._whole_bytes or (end > at and cost + sizes[end] > self._whole_bytes):
                        break
                    files += 1
                    cost += sizes[end]
                end += 1
            yield Work(cost, files, partial(self._batch, at, end, whole))
            at, most = end, min(2 * most, _FIRST_ENTRIES if self._pipeline.slow else BATCH_ENTRIES)

    def _batch(
        self, first: int, last: int, whole: Callable[[list[Content], list[int]], T]
    ) -> tuple[Part[T], bytes]:
        contents = read_batch(self._root_fd, self._inventory, first, last, self._unread)
        crcs = []
        for content in contents:
            if content.index in self._unread:
                crcs.append(0)
                continue
            crc = crc32(content.data, 0)
            crcs.append(crc)
            if not self._results.put(content.index, content.state, crc, hashlib.sha256(content.data).digest()):
                raise self._stale(content.index)
        return Part(first, last, whole(contents, crcs)), b""

    def _stale(self, index: int) -> StaleError:
        return StaleError(
            f"{self._inventory.path(index)!r} changed since an earlier part of the archive was sent",
            hint="begin again from the start",
        )

    def _pieces(
        self, index: int, piece: Callable[[int, int, bytes], T], position: int
    ) -> Iterator[Work[tuple[Part[T], bytes]]]:
        large = self._open[index] = LargeFile(self._root_fd, self._inventory, index)
        start = position - position % PIECE_BYTES
        points = {0: (0, hashlib.sha256()), **self._checkpoints.get(index, {})}
        if start == 0 or not self._results.known(index):
            start = max(offset for offset in points if offset <= start)
            crc, sha = points[start]
            self._sums[index] = crc, sha.copy()
        for offset in range(start, large.size, PIECE_BYTES):
            length = min(PIECE_BYTES, large.size - offset)
            yield Work(length, 1, partial(self._piece, large, offset, length, piece))

    @staticmethod
    def _piece(
        large: LargeFile, offset: int, length: int, piece: Callable[[int, int, bytes], T]
    ) -> tuple[Part[T], bytes]:
        data = large.piece(offset, length)
        final = offset + length == large.size
        return Part(large.index, large.index + 1, piece(large.index, offset, data), offset, final), data

    def _advance(self, part: Part[T], data: bytes) -> None:
        """Bring a large file's checksums forward, in a thread of their own while the piece goes on its way."""
        index = part.first
        if index in self._sums:
            self._hashing.append(self._hasher.submit(self._hash_on, index, part.offset, data))
            while len(self._hashing) > (0 if part.final else _UNHASHED):
                self._hashing.popleft().result()
        if part.final:
            self._finish(index)

    def _hash_on(self, index: int, offset: int, data: bytes) -> None:
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
