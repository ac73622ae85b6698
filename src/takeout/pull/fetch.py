"""Whole files from the server: in one piece, or large ones in many."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from takeout.pull.connection import Connection
from takeout.pull.contents import stat
from takeout.pull.disk import disk_error
from takeout.pull.meter import Meter
from takeout.pull.model import UNKNOWN, RemoteEntry
from takeout.pull.pace import StoppedError
from takeout.pull.placing import Arrived
from takeout.pull.receive import ChangedError, Mark, Piece, Reception

if TYPE_CHECKING:
    from hashlib import _Hash

PIECE_BYTES = 16 << 20
"""What one request asks for of a large file; so large that a round trip does not count."""
ROUNDS = 4
"""How often a file that changes while it is read is read anew."""
_READ_BYTES = 1 << 20


def pieces(entry: RemoteEntry, noted: dict[int, int], *, ranges: bool) -> list[Piece]:
    """Return the pieces in which a file is fetched, with what the journal knows of them."""
    size = entry.size_bytes
    if not ranges or size <= 2 * PIECE_BYTES:
        return [Piece(0, size, noted.get(0, 0) if size != UNKNOWN else 0)]
    starts = range(0, size, PIECE_BYTES)
    return [Piece(start, min(start + PIECE_BYTES, size), max(start, noted.get(start, start))) for start in starts]


class Fetcher:
    """Fetches files from one server.

    Args:
        connection: The server.
        meter: Counts what comes.
    """

    def __init__(self, connection: Connection, meter: Meter) -> None:
        self._connection = connection
        self._meter = meter

    def whole(self, entry: RemoteEntry, part: Path, mark: Mark) -> Arrived:
        """Fetch a file in one piece; a file that changes meanwhile is fetched anew.

        Args:
            entry: The file.
            part: Where its content goes.
            mark: How many bytes of this version are there already; shows from then on how far it is.

        Raises:
            AbsentError: When it is not there (any more), or not shown.
            FailedError: When the server cannot read it.
            RefusedError: When the server refuses it.
            GaveUpError: When it does not come after many attempts.
            ChangedError: When what the server says of it and what it sends disagree every time.
            StoppedError: When all work is to end.
            DiskError: When the disk is full or broken.
        """
        for turn in range(ROUNDS):
            last = turn == ROUNDS - 1
            try:
                got, young = self._once(entry, part, mark, lenient=last)
            except ChangedError:
                if last:
                    raise
                entry = self._later(entry) or entry
                _emptied(part, mark, entry)
                continue
            now = self._later(got.entry) if young else got.entry
            if now == got.entry or now is None:
                return got
            if last:
                return replace(got, reason="it changed while it was read; what is here was read then")
            entry = now
            _emptied(part, mark, entry)
        raise AssertionError("the last round returns or raises")

    def piece(self, entry: RemoteEntry, part: Path, piece: Piece, mark: Mark) -> None:
        """Fetch one piece of a large file.

        Raises:
            ChangedError: When the file is not the one that was listed.
            NoRangesError: When the server sends files as a whole only.
        """
        with _opened(part) as descriptor:
            Reception(self._connection, entry, descriptor, piece, mark, self._meter.add).run()

    def finish(self, entry: RemoteEntry, part: Path) -> Arrived:
        """Return the sum of a large file whose pieces are all there.

        Raises:
            ChangedError: When the file changed since it was listed.
        """
        now = self._later(entry)
        if now is not None and now != entry:
            raise ChangedError("it changed while it was read")
        return Arrived(entry, self._sum(part, entry.size_bytes).digest())

    def _once(self, entry: RemoteEntry, part: Path, mark: Mark, *, lenient: bool) -> tuple[Arrived, bool]:
        def sum_up_to(place: int) -> _Hash:
            return self._sum(part, place) if place else hashlib.sha256()

        with _opened(part) as descriptor:
            piece = Piece(0, UNKNOWN if lenient else entry.size_bytes, mark.state[1])
            reception = Reception(
                self._connection, entry, descriptor, piece, mark, self._meter.add, sum_up_to, lenient=lenient
            )
            reception.run()
            os.ftruncate(descriptor, reception.at)
        digest = reception.sum.digest()  # type: ignore[union-attr]
        reason = ""
        if entry.size_bytes not in (UNKNOWN, reception.at):
            reason = f"the server lists {entry.size_bytes} bytes and sends {reception.at}; what it sent is here"
        return Arrived(replace(entry, size_bytes=reception.at), digest, reason), reception.young

    def _later(self, entry: RemoteEntry) -> RemoteEntry | None:
        """Return the entry as the server lists it now, with what only an earlier look could tell."""
        now = stat(self._connection, entry.path)
        return now and replace(entry, size_bytes=now.size_bytes, mtime_ns=now.mtime_ns)

    def _sum(self, part: Path, length: int) -> _Hash:
        """Return the hash of the first bytes of a part."""
        state = hashlib.sha256()
        try:
            with part.open("rb") as stream:
                while length > 0 and (data := stream.read(min(_READ_BYTES, length))):
                    state.update(data)
                    length -= len(data)
                    if self._connection.pace.stopped.is_set():
                        raise StoppedError
        except OSError as error:
            raise disk_error(error, part) from error
        return state


def _emptied(part: Path, mark: Mark, entry: RemoteEntry) -> None:
    """Begin a part anew: what it held was of another version, and must not pass for this one after a kill -9."""
    mark.reach(entry, 0)
    with _opened(part) as descriptor:
        os.ftruncate(descriptor, 0)


@contextlib.contextmanager
def _opened(part: Path) -> Iterator[int]:
    """Open a part for writing at any place; what goes wrong with the disk ends the pull."""
    try:
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)
    except OSError as error:
        raise disk_error(error, part) from error
    try:
        yield descriptor
    except OSError as error:
        raise disk_error(error, part) from error
    finally:
        os.close(descriptor)
