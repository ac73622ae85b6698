"""Files that the agent reads: what ``files/`` does not serve, and small ones, of which it sends many at once."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from takeout.progress import Progress, silent
from takeout.pull.disk import disk_error
from takeout.pull.fetch import ROUNDS
from takeout.pull.journal import Journal
from takeout.pull.keeping import Keeper
from takeout.pull.meter import Meter
from takeout.pull.model import UNKNOWN
from takeout.pull.placing import Arrived, Placer
from takeout.pull.plan import TO_FETCH
from takeout.pull.row import Row
from takeout.pull.store import Store
from takeout.pull.through import Agent

if TYPE_CHECKING:
    from hashlib import _Hash

SMALL_BYTES = 256 << 10
"""A file up to this length comes sooner in a batch of the agent than with a request of its own."""
BATCH_BYTES = 2 << 20
BATCH_FILES = 400
_PIECE_BYTES = 2 << 20
_READ_BYTES = 1 << 20
_CHANGED = "it changed while it was read; what is here was read then"


class Bringer:
    """Fetches files through the agent.

    Args:
        agent: The agent.
        journal: The journal.
        store: The destination.
        placer: Puts in place what is whole.
        meter: Counts what comes.
    """

    def __init__(self, agent: Agent, journal: Journal, store: Store, placer: Placer, meter: Meter) -> None:
        self._agent = agent
        self._journal = journal
        self._store = store
        self._placer = placer
        self._meter = meter
        self._on_the_way: tuple[Row, int] | None = None

    def bring(
        self, round_number: int, total_bytes: int, progress: Progress = silent, *, small_bytes: int = -1
    ) -> None:
        """Fetch what the file interface does not serve.

        Args:
            round_number: The walk.
            total_bytes: How much is to come in all, for the progress.
            progress: Told how many bytes came.
            small_bytes: Fetch also what is served and no longer than this.

        Raises:
            ToolError: When the agent breaks every time.
            TokenError: When the token is not accepted any more.
            NetworkError: When the server is gone.
            DiskError: When the disk is full or broken.
        """
        keeper = Keeper(self._journal, self._meter, progress, total_bytes, self._note)
        batch: list[Row] = []
        size = 0
        try:
            wanted = f"{TO_FETCH} AND (served = 0 OR size <= ?)"
            for row in self._journal.rows(wanted, (round_number, small_bytes), order="size"):
                length = row.entry.size_bytes
                if batch and (size + length > BATCH_BYTES or len(batch) == BATCH_FILES):
                    self._many(batch, keeper)
                    batch, size = [], 0
                if length > BATCH_BYTES:
                    self._one(row, keeper)
                else:
                    batch.append(row)
                    size += length
            if batch:
                self._many(batch, keeper)
        finally:
            self._note()

    def _many(self, rows: list[Row], keeper: Keeper) -> None:
        # One byte more than the listed length shows a file that has grown.
        answers = self._agent.read([(row.entry.path, 0, row.entry.size_bytes + 1) for row in rows])
        for row, (size, mtime, data, error) in zip(rows, answers, strict=True):
            if error:
                self._placer.fail(row, f"it cannot be read: {error}")
            elif size != len(data):
                self._one(row, keeper)
            else:
                self._write(row, 0, data)
                self._meter.add(len(data))
                entry = replace(row.entry, size_bytes=size, mtime_ns=mtime)
                reason = _CHANGED if mtime == UNKNOWN else ""
                self._placer.place(row, Arrived(entry, hashlib.sha256(data).digest(), reason))
        keeper.beat()

    def _one(self, row: Row, keeper: Keeper) -> None:
        """Fetch a file in pieces, from where an earlier run left it; one that changes meanwhile is read anew."""
        at, state = self._begun(row)
        version = (row.entry.size_bytes, row.entry.mtime_ns) if at else None
        turn, changed = 0, False
        while True:
            ((size, mtime, data, error),) = self._agent.read([(row.entry.path, at, _PIECE_BYTES)])
            if error:
                self._on_the_way = None
                self._placer.fail(row, f"it cannot be read: {error}")
                return
            changed = changed or mtime == UNKNOWN or version not in (None, (size, mtime))
            if changed and turn < ROUNDS - 1:
                turn, changed = turn + 1, False
                at, state, version = 0, hashlib.sha256(), None
                self._journal.forget_parts(row.id)
                continue
            row = replace(row, entry=replace(row.entry, size_bytes=size, mtime_ns=mtime))
            version = (size, mtime)
            self._write(row, at, data)
            state.update(data)
            self._meter.add(len(data))
            at += len(data)
            self._on_the_way = (row, at)
            keeper.beat()
            if not data or at >= size:
                self._on_the_way = None
                entry = replace(row.entry, size_bytes=at)
                self._placer.place(row, Arrived(entry, state.digest(), _CHANGED if changed else ""))
                return

    def _begun(self, row: Row) -> tuple[int, _Hash]:
        """Return how much of a file an earlier run has brought, and the hash of that."""
        state, done = hashlib.sha256(), 0
        part = self._store.part(row.id)
        noted = self._journal.parts(row.id, row.entry).get(0, 0)
        try:
            if not noted or not part.exists():
                return 0, state
            with part.open("rb") as stream:
                while done < noted and (data := stream.read(min(_READ_BYTES, noted - done))):
                    state.update(data)
                    done += len(data)
        except OSError as error:
            raise disk_error(error, part) from error
        return done, state

    def _note(self) -> None:
        if self._on_the_way is not None:
            row, at = self._on_the_way
            self._journal.note_part(row.id, row.entry, 0, at)

    def _write(self, row: Row, at: int, data: bytes) -> None:
        part = self._store.part(row.id)
        try:
            with part.open("r+b" if at else "wb") as stream:
                stream.seek(at)
                stream.write(data)
        except OSError as error:
            raise disk_error(error, part) from error
