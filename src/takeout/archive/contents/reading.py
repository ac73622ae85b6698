"""Read a home's entries in order, far ahead, and learn every checksum on the way."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from functools import partial
from itertools import count
from typing import TypeVar

from takeout.archive.contents.batch import Batch, Order, Place, Sums
from takeout.archive.contents.buffers import Buffers, length_for
from takeout.archive.contents.checksum import crc32
from takeout.archive.contents.content import LargeFile
from takeout.archive.contents.directories import Directories, opened_root
from takeout.archive.contents.disk import Disk
from takeout.archive.contents.large import Checkpoints, LargeFiles, stale
from takeout.archive.contents.order import order_of
from takeout.archive.contents.pipeline import BUDGET_BYTES, Pipeline, Refused, Work
from takeout.archive.contents.processors import processors
from takeout.archive.contents.program import Answer
from takeout.archive.contents.readers import MOST, Readers, under_way, worth_while
from takeout.archive.contents.results import Results
from takeout.archive.contents.shape import Part, Shape
from takeout.archive.contents.shared import BUFFER_BYTES
from takeout.archive.home.entry import Kind
from takeout.archive.home.inventory import Inventory

T = TypeVar("T")

BATCH_ENTRIES = 512
BATCH_BYTES = 2 << 20
_SAMPLE = 16
"""Every so many-th batch of a distant disk is read by a process."""


class Reading:
    """A pass over a home's content.

    Args:
        inventory: The home.
        results: Where checksums and states are recorded.
        checkpoints: Where large files' checkpoints are kept from one pass to the next.
        whole_bytes: Files up to this length are read whole.
        unread: Files that need not be read, because another name of each is read.
        scale: How much is read at once, as a multiple of what is usual.
    """

    def __init__(
        self,
        inventory: Inventory,
        results: Results,
        checkpoints: Checkpoints,
        whole_bytes: int,
        unread: Container[int] = (),
        *,
        scale: int = 1,
    ) -> None:
        self._unread = unread
        self._scale = scale
        self._inventory = inventory
        self._results = results
        self._checkpoints = checkpoints
        self._whole_bytes = whole_bytes
        self._buffers = Buffers()
        self._disk = Disk()
        self._stack = ExitStack()
        self._readers: Readers | None = None
        self._turn = count()

    def __enter__(self) -> Reading:  # noqa: PYI034 - there is no subclass
        """Open the home and start the threads."""
        with ExitStack() as stack:
            self._root_fd = stack.enter_context(opened_root(self._inventory))
            self._directories = Directories(self._root_fd, self._inventory)
            stack.callback(self._directories.close)
            self._large = LargeFiles(
                self._inventory, self._results, self._checkpoints, self._directories, self._scale
            )
            stack.callback(self._large.close)
            stack.callback(self._close_readers)
            batches = under_way(min(processors(), MOST)) * length_for(self._scale * BATCH_BYTES)
            self._pipeline = Pipeline(self._disk, budget_bytes=max(BUDGET_BYTES, batches))
            stack.callback(self._pipeline.close)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop threads and processes, and close the files."""
        self._stack.close()

    def _close_readers(self) -> None:
        if self._readers is not None:
            self._readers.close()

    def parts(self, first: int, last: int, shape: Shape[T], position: int = 0) -> Iterator[Part[T]]:
        """Yield the entries from ``first`` up to ``last``.

        Args:
            first: The first entry.
            last: The entry after the last.
            shape: What becomes of them.
            position: Where in the first entry's content to begin at the latest, if it is a large file; pieces
                before it are given too where the checksums need them.
        """
        if self._readers is None and worth_while(last - first):
            self._readers = Readers(self._root_fd)
            self._pipeline.near = max(self._pipeline.near, under_way(len(self._readers)))
        for part, data in self._pipeline.results(self._works(first, last, shape, position)):
            if part.offset >= 0:
                self._large.advance(part.first, part.offset, data, final=part.final)
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
            end, cost, files, most = at, 0, 0, self._disk.at_once(BATCH_ENTRIES)
            while end < last and end - at < most:
                if kinds[end] == Kind.FILE and end not in self._unread:
                    if sizes[end] > self._whole_bytes or (files and cost + sizes[end] > BATCH_BYTES * self._scale):
                        break
                    files += 1
                    cost += sizes[end]
                end += 1
            span = range(at, end)
            run, begin = partial(self._batch, span, shape), partial(self._begin, span, cost, shape)
            yield Work(length_for(cost), run, begin)
            at = end

    def _begin(
        self, span: range, cost: int, shape: Shape[T]
    ) -> Callable[[], tuple[Part[T], memoryview]] | Refused:
        """Let a process read a batch, and return what waits for it."""
        readers = self._readers_now() if shape.quick and cost <= BUFFER_BYTES else None
        if not readers:
            return Refused.EVER
        shared = None if readers.busy else readers.take()
        if shared is None:
            return Refused.LATER
        number, buffer = shared
        order = order_of(self._inventory, span, shape, self._unread)
        answer = partial(readers.answer, readers.begin(number, order, shape.packing))
        return lambda: self._taken(answer(), span, buffer, shape) or self._batch_here(order, span, shape)

    def _batch(self, span: range, shape: Shape[T]) -> tuple[Part[T], memoryview]:
        """Read a batch in this thread, or let a process do it meanwhile."""
        order = order_of(self._inventory, span, shape, self._unread)
        readers = None if shape.quick else self._readers_now()
        shared = readers and readers.take()
        if not readers or not shared:
            return self._batch_here(order, span, shape)
        number, buffer = shared
        return self._taken(readers.read(number, order), span, buffer, shape) or self._batch_here(
            order, span, shape
        )

    def _taken(
        self, answer: Answer | None, span: range, buffer: memoryview, shape: Shape[T]
    ) -> tuple[Part[T], memoryview] | None:
        """Take in what a process says of a batch; None where it says nothing, or its buffer was too small."""
        sums, waited_seconds, files, size, packed = answer or (None, 0.0, 0, 0, 0)
        if sums is None:
            return None
        self._disk.learn(waited_seconds, files, size)
        self._put(span, sums)
        view = buffer[:size]
        data = shape.whole(view, span) if packed < 0 else shape.packed(buffer[:packed])
        return Part(span.start, span.stop, data), view

    def _batch_here(self, order: Order, span: range, shape: Shape[T]) -> tuple[Part[T], memoryview]:
        """Read a batch in this thread."""
        batch = Batch(order)
        view = self._buffers.take(batch.size)
        with self._measured(batch.files, batch.size), self._directories.visit() as visit:

            def enter(number: int, place: Place) -> tuple[int, int]:
                del place
                directory = visit(number)
                return directory.fd, directory.state

            self._put(span, batch.fill(view, enter, crc32))
        return Part(span.start, span.stop, shape.whole(view, span)), view

    def _put(self, span: range, sums: Sums) -> None:
        other = self._results.put_all(span.start, sums)
        if other >= 0:
            raise stale(self._inventory, other)

    def _readers_now(self) -> Readers | None:
        """Return the processes, if one of them is to read the next batch.

        From a distant disk more is read at once than there could be processes. One of them still reads a little of
        it, if it need not wait: threads that wait for one another cannot tell whether it was the disk.
        """
        readers = self._readers
        if not readers or (self._disk.distant and (not readers.idle or next(self._turn) % _SAMPLE)):
            return None
        return readers

    def _measured(self, files: int, size: int) -> AbstractContextManager[None]:
        """Measure reading done here, where there is no process whose measure is better."""
        return nullcontext() if self._readers else self._disk.measured(files, size)

    def _pieces(self, index: int, shape: Shape[T], position: int) -> Iterator[Work[tuple[Part[T], memoryview]]]:
        large, offsets = self._large.begin(index, position)
        for offset in offsets:
            length = min(offsets.step, large.size - offset)
            # Zstandard is given as much room again for its frame.
            cost = length_for(length) * (1 if shape.packing is None else 2)
            yield Work(cost, partial(self._piece, large, offset, length, shape))

    def _piece(self, large: LargeFile, offset: int, length: int, shape: Shape[T]) -> tuple[Part[T], memoryview]:
        index, final = large.index, offset + length == large.size
        before, after = shape.frame(index) if offset == 0 or final else (b"", b"")
        before, after = before if offset == 0 else b"", after if final else b""
        view = self._buffers.take(len(before) + length + len(after))
        data = view[len(before) : len(before) + length]
        view[: len(before)], view[len(before) + length :] = before, after
        with self._measured(1, length):
            large.piece(offset, data)
        return Part(index, index + 1, shape.piece(index, offset, view), offset, final), data
