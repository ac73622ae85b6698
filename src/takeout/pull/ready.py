"""What the steps of one pull share: the server, the threads, the destination and its journal."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from takeout.errors import DiskError, Where
from takeout.progress import Progress
from takeout.pull.crash import look_after_crash
from takeout.pull.disk import disk_error
from takeout.pull.journal import Journal
from takeout.pull.meter import Meter
from takeout.pull.model import Found, Named, Options
from takeout.pull.names import Limits, Names, probe
from takeout.pull.pace import Pace
from takeout.pull.placing import Placer
from takeout.pull.plan import Planned
from takeout.pull.reach import Reached
from takeout.pull.store import OWN, Store
from takeout.pull.work import Work
from takeout.pull.workers import Workers

SPARE_BYTES = 64 << 20
"""Room to leave on the disk, for the journal and whoever else writes there."""

_CRASH_NOTE = "this machine went down in an earlier pull; files here that were damaged by that: {count}"


@dataclass(slots=True)
class Ready:
    """What the steps of one pull share.

    Attributes:
        reached: The server.
        workers: Threads.
        store: The destination.
        journal: Its journal.
        options: What was asked for.
        limits: What the file system here holds.
        progress: Told the step and how far it is.
        meter: Counts what comes.
        placer: Puts in place what is whole.
        round: Number of the walk.
        not_taken: What could not be had beside the home's own entries.
        notes: What else a person must know.
    """

    reached: Reached
    workers: Workers
    store: Store
    journal: Journal
    options: Options
    limits: Limits
    progress: Progress
    meter: Meter
    placer: Placer
    round: int = 0
    not_taken: tuple[Named, ...] = ()
    notes: tuple[str, ...] = ()

    def names(self) -> Names:
        """Return what gives every path its path here."""
        return Names(self.limits, self.journal.renamed(), (OWN,))

    def work(self) -> Work:
        """Return what fetches single files."""
        return Work(
            self.reached.connection,
            self.workers,
            self.journal,
            self.store,
            self.placer,
            options=self.options,
            meter=self.meter,
        )


@dataclass(frozen=True, slots=True)
class Brought:
    """What one way of pulling has done.

    Attributes:
        found: What the walk found beside the entries.
        names: What has another name here.
        planned: What was to be fetched.
        estimate_seconds: How long it would take, in a dry run.
    """

    found: Found
    names: Names
    planned: Planned
    estimate_seconds: float = 0.0


@contextmanager
def opened(
    reached: Reached, destination: Path, options: Options, *, progress: Progress, limits: Limits | None, pace: Pace
) -> Iterator[Ready]:
    """Open the destination; a dry run keeps its journal in memory and writes nothing."""
    server = reached.connection.home_address
    known = (destination / OWN / "journal.sqlite").exists()
    if options.dry_run and not known:
        store, journal = Store.unwritten(destination), Journal(":memory:", server)
    else:
        store = Store(destination)
        journal = Journal(store.journal, server)
    workers = Workers(options.connections)
    writes = False
    try:
        if options.dry_run and known:
            journal = journal.in_memory()
        here = limits or (Limits() if options.dry_run else _probed(store))
        ready = Ready(reached, workers, store, journal, options, here, progress, Meter(), Placer(journal, store))
        if not options.dry_run:
            if damaged := look_after_crash(journal, store, progress):
                ready.notes = (_CRASH_NOTE.format(count=damaged),)
            writes = True
        yield ready
    finally:
        workers_end = not pace.stopped.is_set()
        pace.stop()
        workers.close(2.0 if workers_end else 0.5)
        try:
            if writes and journal.boot:
                # It ends early and in order: what came so far counts whatever happens to the machine.
                with contextlib.suppress(DiskError):
                    store.flush()
                    journal.flushed(whole=False)
        finally:
            journal.close()


def _probed(store: Store) -> Limits:
    try:
        return probe(store.root / OWN)
    except OSError as error:
        raise disk_error(error, store.root) from error


def see_room(ready: Ready, planned: Planned) -> None:
    """See that what is to come has room, before hours of it have come.

    Raises:
        DiskError: When it has not.
    """
    try:
        free = ready.store.free_bytes()
    except OSError as error:
        raise disk_error(error, ready.store.root) from error
    if planned.size_bytes + SPARE_BYTES > free:
        coming, room = planned.size_bytes / 1e9, max(0, free - SPARE_BYTES) / 1e9
        raise DiskError(
            f"{coming:.1f} GB are to come, and there is room for {room:.1f} GB",
            where=Where(str(ready.store.root)),
            hint="make room, give another directory, or leave out what can be made again (--preset slim)",
        )
