"""The server's tree and files through the agent: hidden files, links, permissions, names of any bytes."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from takeout.archive.entry import Kind
from takeout.errors import ToolError
from takeout.progress import Progress, silent
from takeout.pull.answers import AskAgainError
from takeout.pull.channel import Channel, KernelChannel, TerminalChannel
from takeout.pull.choose import Chooser, Place
from takeout.pull.connection import Connection, GaveUpError
from takeout.pull.fetch import ROUNDS, Arrived, Meter
from takeout.pull.journal import Journal, Row
from takeout.pull.model import Found, Named, RemoteEntry, State
from takeout.pull.plan import TO_FETCH
from takeout.pull.store import Store, disk_error

BATCH_BYTES = 2 << 20
BATCH_FILES = 400
_PIECE_BYTES = 2 << 20
_KINDS = {"d": Kind.DIRECTORY, "f": Kind.FILE, "l": Kind.SYMLINK}
Place_ = Callable[[Row, Arrived], None]


class Agent:
    """The agent, in a channel that is opened anew when it breaks.

    Args:
        connection: The server.
        through: What to start on the server.
        root: The directory there; the one that the server starts things in where empty.
    """

    def __init__(self, connection: Connection, through: str, root: str = "") -> None:
        self._connection = connection
        self._through = through
        self._root = root
        self._channel: Channel | None = None

    def close(self) -> None:
        """End what was started on the server."""
        if self._channel is not None:
            self._channel.close()
            self._channel = None

    def _call(self, function: str, *arguments: object) -> str:
        def once() -> str:
            try:
                if self._channel is None:
                    kind = KernelChannel if self._through == "kernel" else TerminalChannel
                    self._channel = kind(self._connection)
                if not self._root:
                    self._root = base64.b64decode(self._channel.evaluate(_WHERE)).decode(
                        "utf-8", "surrogateescape"
                    )
                given = ", ".join([repr(self._root), *(repr(argument) for argument in arguments)])
                return self._channel.evaluate(f"{function}({given})")
            except AskAgainError:
                self.close()
                raise

        try:
            return self._connection.insist(once)
        except GaveUpError as error:
            raise ToolError(f"the {self._through} on the server breaks every time: {error.reason}") from error

    def directories(self) -> list[Any]:
        """Return every directory as the agent lists it, each before what is in it."""
        packed, piece = bytearray(), 0
        while True:
            data = base64.b64decode(self._call("takeout_walk", piece, _PIECE_BYTES))
            packed += data
            piece += 1
            if len(data) < _PIECE_BYTES:
                return list(json.loads(zlib.decompress(bytes(packed))))

    def read(self, wanted: list[tuple[str, int, int]]) -> list[tuple[int, int, bytes, str]]:
        """Return pieces of files: each file's length and time, the data, or why not."""
        found = json.loads(base64.b64decode(self._call("takeout_read", wanted)))
        return [
            (size, mtime, zlib.decompress(base64.b64decode(data)) if data else b"", str(error))
            for size, mtime, data, error in found
        ]


_WHERE = "base64.b64encode(os.fsencode(os.getcwd())).decode()"


@contextmanager
def opened(connection: Connection, through: str) -> Iterator[Agent | None]:
    """Give an agent for the time of a pull, where one was asked for."""
    agent = Agent(connection, through) if through else None
    try:
        yield agent
    finally:
        if agent is not None:
            agent.close()


def walk(
    agent: Agent, chooser: Chooser, shown: frozenset[str]
) -> tuple[Iterator[RemoteEntry], list[Named], list[str]]:
    """Walk over the tree as the agent lists it.

    Args:
        agent: The agent.
        chooser: Decides what is wanted.
        shown: Names that the server's own interface shows in its root; where the agent has other ones, it looks at
            another directory, and no file is asked for through that interface.

    Returns:
        The entries; what cannot be taken; directories that cannot be listed; the last two complete once the first
        one ends.
    """
    not_taken: list[Named] = []
    unlisted: list[str] = []
    return _entries(agent, chooser, shown, not_taken, unlisted), not_taken, unlisted


