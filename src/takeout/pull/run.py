"""A pull from its beginning to its end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from takeout.archive.entry import Kind
from takeout.archive.patterns import rules_of_options
from takeout.errors import DiskError, OptionError, Where
from takeout.progress import Progress, silent
from takeout.pull import contents, ending, through
from takeout.pull.choose import Chooser
from takeout.pull.estimate import estimate_seconds
from takeout.pull.fetch import Meter
from takeout.pull.journal import Journal
from takeout.pull.model import Found, Options, Report
from takeout.pull.names import Limits, Names, probe
from takeout.pull.pace import Pace, StoppedError
from takeout.pull.plan import Planned, plan
from takeout.pull.reach import Reached, reach
from takeout.pull.store import OWN, Store, disk_error
from takeout.pull.sums import write_report, write_sums
from takeout.pull.token import Token
from takeout.pull.work import Work
from takeout.pull.workers import Workers

SPARE_BYTES = 64 << 20
"""Room to leave on the disk, for the journal and whoever else writes there."""


@dataclass(slots=True)
class _Pull:
    """What the steps of one pull share."""

    reached: Reached
    workers: Workers
    store: Store
    journal: Journal
    options: Options
    limits: Limits
    progress: Progress
    meter: Meter
    round: int = 0


def pull(
    address: str,
    destination: Path,
    token: Token,
    options: Options | None = None,
    *,
    progress: Progress = silent,
    limits: Limits | None = None,
) -> Report:
    """Bring a home from a running Jupyter server; run again, bring what changed.

    Args:
        address: The server's address, or the hub's.
        destination: The directory that becomes the home's copy.
        token: The server's or the hub's token.
        options: What else was asked for.
        progress: Told the step and how far it is; ``bytes`` in bytes.
        limits: What the file system here holds; tried out where None.

    Raises:
        OptionError: When the address or an option makes no sense.
        TokenError: When the token is not accepted, or not any more.
        NetworkError: When the server does not answer.
        DirectoryError: When the destination is not one, or of another server.
        DiskError: When the disk is full or broken.
    """
    asked = options or Options()
    if asked.connections < 1:
        raise OptionError("--connections must be 1 or more")
    rules_of_options(asked.exclude)
    pace = Pace(asked.connections)
    began = time.monotonic()
    with _stopping(pace):
        reached = reach(address, token, asked, pace, progress)
        try:
            with _ready(reached, destination, asked, progress=progress, limits=limits, pace=pace) as ready:
                report = _steps(ready)
        finally:
            stopped = not asked.leave_running and reached.stop()
            reached.close()
    notes = (*report.notes, "the server that was started for this was stopped again") if stopped else report.notes
    return replace(report, seconds=time.monotonic() - began, retries=pace.retries, notes=notes)


@contextmanager
def _stopping(pace: Pace) -> Iterator[None]:
    """End every thread's work when the pull ends, whatever ends it."""
    try:
        yield
    except StoppedError:
        raise KeyboardInterrupt from None
    finally:
        pace.stop()


@contextmanager
def _ready(
    reached: Reached, destination: Path, options: Options, *, progress: Progress, limits: Limits | None, pace: Pace
) -> Iterator[_Pull]:
    """Open the destination; a dry run keeps its journal in memory and writes nothing."""
    server = reached.connection.address
    known = (destination / OWN / "journal.sqlite").exists()
    if options.dry_run and not known:
        store, journal = Store.unwritten(destination), Journal(":memory:", server)
    else:
        store = Store(destination)
        journal = Journal(store.journal, server)
    workers = Workers(options.connections)
    try:
        if options.dry_run and known:
            journal = journal.in_memory()
        here = limits or (Limits() if options.dry_run else _probed(store))
        yield _Pull(reached, workers, store, journal, options, here, progress, Meter())
    finally:
        workers_end = not pace.stopped.is_set()
        pace.stop()
        workers.close(2.0 if workers_end else 0.5)
        journal.close()


def _probed(store: Store) -> Limits:
    try:
        return probe(store.root / OWN)
    except OSError as error:
        raise disk_error(error, store.root) from error


def _steps(ready: _Pull) -> Report:
    """Walk, compare, fetch, finish."""
    with through.opened(ready.reached.connection, ready.options.through) as agent:
        return _with_agent(ready, agent)


def _with_agent(ready: _Pull, agent: through.Agent | None) -> Report:
    journal, options, store = ready.journal, ready.options, ready.store
    ready.round = journal.next_round()
    found, names = _walk(ready, agent)
    journal.commit()
    planned = plan(journal, store, ready.round, options, ready.progress)
    journal.commit()
    if options.dry_run:
        return _dry(ready, found, names, planned)
    _room(ready, planned)
    work = Work(ready.reached.connection, ready.workers, journal, store, options=options, meter=ready.meter)
    work.run(ready.round, planned.size_bytes, ready.progress)
    if agent is not None:
        journal.not_served(ready.round)
        through.bring(
            agent, journal, store, ready.round, meter=ready.meter, place=work.place, progress=ready.progress
        )
    ending.directories(journal, store, ready.round)
    ending.twins(journal, store, ready.round)
    ending.links(journal, store, ready.round)
    gone, deleted = ending.vanished(journal, store, ready.round, found.unlisted, delete=options.delete)
    ending.times(journal, store, ready.round)
    journal.commit()
    report = replace(
        _summary(ready, found, names, planned),
        fetched_files=work.fetched,
        fetched_bytes=ready.meter.received_bytes,
        gone=gone,
        deleted=deleted,
    )
    write_sums(journal, store, ready.round)
    write_report(store, report)
    return report


def _walk(ready: _Pull, agent: through.Agent | None) -> tuple[Found, Names]:
    names = Names(ready.limits, ready.journal.renamed(), (OWN,))
    connection = ready.reached.connection
    if agent is not None:
        chooser = Chooser(ready.options)
        entries, not_taken, unlisted = through.walk(agent, chooser, contents.shown(connection))
        for entry in entries:
            ready.journal.put(entry, names.local(entry.path), ready.round)
        return through.found(chooser, not_taken, unlisted), names
    entries, seen, chooser = contents.walk(connection, ready.workers, ready.options, ready.progress)
    for entry in entries:
        ready.journal.put(entry, names.local(entry.path), ready.round)
    return seen.found(chooser), names


def _room(ready: _Pull, planned: Planned) -> None:
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


def _dry(ready: _Pull, found: Found, names: Names, planned: Planned) -> Report:
    seconds = estimate_seconds(ready.reached.connection, ready.workers, ready.journal, ready.round)
    report = _summary(ready, found, names, planned)
    return replace(
        report,
        fetched_files=planned.files,
        fetched_bytes=planned.size_bytes,
        dry_run=True,
        estimate_seconds=seconds,
    )


def _summary(ready: _Pull, found: Found, names: Names, planned: Planned) -> Report:
    journal, number = ready.journal, ready.round
    files, size = ending.here(journal, number)
    named = ending.named(journal, number)
    return Report(
        server=ready.reached.connection.address,
        destination=ready.store.root,
        files=files,
        size_bytes=size,
        unchanged_files=planned.unchanged,
        directories=journal.sums("round = ? AND kind = ?", (number, Kind.DIRECTORY))[0],
        links=journal.sums("round = ? AND kind = ?", (number, Kind.SYMLINK))[0],
        not_taken=(*found.not_taken, *named.failed),
        suspect=named.suspect,
        changed_here=named.kept,
        renamed=ending.renamed(names),
        left_out=found.left_out,
        notes=found.notes,
    )
