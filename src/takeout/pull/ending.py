"""After the files: directories, links, what is gone, times, and the sum of it all."""

from __future__ import annotations

import os
from dataclasses import dataclass

from takeout.archive.home.entry import Kind
from takeout.pull.journal import Journal
from takeout.pull.model import Found, Named, RemoteEntry, State
from takeout.pull.names import Names
from takeout.pull.plan import sum_of
from takeout.pull.row import Row
from takeout.pull.store import CannotKeepError, Store

_OF_KIND = "round = ? AND kind = ?"


@dataclass(frozen=True, slots=True)
class NamedFiles:
    """What there is to say about single entries.

    Attributes:
        failed: What could not be taken.
        suspect: What may not be as it is there.
        kept: What was changed here.
    """

    failed: tuple[Named, ...]
    suspect: tuple[Named, ...]
    kept: tuple[Named, ...]


def directories(journal: Journal, store: Store, round_number: int) -> None:
    """Make every directory, the empty ones too."""
    for row in journal.rows(_OF_KIND, (round_number, Kind.DIRECTORY)):
        try:
            store.make_directory(row.local)
        except CannotKeepError as error:
            journal.settle(row.id, State.FAILED, f"it cannot be kept here: {error}")
        else:
            journal.settle(row.id, State.HERE)


def twins(journal: Journal, store: Store, round_number: int) -> None:
    """Make the other names of files (hard links); copies where the file system here has none."""
    for row in journal.rows(f"{_OF_KIND} AND twin <> x''", (round_number, Kind.FILE)):
        first = journal.find(row.entry.twin)
        if first is None or first.state is not State.HERE:
            state = State.KEPT if first is not None and first.state is State.KEPT else State.FAILED
            journal.settle(row.id, state, f"it is another name of {row.entry.twin}")
            continue
        try:
            here = store.twin(row.local, first.local)
        except CannotKeepError as error:
            journal.settle(row.id, State.FAILED, f"it cannot be kept here: {error}")
        else:
            journal.arrived(row.id, first.entry, first.sha, here, reason=first.reason)


def links(journal: Journal, store: Store, round_number: int) -> None:
    """Make every link, after all that is written: nothing is ever written through one."""
    for row in journal.rows(_OF_KIND, (round_number, Kind.SYMLINK)):
        try:
            store.link(row.local, row.entry.target)
        except CannotKeepError as error:
            journal.settle(row.id, State.FAILED, f"the link to {row.entry.target} cannot be made here: {error}")
        else:
            journal.settle(row.id, State.HERE)


def times(journal: Journal, store: Store, round_number: int) -> None:
    """Give every directory its time, the deepest first: writing into one changes it."""
    rows = [
        (row.local, row.entry.mtime_ns, row.entry.mode)
        for row in journal.rows(_OF_KIND, (round_number, Kind.DIRECTORY))
        if row.state is State.HERE
    ]
    for local, mtime_ns, mode in sorted(rows, key=lambda item: -item[0].count("/")):
        store.finish_directory(local, mtime_ns, mode)


def vanished(
    journal: Journal, store: Store, round_number: int, found: Found, *, delete: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what is not on the server any more: what is kept here, and what was deleted.

    What is below a directory that could not be listed is not known to be gone, nor is what an earlier pull saw and
    this one cannot. What is left out on request is not gone either. What was changed here is kept.
    """
    unlisted = (*found.unlisted, *(item.path for item in (*found.not_taken, *found.left_out)))
    kept: list[str] = []
    deleted: list[str] = []
    closed = tuple(f"{path}/" for path in unlisted)
    rows = [
        row
        for row in journal.rows("round < ?", (round_number,))
        if "" not in unlisted
        and not f"{row.entry.path}/".startswith(closed)
        and not (found.blind and _may_be_unseen(row.entry))
    ]
    for row in sorted(rows, key=lambda row: -row.local.count("/")):
        if not os.path.lexists(store.root / row.local):
            journal.remove(row.id)
        elif delete and _untouched(store, row) and store.remove(row.local):
            deleted.append(row.entry.path)
            journal.remove(row.id)
        else:
            kept.append(row.entry.path)
    return tuple(sorted(kept)), tuple(sorted(deleted))


def _may_be_unseen(entry: RemoteEntry) -> bool:
    """Whether a server's file interface does not show such an entry though it is there.

    Source: ``ContentsManager.allow_hidden`` and ``hide_globs`` of Jupyter Server.
    """
    parts = entry.path.split("/")
    hidden = any(part.startswith(".") or part == "__pycache__" for part in parts)
    return (
        hidden
        or entry.kind is Kind.SYMLINK
        or parts[-1].endswith((".pyc", ".pyo", ".so", ".dylib", "~"))
        or not parts[-1].isprintable()
    )


def _untouched(store: Store, row: Row) -> bool:
    """Whether what is here is what the pull has put here; a directory that is not empty stays by itself."""
    if row.entry.kind is not Kind.FILE:
        return True
    try:
        status = store.state(row.local)
    except CannotKeepError:
        return False
    if status is None or not row.sha:
        return False
    return (status.st_size, status.st_mtime_ns) == (row.here_size, row.here_mtime) or (
        sum_of(store.root / row.local) == row.sha
    )


def here(journal: Journal, round_number: int) -> tuple[int, int]:
    """Return how many files are here, and their length."""
    return journal.sums(
        f"round = ? AND kind = {Kind.FILE:d} AND state IN ({State.HERE:d}, {State.KEPT:d})", (round_number,)
    )


def named(journal: Journal, round_number: int) -> NamedFiles:
    """Return what there is to say about single entries."""

    def with_state(state: State) -> tuple[Named, ...]:
        rows = journal.rows("round = ? AND state = ? AND reason <> ''", (round_number, state))
        return tuple(Named(row.entry.path, row.reason) for row in rows)

    return NamedFiles(
        with_state(State.FAILED), with_state(State.HERE), (*with_state(State.KEPT), *with_state(State.BESIDE))
    )


def renamed(names: Names) -> tuple[Named, ...]:
    """Return what has another name here, each with it."""
    return tuple(Named(path, f"is {local} here: {why}") for path, (local, why) in sorted(names.renamed.items()))
