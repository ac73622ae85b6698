"""When the machine itself goes down: the power fails, the battery is empty.

A system writes to its disk when it likes. After a crash a file can have its name, length and time and hold
zeros, and the journal can know less than there is, or more. To wait for the disk after each file would take
longer than most files; so the disk is waited for once, at the end of a pull, and before that the journal only
says in which run of the machine it was written. Where the next pull finds that to be another run, it believes
nothing that the disk did not have for certain: it compares files with their checksums, and begins parts anew.
"""

from __future__ import annotations

import uuid
from pathlib import Path

from takeout.progress import Progress, silent
from takeout.pull.journal import Journal
from takeout.pull.model import State
from takeout.pull.plan import beside, sum_of
from takeout.pull.row import Row
from takeout.pull.store import CannotKeepError, Store

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_UNSURE = "flushed = 0 AND sha IS NOT NULL"


def this_boot() -> str:
    """Return what tells this run of the machine from the one before.

    Where the system does not tell, every pull is a run of its own: one that was killed then counts as a crash.

    Source: random(4), boot_id.
    """
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return uuid.uuid4().hex


def look_after_crash(journal: Journal, store: Store, progress: Progress = silent) -> int:
    """Find out what a crash of the machine has damaged, where there was one; it is fetched again.

    Returns:
        How many files are damaged.

    Raises:
        DiskError: When the disk is full or broken.
    """
    damaged, boot = 0, this_boot()
    if journal.boot not in ("", boot):
        total = journal.sums(_UNSURE)[0]
        for number, row in enumerate(journal.rows(_UNSURE)):
            progress("checking what is here after a crash", number, total)
            damaged += _see(journal, store, row)
        journal.doubt()
    # Before the first file comes: otherwise the next crash would go unseen.
    journal.written_in(boot)
    return damaged


def _see(journal: Journal, store: Store, row: Row) -> bool:
    """Look at one file; return whether it is damaged."""
    if row.state is State.KEPT:
        # The server's version is beside what was changed here.
        if sum_of(store.root / beside(row.local)) != row.sha:
            journal.forget_here(row.id)
            return True
        return False
    try:
        status = store.state(row.local)
    except CannotKeepError:
        return False
    if status is None:
        journal.forget_here(row.id)
        return True
    if status.st_mtime_ns != row.here_mtime or sum_of(store.root / row.local) == row.sha:
        # With another time somebody has changed it since; that is for the plan to see.
        return False
    # It has the very time that it was given here: nobody wrote into it but the crash.
    store.remove(row.local)
    journal.forget_here(row.id)
    return True
