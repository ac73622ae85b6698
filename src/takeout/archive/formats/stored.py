"""A home as a stored zip, of which any range of bytes can be had without making the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from functools import partial

from takeout.archive.contents.checksum import crc32
from takeout.archive.contents.content import Chunk
from takeout.archive.contents.large import Checkpoints
from takeout.archive.contents.reading import Reading
from takeout.archive.contents.remembered import Remembered, key_of
from takeout.archive.contents.results import Results, State
from takeout.archive.contents.shape import Bare, Frame, Plain
from takeout.archive.formats.ending import Ending
from takeout.archive.formats.layout import WHOLE_BYTES, Layout
from takeout.archive.home.entry import Kind
from takeout.archive.home.inventory import Inventory
from takeout.archive.records import zipend, zipformat

_SETTLED_NS = 2_000_000_000


class _Shape(Plain):
    """The records around each entry."""

    form = "zip"
    quick = True

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.prefix = layout.prefix

    def unusual(self, span: range) -> Iterable[int]:
        kinds = self._layout.inventory.columns.kinds
        return (index for index in span if kinds[index] != Kind.FILE)

    def frame(self, index: int) -> Frame:
        inventory = self._layout.inventory
        member, size = self._layout.member(index, inventory.path(index)), inventory.columns.sizes[index]
        target = inventory.columns.targets.get(index, b"")
        return zipformat.local_header(member, crc32(target, 0) if target else 0, size, size) + target, b""

    @staticmethod
    def whole(view: memoryview, span: range) -> memoryview:
        del span
        return view

    @staticmethod
    def piece(index: int, offset: int, view: memoryview) -> memoryview:
        del index, offset
        return view


class StoredZip:
    """A stored zip of a home.

    The same inventory gives the same length and the same place for every byte. What a file holds is fixed when it
    is first read; a range that would need other bytes than an earlier one got fails with ``StaleError``.

    Args:
        inventory: The home.
        remembered: Checksums of earlier runs. A file that no range has asked for yet is not read for its checksum
            where they have it.

    Attributes:
        results: Checksums and states of what was read so far.
    """

    media_type = "application/zip"
    suffix = ".zip"

    def __init__(self, inventory: Inventory, remembered: Remembered | None = None) -> None:
        self.inventory = inventory
        self._remembered = remembered
        self._youngest_ns = max(inventory.columns.ctimes, default=0) - _SETTLED_NS
        self.layout = Layout(inventory)
        self.results = Results(len(inventory))
        self._checkpoints: Checkpoints = {}
        self._ending = Ending(self.layout, self.results)

    @property
    def length(self) -> int:
        """The archive's length in bytes."""
        return self.layout.length

    @property
    def tag(self) -> str:
        """What tells this archive from that of a changed home."""
        return (
            f"{self.inventory.digest()}-{hashlib.blake2b(self.layout.prefix, digest_size=4).hexdigest()}-stored1"
        )

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[Chunk]:
        """Yield the bytes from ``start`` up to ``stop``, in pieces of up to about a mebibyte.

        Closing the iterator stops all work.

        Args:
            start: The first byte.
            stop: The byte after the last; the end where None.

        Raises:
            ValueError: When the range is not within the archive.
            StaleError: When the home changed since an earlier part was read.
            DiskError: When the home cannot be read any more.
        """
        end = self.length if stop is None else stop
        if not 0 <= start <= end <= self.length:
            raise ValueError(f"no such range: {start} to {end} of {self.length}")
        return self._cut(start, end)

    def _cut(self, start: int, stop: int) -> Iterator[Chunk]:
        if start == stop:
            return
        with Reading(self.inventory, self.results, self._checkpoints, WHOLE_BYTES) as reading:
            for at, data in self._chunks(reading, start, stop):
                if at >= stop:
                    return
                begin, end = max(start - at, 0), min(stop - at, len(data))
                if begin < end:
                    yield data if end - begin == len(data) else data[begin:end]

    def _chunks(self, reading: Reading, start: int, stop: int) -> Iterator[tuple[int, Chunk]]:
        """Yield pieces with their places: from one that holds ``start``, or lies before it, to beyond ``stop``."""
        layout = self.layout
        if start < layout.sums_at:
            yield from self._entries(reading, start, stop)
        if stop <= layout.sums_at:
            return
        self._settle(reading)
        if start < layout.central_at:
            yield from self._ending.tables(start)
        if stop <= layout.central_at:
            return
        if start < layout.end_at:
            yield from self._ending.central(start)
        yield layout.end_at, zipend.end_records(layout.members, layout.central_at, layout.central_bytes)

    def _entries(self, reading: Reading, start: int, stop: int) -> Iterator[tuple[int, Chunk]]:
        layout = self.layout
        first = layout.entry_at(start)
        last = min(len(self.inventory), layout.entry_at(min(stop, layout.sums_at) - 1) + 1)
        position = max(0, start - layout.starts[first] - self._head_bytes(first))
        for part in reading.parts(first, last, _Shape(layout), position):
            if part.final:
                self._remember(part.first, part.last)
            if part.offset < 0:
                yield layout.starts[part.first], part.data
                continue
            index = part.first
            yield layout.starts[index] + (part.offset + self._head_bytes(index) if part.offset else 0), part.data
            if part.final:
                size = self.inventory.columns.sizes[index]
                member = layout.member(index, self.inventory.path(index))
                after = zipformat.descriptor(member, self.results.crc(index), size, size)
                yield layout.end(index) - len(after), after

    def _head_bytes(self, index: int) -> int:
        return len(zipformat.local_header(self.layout.member(index, self.inventory.path(index)), 0, 0, 0))

    def _settle(self, reading: Reading) -> None:
        """Make sure that every entry's checksums are known: those that no range has asked for yet are read now."""
        count, at = len(self.inventory), 0
        if self._remembered is not None:
            self._recall(self._remembered)
        while at < count:
            if self.results.known(at):
                at += 1
                continue
            end = at
            while end < count and not self.results.known(end):
                end += 1
            for part in reading.parts(at, end, Bare()):
                if part.final:
                    self._remember(part.first, part.last)
            at = end

    def _recall(self, remembered: Remembered) -> None:
        """Take over what is remembered of files that were not read."""
        kinds = self.inventory.columns.kinds
        for index in range(len(self.inventory)):
            if kinds[index] == Kind.FILE and not self.results.known(index):
                found = remembered.get(key_of(*self.inventory.columns.stamp(index)))
                if found is not None:
                    self.results.put(index, State.GOOD, *found)

    def _remember(self, first: int, last: int) -> None:
        """Hand on the checksums of files that were read and did not change, when there is time for that."""
        if self._remembered is not None:
            self._remembered.later(partial(self._learnt, first, last))

    def _learnt(self, first: int, last: int) -> Iterator[tuple[bytes, int, bytes]]:
        columns, results = self.inventory.columns, self.results
        kinds, ctimes = columns.kinds, columns.ctimes
        for index in range(first, last):
            # Within one tick of the clock a file may change twice and keep its times: the young are not trusted.
            settled = ctimes[index] < self._youngest_ns
            if settled and kinds[index] == Kind.FILE and results.state(index) is State.GOOD:
                yield key_of(*columns.stamp(index)), results.crc(index), results.sha(index)
