"""A pull from its beginning to its end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from takeout.archive.home.entry import Kind
from takeout.archive.home.patterns import rules_of_options
from takeout.errors import OptionError
from takeout.progress import Progress, silent
from takeout.pull import contents, ending, through, through_walk, walk
from takeout.pull.address import folder_in
from takeout.pull.by_archive import by_archive
from takeout.pull.choose import Chooser
from takeout.pull.environment import capture_environment
from takeout.pull.estimate import estimate_seconds
from takeout.pull.folder import take_folder
from takeout.pull.model import Found, Named, Options, Report
from takeout.pull.names import Limits, Names
from takeout.pull.pace import Pace, StoppedError
from takeout.pull.plan import plan
from takeout.pull.reach import reach
from takeout.pull.ready import Brought, Ready, opened, see_room
from takeout.pull.sums import write_report, write_sums
from takeout.pull.through_files import SMALL_BYTES, Bringer
from takeout.pull.token import Token


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
        raise OptionError("--connections must be 1 or more", hint="leave it out for as many as the server bears")
    rules_of_options(asked.exclude)
    pace = Pace(asked.connections)
    began = time.monotonic()
    with _stopping(pace):
        reached = reach(address, token, asked, pace, progress)
        try:
            seen = folder_in(address)
            chosen = take_folder(reached.connection, asked.folder, user=reached.user, seen=seen)
            with opened(reached, destination, asked, progress=progress, limits=limits, pace=pace) as ready:
                ready.notes = (*chosen, *ready.notes)
                if asked.with_environment and not asked.dry_run:
                    _capture(ready)
                report = _steps(ready)
        finally:
            with closing(reached):
                stopped = not asked.leave_running and reached.stop()
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


def _steps(ready: Ready) -> Report:
    """Walk, compare, fetch, finish: in the best way that the server offers."""
    if ready.options.extension and not ready.options.through:
        brought = by_archive(ready)
        if brought is not None:
            return _dry(ready, brought) if ready.options.dry_run else _finish(ready, brought)
    with through.opened(ready.reached.connection, ready.options.through) as agent:
        brought = _by_files(ready, agent)
        return _dry(ready, brought) if ready.options.dry_run else _finish(ready, brought)


def _capture(ready: Ready) -> None:
    """Capture what the notebooks need, before all else: should the server end half-way, it is here."""
    from takeout.workspace.capture import DOCUMENT  # noqa: PLC0415 - few pulls need it

    reason = capture_environment(ready.reached.connection, ready.store.root, ready.progress)
    if reason:
        ready.not_taken = (Named(DOCUMENT, f"the environments could not be captured: {reason}"),)
    else:
        # The fresh document is in the place of one that was captured on the server before.
        ready.options = replace(ready.options, exclude=(*ready.options.exclude, f"/{DOCUMENT}"))


def _by_files(ready: Ready, agent: through.Agent | None) -> Brought:
    """Bring what the server's file interface gives, and with an agent the rest."""
    journal, options, store = ready.journal, ready.options, ready.store
    ready.round = journal.next_round()
    found, names = _walk(ready, agent)
    journal.commit()
    planned = plan(journal, store, ready.round, options, ready.progress)
    journal.commit()
    if options.dry_run:
        seconds = estimate_seconds(ready.reached.connection, ready.workers, journal, ready.round)
        return Brought(found, names, planned, estimate_seconds=seconds)
    see_room(ready, planned)
    bringer = Bringer(agent, journal, store, ready.placer, ready.meter) if agent is not None else None
    if bringer is not None:
        bringer.bring(ready.round, planned.size_bytes, ready.progress, small_bytes=SMALL_BYTES)
    ready.work().run(ready.round, planned.size_bytes, ready.progress)
    if bringer is not None:
        journal.not_served(ready.round)
        bringer.bring(ready.round, planned.size_bytes, ready.progress)
    return Brought(found, names, planned)


def _finish(ready: Ready, brought: Brought) -> Report:
    """Make what is no file, and say what was done."""
    journal, options, store = ready.journal, ready.options, ready.store
    ending.directories(journal, store, ready.round)
    ending.twins(journal, store, ready.round)
    ending.links(journal, store, ready.round)
    gone, deleted = ending.vanished(journal, store, ready.round, brought.found, delete=options.delete)
    ending.times(journal, store, ready.round)
    store.forget_parts(journal.begun())
    journal.commit()
    ready.progress("writing to the disk", 0, 0)
    store.flush()
    report = replace(
        _summary(ready, brought),
        fetched_files=ready.placer.placed,
        fetched_bytes=ready.meter.received_bytes,
        gone=gone,
        deleted=deleted,
    )
    write_sums(journal, store, ready.round)
    write_report(store, report)
    journal.flushed(whole=True)
    return report


def _walk(ready: Ready, agent: through.Agent | None) -> tuple[Found, Names]:
    names = ready.names()
    connection = ready.reached.connection
    if agent is not None:
        chooser = Chooser(ready.options)
        shown = contents.shown(connection)
        entries, not_taken, unlisted = through_walk.walk(agent, chooser, shown, connection.folder)
        for entry in entries:
            ready.journal.put(entry, names.local(entry.path), ready.round)
        return through_walk.found(chooser, not_taken, unlisted), names
    entries, seen, chooser = walk.walk(connection, ready.workers, ready.options, ready.progress)
    for entry in entries:
        ready.journal.put(entry, names.local(entry.path), ready.round)
    return seen.found(chooser), names


def _dry(ready: Ready, brought: Brought) -> Report:
    return replace(
        _summary(ready, brought),
        fetched_files=brought.planned.files,
        fetched_bytes=brought.planned.size_bytes,
        dry_run=True,
        estimate_seconds=brought.estimate_seconds,
    )


def _summary(ready: Ready, brought: Brought) -> Report:
    found, names, planned = brought.found, brought.names, brought.planned
    journal, number = ready.journal, ready.round
    files, size = ending.here(journal, number)
    named = ending.named(journal, number)
    return Report(
        server=ready.reached.connection.address,
        folder=ready.reached.connection.folder,
        destination=ready.store.root,
        files=files,
        size_bytes=size,
        unchanged_files=planned.unchanged,
        directories=journal.sums("round = ? AND kind = ?", (number, Kind.DIRECTORY))[0],
        links=journal.sums("round = ? AND kind = ?", (number, Kind.SYMLINK))[0],
        not_taken=(*ready.not_taken, *found.not_taken, *named.failed),
        suspect=named.suspect,
        changed_here=named.kept,
        renamed=ending.renamed(names),
        left_out=found.left_out,
        notes=(*ready.notes, *found.notes),
    )
