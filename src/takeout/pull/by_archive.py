"""Pull through Takeout's extension on the server: one listing, then the archive as one stream.

Everything comes, hidden files, links and permissions too, and nothing is started on the server. Where the home
does not keep still, or the extension goes away, what is left is fetched file by file.
"""

from __future__ import annotations

import time

from takeout.pull import contents
from takeout.pull.answers import AbsentError, AskAgainError, FailedError, GaveUpError, RefusedError
from takeout.pull.listing import READ_SECONDS, UnlistedError, fetch_listing
from takeout.pull.listing_lines import Archive, Listing
from takeout.pull.model import Found, RemoteEntry
from takeout.pull.names import Names
from takeout.pull.plan import Planned, plan
from takeout.pull.prove import UNPROVEN, disprove, keep_same, prove, read_sums
from takeout.pull.ready import Brought, Ready, see_room
from takeout.pull.sink import SUMS, Sink
from takeout.pull.stream import WANTED, Stream, TreeChangedError
from takeout.pull.through_walk import is_served

ROUNDS = 5
"""How often a home that changes meanwhile is listed anew; after that its files are fetched one by one."""
NOTE = "Takeout on the server sent hidden files, links and permissions too"
RESTLESS_NOTE = "files on the server kept changing: part of them was fetched one by one"
_NOT_SENT = "the server did not send it whole, and its file interface does not show it; try --through kernel"
_SAMPLE_BYTES = 16 << 20
_SAMPLE_SECONDS = 3.0


def by_archive(ready: Ready) -> Brought | None:
    """Bring a home through the extension; None where the server has none, or does not let it be used.

    Raises:
        TokenError: When the token is not accepted any more.
        NetworkError: When the server is gone.
        DiskError: When the disk is full or broken.
    """
    first: Planned | None = None
    try:
        for _ in range(ROUNDS):
            listing, names = _listed(ready)
            planned = plan(ready.journal, ready.store, ready.round, ready.options, ready.progress, proves=True)
            ready.journal.commit()
            first = first or planned
            if ready.options.dry_run:
                seconds = _estimate(ready, listing.archive, planned)
                return Brought(_found(listing), names, planned, seconds)
            see_room(ready, planned)
            still = _stream(ready, listing.archive, planned)
            if still:
                break
    except UnlistedError:
        if first is None:
            return None
        still = False
    disprove(ready.journal, ready.store, ready.round)
    # What changed while it was sent, or could not be sent, and nothing where all is well.
    ready.work().run(ready.round, planned.size_bytes, ready.progress)
    ready.journal.fail_wanted(ready.round, _NOT_SENT)
    notes = (NOTE,) if still else (NOTE, RESTLESS_NOTE)
    return Brought(_found(listing, notes), names, first or planned)


def _found(listing: Listing, notes: tuple[str, ...] = (NOTE,)) -> Found:
    return Found(tuple(listing.not_taken), tuple(listing.left_out), notes=notes)


def _listed(ready: Ready) -> tuple[Listing, Names]:
    """Record the server's tree as a walk of its own."""
    missing = set(contents.shown(ready.reached.connection))
    names = ready.names()
    number: int | None = None

    def put(entry: RemoteEntry) -> None:
        nonlocal number
        if number is None:
            # Not before: a listing that does not come whole leaves the walk before it as it is.
            number = ready.round = ready.journal.next_round()
        missing.discard(entry.path)
        ready.journal.put(entry, names.local(entry.path), number)

    connection = ready.reached.connection

    def served(path: str) -> bool:
        return is_served(path, connection.folder)

    listing = fetch_listing(connection, ready.options, put, served, ready.progress)
    if number is None:
        ready.round = ready.journal.next_round()
    left_out = {item.path for item in (*listing.left_out, *listing.not_taken)}
    if missing - left_out:
        # The extension's directory is another one than the file interface's: no file may be asked for there.
        ready.journal.not_by_files(ready.round)
    ready.journal.commit()
    return listing, names


def _stream(ready: Ready, archive: Archive, planned: Planned) -> bool:
    """Fetch what is wanted of one archive, and prove it; return whether the home kept still.

    Raises:
        UnlistedError: When the archive cannot be had any more.
    """
    journal, store = ready.journal, ready.store
    sink = Sink(archive, journal, store, ready.placer, ready.meter)
    stream = Stream(ready.reached.connection, archive, journal, meter=ready.meter, sink=sink)
    sums = store.own_part(SUMS)
    try:
        if ready.options.checksum and planned.files:
            stream.sums()
            keep_same(journal, ready.round, WANTED, read_sums(sums, archive.prefix))
        if journal.sums(f"({WANTED}) OR ({UNPROVEN})", (ready.round, ready.round))[0]:
            stream.run(ready.round, planned.size_bytes, ready.progress)
            prove(
                journal,
                store,
                ready.round,
                read_sums(sums, archive.prefix),
                waiting=sink.waiting,
                placer=ready.placer,
            )
    except TreeChangedError:
        return False
    except (AbsentError, RefusedError, FailedError, GaveUpError) as error:
        raise UnlistedError(str(error)) from error
    finally:
        sums.unlink(missing_ok=True)
    return True


def _estimate(ready: Ready, archive: Archive, planned: Planned) -> float:
    """Return how long the stream would take, from its beginning: small files and large ones are one stream."""
    places = list(ready.journal.places(WANTED, (ready.round,)))
    if not places:
        return 0.0
    start, stop = places[0][0], archive.length
    headers = {"Range": f"bytes={start}-{stop - 1}", "If-Range": f'"{archive.tag}"'}
    began, got = time.monotonic(), 0

    def once() -> float:
        nonlocal began, got
        with ready.reached.connection.ask(archive.address, headers=headers, head_seconds=READ_SECONDS) as answer:
            began, got = time.monotonic(), 0
            for chunk in answer.body:
                got += len(chunk)
                if got >= _SAMPLE_BYTES or time.monotonic() - began > _SAMPLE_SECONDS:
                    break
        return got / max(time.monotonic() - began, 1e-3)

    try:
        rate = ready.reached.connection.insist(once)
    except (AbsentError, RefusedError, FailedError, GaveUpError, AskAgainError):
        return 0.0
    return planned.size_bytes / rate if rate else 0.0
