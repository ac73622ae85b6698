"""What of the server's files is to be fetched, and what is here already."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from takeout.archive.home.entry import Kind
from takeout.progress import Progress, silent
from takeout.pull.journal import Journal
from takeout.pull.model import UNKNOWN, Options, State
from takeout.pull.row import Row
from takeout.pull.store import CannotKeepError, Store

BESIDE = "from-hub"
"""Part of the name of the server's version of a file that was changed here too."""
TO_FETCH = f"round = ? AND kind = {Kind.FILE:d} AND twin = x'' AND state IN ({State.WANTED:d}, {State.BESIDE:d})"
"""The condition of what is to be fetched in a round; other names of a file are made from the first."""
_READ_BYTES = 1 << 20
_ROUNDING_NS = 2_000


@dataclass(frozen=True, slots=True)
class Planned:
    """What a plan comes to.

    Attributes:
        files: Files to fetch.
        size_bytes: Their length, as far as it is known, without what is here of them.
        unchanged: Files that are here already.
    """

    files: int
    size_bytes: int
    unchanged: int


def plan(
    journal: Journal,
    store: Store,
    round_number: int,
    options: Options,
    progress: Progress = silent,
    *,
    proves: bool = False,
) -> Planned:
    """Mark in the journal what is here already; what stays ``WANTED`` is to be fetched.

    Args:
        journal: The journal.
        store: The destination.
        round_number: The walk.
        options: What was asked for.
        progress: Told how many files were compared.
        proves: Whether what is here and not proven yet will be held against the server's checksums.
    """
    total, _ = journal.sums("round = ? AND kind = ?", (round_number, Kind.FILE))
    unchanged = 0
    rows = journal.rows(
        "round = ? AND kind = ? AND state = ? AND twin = x''", (round_number, Kind.FILE, State.WANTED)
    )
    for number, row in enumerate(rows):
        unchanged += _settle(journal, store, row, options, proves=proves)
        if number % 256 == 0:
            progress("compared", number, total)
    files, size = journal.sums(TO_FETCH, (round_number,))
    return Planned(files, max(0, size - journal.done_bytes(TO_FETCH, (round_number,))), unchanged)


def _settle(journal: Journal, store: Store, row: Row, options: Options, *, proves: bool) -> bool:
    """Decide about one file; return whether it is here already."""
    try:
        status = store.state(row.local)
    except CannotKeepError as error:
        journal.settle(row.id, State.FAILED, f"it cannot be kept here: {error}")
        return False
    if status is None:
        return False
    if not stat.S_ISREG(status.st_mode):
        if not (options.overwrite and stat.S_ISLNK(status.st_mode)):
            journal.settle(row.id, State.FAILED, "something else than a file is here in its place")
        return False
    path = store.root / row.local
    if not row.sha:
        return _adopt(journal, row, path, status, options, proves=proves)
    return (row.proven or proves) and _compare(journal, row, path, status, options)


def _compare(journal: Journal, row: Row, path: Path, status: os.stat_result, options: Options) -> bool:
    """Decide about a file that an earlier pull has brought."""
    same_there = row.entry.size_bytes == row.have_size != UNKNOWN and _same_time(
        row.entry.mtime_ns, row.have_mtime
    )
    touched = (status.st_size, status.st_mtime_ns) != (row.here_size, row.here_mtime)
    if options.checksum or (touched and status.st_size == row.here_size):
        # Without a change of content only its time is another one, by a copy or a careless tool.
        touched = sum_of(path) != row.sha
    if touched and not options.overwrite:
        reason = "it was changed here, and is left as it is"
        if not same_there:
            reason = f"it was changed here and on the hub; the hub's version is {beside(row.local)}"
        journal.settle(row.id, State.KEPT if same_there else State.BESIDE, reason)
        return same_there
    if touched or not same_there or options.checksum:
        return False
    journal.arrived(row.id, row.entry, row.sha, (status.st_size, status.st_mtime_ns), proven=row.proven)
    return True


def _adopt(
    journal: Journal, row: Row, path: Path, status: os.stat_result, options: Options, *, proves: bool
) -> bool:
    """Decide about a file that the journal does not know: an earlier run may have been killed after placing it."""
    same = status.st_size == row.entry.size_bytes and _same_time(status.st_mtime_ns, row.entry.mtime_ns)
    # After a crash of the machine a file may have its length and time and not its content.
    doubt = journal.in_doubt and not proves
    if doubt and _same_time(status.st_mtime_ns, row.entry.mtime_ns):
        return False
    if same and not options.checksum:
        here = (status.st_size, status.st_mtime_ns)
        journal.arrived(row.id, row.entry, sum_of(path), here, proven=not proves)
        return True
    if not options.overwrite:
        reason = f"another file was here already; the hub's version is {beside(row.local)}"
        journal.settle(row.id, State.BESIDE, reason)
    return False


def beside(local: str) -> str:
    """Return the name of the server's version of a file that was changed here too."""
    above, slash, name = local.rpartition("/")
    stem, dot, suffix = name.rpartition(".")
    if not stem:
        stem, dot, suffix = name, "", ""
    return f"{above}{slash}{stem}.{BESIDE}{dot}{suffix}"


def _same_time(first_ns: int, second_ns: int) -> bool:
    """Whether two times are one: a server tells it in microseconds, and rounds it on the way."""
    return abs(first_ns - second_ns) <= _ROUNDING_NS


def sum_of(path: Path) -> bytes:
    """Return the SHA-256 of a file; nothing where it cannot be read."""
    state = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while data := stream.read(_READ_BYTES):
                state.update(data)
    except OSError:
        return b""
    return state.digest()