def _entries(
    agent: Agent, chooser: Chooser, shown: frozenset[str], not_taken: list[Named], unlisted: list[str]
) -> Iterator[RemoteEntry]:
    places: dict[str, Place] = {"": chooser.top()}
    firsts: dict[str, str] = {}
    served = True
    for path, entries, ignore, cache, error in agent.directories():
        place = places.pop(path, None)
        if place is None:
            continue
        if error:
            unlisted.append(path)
            not_taken.append(Named(path, f"the directory cannot be read: {error}"))
            continue
        names = {entry[0] for entry in entries}
        if not path:
            served = shown <= names
        if not chooser.enter(place, names, base64.b64decode(ignore), cache=cache):
            continue
        for name, letter, size, mtime, mode, target, twin, problem in entries:
            whole = f"{path}/{name}" if path else name
            kind = _KINDS.get(letter, Kind.FILE)
            if chooser.leaves_out(place, whole, kind):
                continue
            if problem:
                not_taken.append(Named(whole, problem))
                continue
            if kind is Kind.DIRECTORY:
                places[whole] = chooser.below(place, whole)
            first = firsts.setdefault(twin, whole) if twin else whole
            yield RemoteEntry(
                whole,
                kind,
                size,
                mtime,
                mode,
                target,
                served and is_served(whole),
                "" if first == whole else first,
            )


def is_served(path: str) -> bool:
    """Return whether the server's file interface gives a path: no part hidden, every byte UTF-8."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return not any(part.startswith(".") for part in path.split("/"))


def found(chooser: Chooser, not_taken: list[Named], unlisted: list[str]) -> Found:
    """Return what a walk found beside the entries."""
    return Found(tuple(not_taken), tuple(chooser.left_out), tuple(unlisted))


def bring(
    agent: Agent,
    journal: Journal,
    store: Store,
    round_number: int,
    *,
    meter: Meter,
    place: Place_,
    progress: Progress = silent,
) -> None:
    """Fetch through the agent what ``files/`` does not serve: small files in batches, large ones in pieces."""
    batch: list[Row] = []
    size = 0
    for row in journal.rows(f"{TO_FETCH} AND served = 0", (round_number,), order="size"):
        if row.entry.size_bytes > BATCH_BYTES:
            _large(agent, journal, store, row, meter=meter, place=place)
            journal.commit()
            continue
        if batch and (size + row.entry.size_bytes > BATCH_BYTES or len(batch) == BATCH_FILES):
            _batch(agent, journal, store, batch, meter=meter, place=place)
            journal.commit()
            batch, size = [], 0
        batch.append(row)
        size += row.entry.size_bytes
        progress("bytes", meter.received_bytes, 0)
    if batch:
        _batch(agent, journal, store, batch, meter=meter, place=place)


def _batch(agent: Agent, journal: Journal, store: Store, rows: list[Row], *, meter: Meter, place: Place_) -> None:
    # One byte more than the listed length shows a file that has grown.
    answers = agent.read([(row.entry.path, 0, row.entry.size_bytes + 1) for row in rows])
    for row, (size, mtime, data, error) in zip(rows, answers, strict=True):
        if error:
            journal.settle(row.id, State.FAILED, f"it cannot be read: {error}")
        elif size != len(data):
            _large(agent, journal, store, row, meter=meter, place=place)
        else:
            meter.add(len(data))
            _write(store, row, 0, data)
            entry = replace(row.entry, size_bytes=size, mtime_ns=mtime)
            place(row, Arrived(entry, hashlib.sha256(data).digest()))


def _large(agent: Agent, journal: Journal, store: Store, row: Row, *, meter: Meter, place: Place_) -> None:
    reason = "it changed while it was read; what is here was read then"
    for turn in range(ROUNDS):
        state = hashlib.sha256()
        version, at, changed = None, 0, False
        while True:
            ((size, mtime, data, error),) = agent.read([(row.entry.path, at, _PIECE_BYTES)])
            if error:
                journal.settle(row.id, State.FAILED, f"it cannot be read: {error}")
                return
            changed = changed or (version not in (None, (size, mtime)))
            version = (size, mtime)
            if changed and turn < ROUNDS - 1:
                break
            _write(store, row, at, data)
            state.update(data)
            meter.add(len(data))
            at += len(data)
            if not data or at >= size:
                entry = replace(row.entry, size_bytes=at, mtime_ns=mtime)
                place(row, Arrived(entry, state.digest(), reason if changed else ""))
                return


def _write(store: Store, row: Row, at: int, data: bytes) -> None:
    part = store.part(row.id)
    try:
        with part.open("r+b" if at else "wb") as stream:
            stream.seek(at)
            stream.write(data)
    except OSError as error:
        raise disk_error(error, part) from error


__all__ = ["Agent", "bring", "found", "is_served", "opened", "walk"]
