"""Files out of the server's archive, which comes in few long requests: each file has a known place in it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from takeout.errors import DiskError
from takeout.progress import Progress, silent
from takeout.pull.answers import OK, PARTIAL, RANGE_BEYOND, AskAgainError, content_range
from takeout.pull.connection import Connection
from takeout.pull.fetch import Arrived, Meter
from takeout.pull.journal import Journal, Row
from takeout.pull.listing import READ_SECONDS, Archive
from takeout.pull.model import State
from takeout.pull.pace import Silence
from takeout.pull.plan import TO_FETCH
from takeout.pull.store import Store, disk_error

if TYPE_CHECKING:
    from hashlib import _Hash

GAP_BYTES = 8 << 20
"""What is not wanted and shorter than this is read over: another request would take the server longer."""
SUMS = "sums"
_COMMIT_SECONDS = 0.5
_SHOW_SECONDS = 0.1
_READ_BYTES = 1 << 20
WANTED = f"{TO_FETCH} AND place >= 0"
"""The condition of what the archive is asked for."""


class TreeChangedError(Exception):
    """The home is not what it was when it was listed; its archive has other places."""


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


class Stream:
    """The fetching of one archive's files.

    Args:
        connection: The server.
        archive: The archive.
        journal: The journal.
        store: The destination.
        meter: Counts what comes.
        place: Puts a complete part in its place.

    Attributes:
        waiting: What is complete, and waits to be proven before it takes an older version's place.
    """

    def __init__(
        self,
        connection: Connection,
        archive: Archive,
        journal: Journal,
        store: Store,
        *,
        meter: Meter,
        place: Callable[[Row, Arrived], None],
    ) -> None:
        self._connection = connection
        self._archive = archive
        self._journal = journal
        self._store = store
        self._meter = meter
        self._place = place
        self._rows: Iterator[Row] = iter(())
        self._open: _Open | None = None
        self._listed = False
        self._silence = Silence()
        self._shown = self._committed = time.monotonic()
        self.waiting: dict[str, tuple[Row, Arrived]] = {}

    def sums(self) -> None:
        """Fetch the archive's list of checksums alone, into the part ``sums``.

        Raises:
            TreeChangedError: When the home is not what it was.
        """
        self._listed = False
        at = self._archive.sums_at
        self._fetch([(at, at + self._archive.sums_bytes)], silent, 0)

    def run(self, round_number: int, total_bytes: int, progress: Progress = silent) -> None:
        """Fetch every file that the journal wants in a round, and the list of checksums after them.

        Raises:
            TreeChangedError: When the home is not what it was; what came by then is kept.
            AbsentError, RefusedError, FailedError, GaveUpError: When the archive cannot be had any more.
            TokenError: When the token is not accepted any more.
            NetworkError: When the server is gone.
            DiskError: When the disk is full or broken.
        """
        wanted = [(at, at + size) for at, size in self._journal.places(WANTED, (round_number,))]
        sums = (self._archive.sums_at, self._archive.sums_at + self._archive.sums_bytes)
        self._rows = self._journal.rows(WANTED, (round_number,), order="place")
        self._listed = False
        self._fetch(list(merged([*wanted, sums])), progress, total_bytes)

    def _fetch(self, spans: list[tuple[int, int]], progress: Progress, total_bytes: int) -> None:
        try:
            self._next()
            for _, stop in spans:
                self._connection.insist(
                    lambda stop=stop: self._once(stop, progress, total_bytes),  # type: ignore[misc]
                    lambda: self._meter.received_bytes,
                )
            if total_bytes:
                progress("bytes", self._meter.received_bytes, total_bytes)
        finally:
            with contextlib.suppress(DiskError):
                self._note()
                self._close()

    def _once(self, stop: int, progress: Progress, total_bytes: int) -> None:
        at = self._wants()
        if at >= stop:
            return
        headers = {"Range": f"bytes={at}-{stop - 1}", "If-Range": f'"{self._archive.tag}"'}
        self._silence.asked(at)
        with self._connection.ask(
            self._archive.address, headers=headers, head_seconds=READ_SECONDS, body_seconds=self._silence.seconds
        ) as answer:
            if answer.status in (OK, RANGE_BEYOND):
                raise TreeChangedError
            if answer.status != PARTIAL or content_range(answer.headers) != (at, self._archive.length):
                raise AskAgainError("another range came than was asked for")
            for chunk in answer.body:
                data = memoryview(chunk)[: stop - at]
                self._take(at, data)
                at += len(data)
                self._keep(progress, total_bytes)
        if self._wants() < stop:
            raise AskAgainError("the answer ended early")

    def _wants(self) -> int:
        """Return which byte of the archive is wanted next; one beyond its end where none is."""
        return self._open.place + self._open.done if self._open else self._archive.length

    def _take(self, at: int, data: memoryview) -> None:
        """Put bytes of the archive, from ``at`` on, into the files that they belong to."""
        while data and self._open is not None:
            skipped = min(len(data), max(0, self._wants() - at))
            taken = data[skipped : skipped + self._open.size - self._open.done]
            if taken:
                self._write(self._open, taken)
            at, data = at + skipped + len(taken), data[skipped + len(taken) :]

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
        self._close()
        row = to.row
        if row is None:
            return
        arrived = Arrived(row.entry, to.sum.digest(), proven=False)
        if row.sha or row.state is State.BESIDE:
            # The server may have filled it with zeros; an older good version gives way only to a proven one.
            self._journal.note_part(row.id, row.entry, 0, to.size)
            self.waiting[row.entry.path] = (row, arrived)
        else:
            self._place(row, arrived)

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
            state = hashlib.sha256()
            left = done
            while left and (data := os.read(descriptor, min(_READ_BYTES, left))):
                state.update(data)
                left -= len(data)
        except OSError as error:
            raise disk_error(error, part) from error
        if row is None:
            return _Open(None, self._archive.sums_at, self._archive.sums_bytes, 0, state, descriptor)
        return _Open(row, row.entry.place, row.entry.size_bytes, done, state, descriptor)

    def _close(self) -> None:
        if self._open is not None:
            os.close(self._open.descriptor)
            self._open = None

    def _note(self) -> None:
        """Record how far the open file is."""
        if self._open is not None and self._open.row is not None and self._open.done:
            self._journal.note_part(self._open.row.id, self._open.row.entry, 0, self._open.done)

    def _keep(self, progress: Progress, total_bytes: int) -> None:
        self._connection.pace.alive()
        now = time.monotonic()
        if now - self._shown > _SHOW_SECONDS:
            self._shown = now
            progress("bytes", self._meter.received_bytes, total_bytes)
        if now - self._committed > _COMMIT_SECONDS:
            self._committed = now
            self._note()
            self._journal.commit()


def merged(spans: list[tuple[int, int]], gap_bytes: int = GAP_BYTES) -> Iterator[tuple[int, int]]:
    """Yield spans in one where only a little is between them."""
    start, stop = spans[0]
    for first, last in spans[1:]:
        if first - stop > gap_bytes:
            yield start, stop
            start = first
        stop = max(stop, last)
    yield start, stop
