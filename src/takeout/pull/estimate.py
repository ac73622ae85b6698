"""How long a pull would take: a few files are read, and nothing is kept."""

from __future__ import annotations

import time

from takeout.pull.answers import AbsentError, FailedError, GaveUpError, RefusedError
from takeout.pull.connection import Connection
from takeout.pull.contents import there
from takeout.pull.journal import Journal
from takeout.pull.plan import TO_FETCH
from takeout.pull.row import Row
from takeout.pull.workers import Ends, Workers

SMALL_FILES = 96
_LARGE_BYTES = 16 << 20
_LEAST_LARGE = 1 << 20


def estimate_seconds(connection: Connection, workers: Workers, journal: Journal, round_number: int) -> float:
    """Return how long fetching what a plan wants would take, from a sample of it.

    Small files are limited by how many the server answers in a second, large ones by the line: each is measured.
    """
    files, size = journal.sums(TO_FETCH, (round_number,))
    if not files:
        return 0.0
    small: list[Row] = []
    for row in journal.rows(TO_FETCH, (round_number,), order="size"):
        small.append(row)
        if len(small) == SMALL_FILES:
            break
    began = time.monotonic()
    ends: Ends[int] = Ends()
    tasks = [workers.submit(ends, _read, connection, row, _LEAST_LARGE) for row in small]
    while not all(task.done for task in tasks):
        ends.take()
    per_file = (time.monotonic() - began) / len(small)
    large = next(journal.rows(f"{TO_FETCH} AND size >= {_LEAST_LARGE}", (round_number,), order="size"), None)
    if large is None:
        return per_file * files
    began = time.monotonic()
    got = _read(connection, large, _LARGE_BYTES)
    rate = got / max(time.monotonic() - began, 1e-6)
    return per_file * files + (size / rate if rate else 0.0)


def _read(connection: Connection, row: Row, most_bytes: int) -> int:
    def once() -> int:
        got = 0
        headers = {"Range": f"bytes=0-{most_bytes - 1}"} if row.entry.size_bytes > most_bytes else {}
        with connection.ask(f"files/{there(connection, row.entry.path)}", headers=headers) as answer:
            for chunk in answer.body:
                got += len(chunk)
                if got >= most_bytes:
                    break
        return got

    try:
        return connection.insist(once)
    except (AbsentError, FailedError, RefusedError, GaveUpError, UnicodeEncodeError):
        return 0
