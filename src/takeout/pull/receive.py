"""One piece of a file on its way from the server into a part, across as many connections as it takes."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from takeout.pull.answers import OK, PARTIAL, RANGE_BEYOND, AskAgainError, content_range, http_date
from takeout.pull.connection import Connection
from takeout.pull.contents import there
from takeout.pull.line import Answer
from takeout.pull.model import UNKNOWN, RemoteEntry
from takeout.pull.pace import Silence, StoppedError

_SECONDS = 1_000_000_000
_YOUNG_SECONDS = 2
"""``Last-Modified`` counts seconds; a file that changed this shortly before it was read may have changed again."""


class Sum(Protocol):
    """A hash at work."""

    def update(self, data: bytes, /) -> None:
        """Take more data in."""


class ChangedError(Exception):
    """The file is another one than was listed.

    Args:
        found: What the answer said of it, in a few words.
    """

    def __init__(self, found: str) -> None:
        super().__init__(found)
        self.found = found


class NoRangesError(Exception):
    """The server sends files as a whole only."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a file.

    Attributes:
        start: Its first byte.
        stop: The byte after its last; ``UNKNOWN`` for whatever the server sends.
        done: Up to where it is written.
    """

    start: int
    stop: int
    done: int


class Mark:
    """How far a piece is written; another thread may look at any moment.

    Args:
        entry: The version of the file that is written.
        start: First byte of the piece.
        done: Up to where it is written already.

    Attributes:
        start: First byte of the piece.
    """

    __slots__ = ("_state", "start")

    def __init__(self, entry: RemoteEntry, start: int, done: int) -> None:
        self.start = start
        self._state = (entry, done)

    @property
    def state(self) -> tuple[RemoteEntry, int]:
        """The version, and up to where it is written: one tuple, so that the two always belong together."""
        return self._state

    def reach(self, entry: RemoteEntry, at: int) -> None:
        """Record that a version is written up to a place."""
        self._state = (entry, at)


@dataclass(slots=True)
class Reception:
    """One piece on its way.

    Attributes:
        connection: The server.
        entry: The file.
        descriptor: The part that it is written to.
        piece: The piece.
        mark: Shows how far it is: always up to where bytes were written, and never beyond.
        count: Told how many bytes were written.
        new_sum: Makes the hash of the bytes from 0 up to a place; None where the piece is not hashed on the way.
        lenient: Whether to take what the server sends, though it lists the file otherwise.
        at: Up to where it is written.
        sum: The hash of what is written.
        young: Whether the file had changed very shortly before it was read.
    """

    connection: Connection
    entry: RemoteEntry
    descriptor: int
    piece: Piece
    mark: Mark
    count: Callable[[int], None]
    new_sum: Callable[[int], Sum] | None = None
    lenient: bool = False
    at: int = 0
    sum: Sum | None = None
    young: bool = False
    _stop: int = field(default=UNKNOWN)
    _silence: Silence = field(default_factory=Silence)
    _version: str = ""

    def run(self) -> None:
        """Receive the piece.

        Raises:
            ChangedError: When the file is not the one that was listed.
            NoRangesError: When the server sends files as a whole only, and another piece is wanted.
            AbsentError: When it is not there (any more), or not shown.
            FailedError: When the server cannot read it.
            RefusedError: When the server refuses it.
            GaveUpError: When it does not come after many attempts.
            StoppedError: When all work is to end.
        """
        self.at = self.piece.done
        self._stop = self.piece.stop
        if self.new_sum is not None:
            self.sum = self.new_sum(self.at)
        self.connection.insist(self._once, lambda: self.at)

    def _once(self) -> None:
        if self._stop not in (UNKNOWN, 0) and self.at >= self._stop:
            return
        headers = {}
        if self.at or self.piece.start or self.piece.stop not in (UNKNOWN, self.entry.size_bytes):
            last = str(self._stop - 1) if self._stop > 0 else ""
            headers["Range"] = f"bytes={self.at}-{last}"
        self._silence.asked(self.at)
        path = f"files/{there(self.connection, self.entry.path)}"
        seconds = self._silence.seconds
        with self.connection.ask(path, headers=headers, head_seconds=2 * seconds, body_seconds=seconds) as answer:
            if self._begin(answer, ranged=bool(headers)):
                self._body(answer)
        if self.at < self._stop:
            raise AskAgainError("the answer ended early")

    def _begin(self, answer: Answer, *, ranged: bool) -> bool:
        """Look at an answer before its body; return whether there is one to read."""
        headers = answer.headers
        size = self.entry.size_bytes
        if answer.status == RANGE_BEYOND:
            if content_range(headers)[1] == self.at and (self.lenient or self.at == size):
                self._stop = self.at
                return False
            raise ChangedError(f"it has {content_range(headers)[1]} bytes now")
        if answer.status == PARTIAL and ranged:
            first, whole = content_range(headers)
            if first != self.at:
                raise AskAgainError("another range came than was asked for")
            if whole != size and not self.lenient:
                raise ChangedError(f"it has {whole} bytes")
        elif answer.status == OK:
            self._whole(headers, ranged=ranged)
        else:
            raise AskAgainError(f"status {answer.status}")
        self._same_time(headers)
        version = headers.get("last-modified", "")
        if self._version not in ("", version) and self.lenient:
            self._version = ""
            self._back()
            raise AskAgainError("it changed while it was read")
        self._version = version
        return True

    def _whole(self, headers: Mapping[str, str], *, ranged: bool) -> None:
        """Look at an answer that carries the whole file."""
        text = headers.get("content-length", "")
        length = int(text) if text.isdecimal() else UNKNOWN
        size = self.entry.size_bytes
        if length not in (UNKNOWN, size) and size != UNKNOWN and not self.lenient:
            raise ChangedError(f"the server lists {size} bytes and sends {length}")
        if self.piece.start:
            raise NoRangesError
        if ranged and self._stop not in (UNKNOWN, size):
            raise NoRangesError
        if self.at:
            self._back()
        if self._stop == UNKNOWN:
            self._stop = length

    def _back(self) -> None:
        """Go back to the beginning of the file; what was written is of no use, and never looks as if it were."""
        self.at = 0
        self.mark.reach(self.entry, 0)
        os.ftruncate(self.descriptor, 0)
        self.sum = self.new_sum(0) if self.new_sum is not None else None

    def _same_time(self, headers: Mapping[str, str]) -> None:
        """Hold the time that an answer tells against the listed one; both are by the server's clock."""
        told = http_date(headers.get("last-modified", ""))
        if told == UNKNOWN:
            # A page of some proxy has no such header; a file that Jupyter reads from a disk has.
            if self.lenient:
                raise ChangedError("what came does not look like the file")
            self.young = True
            return
        listed = self.entry.mtime_ns
        if listed != UNKNOWN and told != listed // _SECONDS and not self.lenient:
            raise ChangedError("it was changed since it was listed")
        now = http_date(headers.get("date", ""))
        self.young = now != UNKNOWN and now - told <= _YOUNG_SECONDS

    def _body(self, answer: Answer) -> None:
        stopped = self.connection.pace.stopped
        os.lseek(self.descriptor, self.at, os.SEEK_SET)
        for chunk in answer.body:
            data = chunk if self._stop == UNKNOWN else chunk[: self._stop - self.at]
            self._write(data)
            if len(data) < len(chunk):
                raise ChangedError("the server sends more than it announced")
            if stopped.is_set():
                raise StoppedError
        if self._stop == UNKNOWN:
            self._stop = self.at

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            written = os.write(self.descriptor, view)
            self.at += written
            view = view[written:]
        if self.sum is not None:
            self.sum.update(data)
        self.mark.reach(self.entry, self.at)
        self.connection.pace.alive()
        self.count(len(data))
