"""Where the bytes of the server's archive go: each file has a known place in it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from takeout.pull.disk import disk_error
from takeout.pull.journal import Journal
from takeout.pull.listing_lines import Archive
from takeout.pull.meter import Meter
from takeout.pull.model import State
from takeout.pull.placing import Arrived, Placer
from takeout.pull.row import Row
from takeout.pull.store import Store

if TYPE_CHECKING:
    from hashlib import _Hash

SUMS = "sums"
_READ_BYTES = 1 << 20


@dataclass(slots=True)
class _Open:
    """The file that bytes go into.

    Attributes:
        row: Its entry; None for the archive's own list of checksums.
        place: Where it begins in the archive.
        size: Its length.
        done: Up to where it is written.
        sum: The hash of that.
        descriptor: Its part.
    """

    row: Row | None
    place: int
    size: int
    done: int
    sum: _Hash
    descriptor: int


class Sink:
    """Writes what comes of an archive into parts, one after the other.

    Args:
        archive: The archive.
        journal: The journal.
        store: The destination.
        placer: Puts a complete part in its place.
        meter: Counts what comes.

    Attributes:
        waiting: What is complete, and waits to be proven before it takes an older version's place.
    """

    def __init__(self, archive: Archive, journal: Journal, store: Store, placer: Placer, meter: Meter) -> None:
        self._archive = archive
        self._journal = journal
        self._store = store
        self._placer = placer
        self._meter = meter
        self._rows: Iterator[Row] = iter(())
        self._open: _Open | None = None
        self._listed = False
        self.waiting: dict[str, tuple[Row, Arrived]] = {}

    def begin(self, rows: Iterator[Row]) -> None:
        """Want the files of some entries, in the archive's order, and its list of checksums after them."""
        self._rows = rows
        self._listed = False
        self._next()

    def wants(self) -> int:
        """Return which byte of the archive is wanted next; one beyond its end where none is."""
        return self._open.place + self._open.done if self._open else self._archive.length

    def take(self, at: int, data: memoryview) -> None:
        """Put bytes of the archive, from ``at`` on, into the files that they belong to.

        Raises:
            DiskError: When the disk is full or broken.
        """
        while data and self._open is not None:
            skipped = min(len(data), max(0, self.wants() - at))
            taken = data[skipped : skipped + self._open.size - self._open.done]
            if taken:
                self._write(self._open, taken)
            at, data = at + skipped + len(taken), data[skipped + len(taken) :]

    def note(self) -> None:
        """Record how far the open file is."""
        if self._open is not None and self._open.row is not None and self._open.done:
            self._journal.note_part(self._open.row.id, self._open.row.entry, 0, self._open.done)

    def close(self) -> None:
        """Let the open file go."""
        opened, self._open = self._open, None
        if opened is not None:
            os.close(opened.descriptor)

    def _write(self, to: _Open, data: memoryview) -> None:
        try:
            left = data
            while left:
                left = left[os.write(to.descriptor, left) :]
        except OSError as error:
            raise disk_error(error, self._store.root) from error
        to.sum.update(data)
        to.done += len(data)
        if to.row is not None:
            self._meter.add(len(data))
        if to.done == to.size:
            self._complete(to)
            self._next()

    def _complete(self, to: _Open) -> None:
        self.close()
        row = to.row
        if row is None:
            return
        arrived = Arrived(row.entry, to.sum.digest(), proven=False)
        if row.sha or row.state is State.BESIDE:
            # The server may have filled it with zeros; an older good version gives way only to a proven one.
            self._journal.note_part(row.id, row.entry, 0, to.size)
            self.waiting[row.entry.path] = (row, arrived)
        else:
            self._placer.place(row, arrived)

    def _next(self) -> None:
        """Open the next file that has bytes to come; what is complete already is placed."""
        self._open = None
        while self._open is None:
            row = next(self._rows, None)
            if row is None and self._listed:
                return
            self._listed = row is None
            opened = self._opened(row)
            self._open = opened
            if opened.done == opened.size:
                self._complete(opened)

    def _opened(self, row: Row | None) -> _Open:
        part = self._store.part(row.id) if row is not None else self._store.own_part(SUMS)
        done = 0
        try:
            if row is not None and part.exists():
                noted = self._journal.parts(row.id, row.entry).get(0, 0)
                done = min(noted, part.stat().st_size)
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
            descriptor = os.open(part, flags | (0 if done else os.O_TRUNC), 0o644)
            try:
                state = _sum_of(descriptor, done)
            except BaseException:
                os.close(descriptor)
                raise
        except OSError as error:
            raise disk_error(error, part) from error
        if row is None:
            return _Open(None, self._archive.sums_at, self._archive.sums_bytes, 0, state, descriptor)
        return _Open(row, row.entry.place, row.entry.size_bytes, done, state, descriptor)


def _sum_of(descriptor: int, length: int) -> _Hash:
    """Return the hash of an open file's first bytes; what is written next follows them."""
    state = hashlib.sha256()
    while length and (data := os.read(descriptor, min(_READ_BYTES, length))):
        state.update(data)
        length -= len(data)
    return state
