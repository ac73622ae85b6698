"""One piece of a file on its way from the server into a part, across as many connections as it takes."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import httpx

from takeout.pull.answers import OK, PARTIAL, RANGE_BEYOND, AskAgainError, content_range, http_date
from takeout.pull.connection import Connection
from takeout.pull.contents import quoted
from takeout.pull.model import UNKNOWN, RemoteEntry
from takeout.pull.pace import StoppedError

NOTE_BYTES = 4 << 20
"""After so many bytes the journal is told; a kill -9 costs at most that for each request in flight."""
_SECONDS = 1_000_000_000
_YOUNG_SECONDS = 2
"""``Last-Modified`` counts seconds; a file that changed this shortly before it was read may have changed again."""

Note = Callable[[int, int], None]
"""Told where a piece begins, and up to where it is written."""


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


@dataclass(slots=True)
class Reception:
    """One piece on its way.

    Attributes:
        connection: The server.
        entry: The file.
        descriptor: The part that it is written to.
        piece: The piece.
        note: Told how far it is.
        count: Told how many bytes came.
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
    note: Note
    count: Callable[[int], None]
    new_sum: Callable[[int], Sum] | None = None
    lenient: bool = False
    at: int = 0
    sum: Sum | None = None
    young: bool = False
    _noted: int = 0
    _stop: int = field(default=UNKNOWN)
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
        self.at = self._noted = self.piece.done
        self._stop = self.piece.stop
        if self.new_sum is not None:
            self.sum = self.new_sum(self.at)
        try:
            self.connection.insist(self._once, lambda: self.at)
        except BaseException:
            self.note(self.piece.start, self.at)
            raise
        if self.new_sum is None:
            # A whole file is put in its place next, and needs no note.
            self.note(self.piece.start, self.at)

    def _once(self) -> None:
        if self._stop not in (UNKNOWN, 0) and self.at >= self._stop:
            return
        headers = {}
        if self.at or self.piece.start or self.piece.stop not in (UNKNOWN, self.entry.size_bytes):
            last = str(self._stop - 1) if self._stop > 0 else ""
            headers["Range"] = f"bytes={self.at}-{last}"
        with self.connection.ask(f"files/{quoted(self.entry.path)}", headers=headers) as answer:
            if self._begin(answer, ranged=bool(headers)):
                self._body(answer)
        if self.at < self._stop:
            raise AskAgainError("the answer ended early")

    def _begin(self, answer: httpx.Response, *, ranged: bool) -> bool:
        """Look at an answer before its body; return whether there is one to read."""
        headers = answer.headers
        size = self.entry.size_bytes
        if answer.status_code == RANGE_BEYOND:
            if content_range(headers)[1] == self.at and (self.lenient or self.at == size):
                self._stop = self.at
                return False
            raise ChangedError(f"it has {content_range(headers)[1]} bytes now")
        if answer.status_code == PARTIAL and ranged:
            first, whole = content_range(headers)
            if first != self.at:
                raise AskAgainError("another range came than was asked for")
            if whole != size and not self.lenient:
                raise ChangedError(f"it has {whole} bytes")
        elif answer.status_code == OK:
            self._whole(headers, ranged=ranged)
        else:
            raise AskAgainError(f"status {answer.status_code}")
        self._same_time(headers)
        version = headers.get("last-modified", "")
        if self._version not in ("", version) and self.lenient:
            self.at, self._version = self.piece.start, ""
            self.sum = self.new_sum(0) if self.new_sum is not None else None
            raise AskAgainError("it changed while it was read")
        self._version = version
        return True

    def _whole(self, headers: httpx.Headers, *, ranged: bool) -> None:
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
        if self.at and self.new_sum is not None:
            self.sum = self.new_sum(0)
        self.at = self._noted = 0
        if self._stop == UNKNOWN:
            self._stop = length

    def _same_time(self, headers: httpx.Headers) -> None:
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

    def _body(self, answer: httpx.Response) -> None:
        stopped = self.connection.pace.stopped
        os.lseek(self.descriptor, self.at, os.SEEK_SET)
        for chunk in answer.stream:  # type: ignore[union-attr]
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
        self.count(len(data))
        if self.at - self._noted >= NOTE_BYTES:
            self._noted = self.at
            self.note(self.piece.start, self.at)
