"""Fetch all that a plan wants: many small files at once, large ones in many pieces."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from takeout.errors import DiskError
from takeout.progress import Progress, silent
from takeout.pull.connection import Connection
from takeout.pull.contents import stat, there
from takeout.pull.fetch import ROUNDS, Fetcher, pieces
from takeout.pull.journal import Journal
from takeout.pull.keeping import Keeper
from takeout.pull.meter import Meter
from takeout.pull.model import Options, RemoteEntry
from takeout.pull.placing import Arrived, Placer
from takeout.pull.plan import TO_FETCH
from takeout.pull.reasons import ends_pull, why_not
from takeout.pull.receive import ChangedError, Mark, NoRangesError
from takeout.pull.row import Row
from takeout.pull.store import Store
from takeout.pull.workers import Ends, Task, Workers

_WAIT_SECONDS = 0.1
_END_SECONDS = 1.0

Call = tuple["_Job", Mark, Callable[..., Any], tuple[Any, ...]]


@dataclass(slots=True)
class _Job:
    """A file on its way.

    Attributes:
        row: The file.
        left: How many of its pieces are not complete.
        failed: Why it has to be begun again, if it has.
        alone: Whether it is fetched in one piece.
    """

    row: Row
    left: int = 0
    failed: BaseException | None = None
    alone: bool = False


class Work:
    """The fetching of one pull, file by file.

    Args:
        connection: The server.
        workers: Threads.
        journal: The journal.
        store: The destination.
        placer: Puts in place what is whole.
        options: What was asked for.
        meter: Counts what comes.
    """

    def __init__(
        self,
        connection: Connection,
        workers: Workers,
        journal: Journal,
        store: Store,
        placer: Placer,
        *,
        options: Options,
        meter: Meter,
    ) -> None:
        self._connection = connection
        self._workers = workers
        self._journal = journal
        self._store = store
        self._placer = placer
        self._options = options
        self._meter = meter
        self._fetcher = Fetcher(connection, meter)
        self._begun: set[int] = set()
        self._ends: Ends[Any] = Ends()
        self._running: dict[Task[Any], tuple[_Job, Mark]] = {}
        self._noted: dict[Mark, tuple[RemoteEntry, int]] = {}
        self._again: list[_Job] = []
        self._rounds: Counter[int] = Counter()
        self._ranges = True

    def run(self, round_number: int, total_bytes: int, progress: Progress = silent) -> None:
        """Fetch every file that the journal wants in a round.

        Raises:
            TokenError: When the token is not accepted any more.
            NetworkError: When the server is gone.
            DiskError: When the disk is full or broken.
        """
        self._begun = self._journal.begun()
        keeper = Keeper(self._journal, self._meter, progress, total_bytes, self._note_all)
        running = self._running
        calls = self._calls(round_number)
        try:
            while True:
                while len(running) < 2 * self._workers.count and (wanted := next(calls, None)) is not None:
                    job, mark, call, arguments = wanted
                    running[self._workers.submit(self._ends, call, *arguments)] = (job, mark)
                if not running:
                    if not self._again:
                        break
                    calls = self._calls_again()
                    continue
                for task in self._ends.take(_WAIT_SECONDS):
                    job, mark = running[task]
                    self._ended(job, mark, task)
                    # Only now: whatever ends the pull before this point, what came is still noted below.
                    del running[task]
                keeper.beat()
        finally:
            if running:
                # What is on its way shows how far it came; a request without an answer is not waited for.
                self._connection.pace.stop()
                self._wait()
                with contextlib.suppress(DiskError):
                    self._keep_what_came()
        if self._placer.placed:
            keeper.show()

    def _calls(self, round_number: int) -> Iterator[Call]:
        # The smallest first: should the hub go away half-way, the notebooks are here and not one large file.
        for row in self._journal.rows(f"{TO_FETCH} AND served", (round_number,), order="size"):
            yield from self._of_job(_Job(row))
            yield from self._calls_again()

    def _calls_again(self) -> Iterator[Call]:
        while self._again:
            yield from self._of_job(self._again.pop())

    def _of_job(self, job: _Job) -> Iterator[Call]:
        row, entry = job.row, job.row.entry
        part = self._store.part(row.id)
        noted = self._journal.parts(row.id, entry) if row.id in self._begun and part.exists() else {}
        job.left, job.alone = 1, True
        listed = pieces(entry, noted, ranges=self._ranges and self._rounds[row.id] < ROUNDS)
        if len(listed) == 1:
            done = min(listed[0].done, part.stat().st_size) if listed[0].done else 0
            mark = Mark(entry, 0, done)
            yield job, mark, self._whole, (row, mark)
            return
        open_pieces = [piece for piece in listed if piece.done < piece.stop]
        job.left, job.alone = max(1, len(open_pieces)), False
        if not open_pieces:
            yield job, Mark(entry, 0, 0), self._fetcher.finish, (entry, part)
        for piece in open_pieces:
            mark = Mark(entry, piece.start, piece.done)
            yield job, mark, self._fetcher.piece, (entry, part, piece, mark)

    def _whole(self, row: Row, mark: Mark) -> Arrived:
        if self._options.checksum and row.sha and row.have_size == row.entry.size_bytes and self._same_hash(row):
            return Arrived(row.entry, b"")
        return self._fetcher.whole(row.entry, self._store.part(row.id), mark)

    def _same_hash(self, row: Row) -> bool:
        """Ask the server for a file's hash; Jupyter Server can tell it from 2.11 on."""
        path = f"api/contents/{there(self._connection, row.entry.path)}?content=0&hash=1&type=file"
        model = self._connection.json(path)
        return isinstance(model, dict) and model.get("hash") == row.sha.hex() != ""

    def _ended(self, job: _Job, mark: Mark, task: Task[Any]) -> None:
        """Take the end of a task in."""
        error = task.error
        if error is not None and ends_pull(error):
            raise error
        if error is None and isinstance(arrived := task.result(), Arrived):
            self._placer.place(job.row, arrived)
            self._noted.pop(mark, None)
            return
        self._note(job.row, mark)
        self._noted.pop(mark, None)
        job.failed = job.failed or error
        job.left -= 1
        if job.left == 0:
            self._all_pieces(job)

    def _all_pieces(self, job: _Job) -> None:
        """Finish a file whose pieces have all ended, one way or the other."""
        row, error = job.row, job.failed
        if error is None:
            # Its pieces are complete; the task that sums them up and looks whether it changed comes next.
            self._again.append(_Job(row))
        elif isinstance(error, NoRangesError):
            self._ranges = False
            self._begin_anew(job)
        elif isinstance(error, ChangedError) and not job.alone and self._rounds[row.id] < ROUNDS:
            self._rounds[row.id] += 1
            self._begin_anew(job)
        else:
            self._placer.fail(row, why_not(error))

    def _begin_anew(self, job: _Job) -> None:
        row = job.row
        now = stat(self._connection, row.entry.path)
        if now is not None:
            entry = replace(row.entry, size_bytes=now.size_bytes, mtime_ns=now.mtime_ns)
            row = replace(row, entry=entry)
        self._journal.forget_parts(row.id)
        # Before the first byte of the new version is written over the old one.
        self._journal.commit()
        self._again.append(_Job(row))

    def _wait(self) -> None:
        """Wait until what is on its way has ended, not for long."""
        end = time.monotonic() + _END_SECONDS
        while not all(task.done for task in self._running) and (left := end - time.monotonic()) > 0:
            self._ends.take(left)

    def _keep_what_came(self) -> None:
        """Put in place what is whole, and note how far the rest is: whatever came is not asked for again."""
        self._note_all()
        for task, (job, _) in self._running.items():
            whole = task.done and task.error is None and isinstance(task.result(), Arrived)
            if whole and self._store.part(job.row.id).exists():
                self._placer.place(job.row, task.result())

    def _note_all(self) -> None:
        """Record how far everything is that is on its way."""
        for job, mark in self._running.values():
            self._note(job.row, mark)

    def _note(self, row: Row, mark: Mark) -> None:
        entry, at = state = mark.state
        if at > mark.start and self._noted.get(mark) != state:
            self._journal.note_part(row.id, entry, mark.start, at)
            self._begun.add(row.id)
            self._noted[mark] = state
