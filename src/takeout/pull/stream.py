"""Files out of the server's archive, which comes in few long requests."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from takeout.errors import DiskError
from takeout.progress import Progress, silent
from takeout.pull.answers import OK, PARTIAL, RANGE_BEYOND, AskAgainError, content_range
from takeout.pull.connection import Connection
from takeout.pull.journal import Journal
from takeout.pull.keeping import Keeper
from takeout.pull.listing import READ_SECONDS
from takeout.pull.listing_lines import Archive
from takeout.pull.meter import Meter
from takeout.pull.pace import Silence
from takeout.pull.plan import TO_FETCH
from takeout.pull.row import Row
from takeout.pull.sink import Sink

GAP_BYTES = 8 << 20
"""What is not wanted and shorter than this is read over: another request would take the server longer."""
WANTED = f"{TO_FETCH} AND place >= 0"
"""The condition of what the archive is asked for."""


class TreeChangedError(Exception):
    """The home is not what it was when it was listed; its archive has other places."""


class Stream:
    """The fetching of one archive's files.

    Args:
        connection: The server.
        archive: The archive.
        journal: The journal.
        meter: Counts what comes.
        sink: Takes the bytes.
    """

    def __init__(
        self, connection: Connection, archive: Archive, journal: Journal, *, meter: Meter, sink: Sink
    ) -> None:
        self._connection = connection
        self._archive = archive
        self._journal = journal
        self._meter = meter
        self._sink = sink
        self._silence = Silence()

    def sums(self) -> None:
        """Fetch the archive's list of checksums alone, into the part ``sums``.

        Raises:
            TreeChangedError: When the home is not what it was.
        """
        at = self._archive.sums_at
        self._fetch(iter(()), [(at, at + self._archive.sums_bytes)], silent, 0)

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
        rows = self._journal.rows(WANTED, (round_number,), order="place")
        self._fetch(rows, list(merged([*wanted, sums])), progress, total_bytes)

    def _fetch(
        self, rows: Iterator[Row], spans: list[tuple[int, int]], progress: Progress, total_bytes: int
    ) -> None:
        keeper = Keeper(self._journal, self._meter, progress, total_bytes, self._sink.note)
        try:
            self._sink.begin(rows)
            for _, stop in spans:
                self._connection.insist(
                    lambda stop=stop: self._once(stop, keeper),  # type: ignore[misc]
                    lambda: self._meter.received_bytes,
                )
            if total_bytes:
                keeper.show()
        finally:
            with contextlib.suppress(DiskError):
                self._sink.note()
                self._sink.close()

    def _once(self, stop: int, keeper: Keeper) -> None:
        at = self._sink.wants()
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
                self._sink.take(at, data)
                at += len(data)
                self._connection.pace.alive()
                keeper.beat()
        if self._sink.wants() < stop:
            raise AskAgainError("the answer ended early")


def merged(spans: list[tuple[int, int]], gap_bytes: int = GAP_BYTES) -> Iterator[tuple[int, int]]:
    """Yield spans in one where only a little is between them."""
    start, stop = spans[0]
    for first, last in spans[1:]:
        if first - stop > gap_bytes:
            yield start, stop
            start = first
        stop = max(stop, last)
    yield start, stop
