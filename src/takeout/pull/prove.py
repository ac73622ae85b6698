"""Hold what came out of the server's archive against the archive's own checksums.

Whatever happens to a file while the server reads it, the archive has as many bytes as it promised; what it could
not read is filled with zeros there, and only ``SHA256SUMS`` says so.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from takeout.archive.formats.report import unescaped
from takeout.archive.home.entry import Kind
from takeout.pull.disk import disk_error
from takeout.pull.journal import Journal
from takeout.pull.model import State
from takeout.pull.placing import Arrived, Placer
from takeout.pull.row import Row
from takeout.pull.store import CannotKeepError, Store

_HEX = 64
UNPROVEN = f"round = ? AND kind = {Kind.FILE:d} AND state = {State.HERE:d} AND proven = 0"
_UNCHECKED = "it came, and could not be held against the server's checksum"
_AGAIN = "it changed or could not be read while the server sent it; --through kernel may take it"


@dataclass(frozen=True, slots=True)
class Sum:
    """A line of ``SHA256SUMS``.

    Attributes:
        path: Path below the home.
        sha: SHA-256 of its content; empty where the server could not read it whole.
        changed: Whether it changed while it was read.
    """

    path: str
    sha: bytes
    changed: bool


def read_sums(file: Path, prefix: str) -> Iterator[Sum]:
    """Yield the lines of an archive's list of checksums.

    Raises:
        DiskError: When it cannot be read.
    """
    head = f"{prefix}/".encode("utf-8", "surrogateescape")
    try:
        with file.open("rb") as stream:
            for whole in stream:
                line = whole.rstrip(b"\n")
                escaped = line.startswith(b"\\")
                line = line[escaped:]
                comment = line.startswith(b"#")
                name = line[_HEX + 2 :]
                if comment and not name.startswith(head):
                    # A comment is as long as what it stands for, and that has a backslash before an escaped name.
                    name, escaped = line[_HEX + 3 :], True
                name = unescaped(name) if escaped else name
                sha = b"" if comment else bytes.fromhex(line[:_HEX].decode("ascii", "replace"))
                changed = line[_HEX + 1 : _HEX + 2] == b"*"
                yield Sum(name.removeprefix(head).decode("utf-8", "surrogateescape"), sha, changed and bool(sha))
    except OSError as error:
        raise disk_error(error, file) from error


def prove(
    journal: Journal,
    store: Store,
    round_number: int,
    sums: Iterator[Sum],
    *,
    waiting: dict[str, tuple[Row, Arrived]],
    placer: Placer,
) -> None:
    """Settle what came: proven, or wanted once more through the server's file interface.

    Args:
        journal: The journal.
        store: The destination.
        round_number: The walk.
        sums: The archive's list of checksums, in its order.
        waiting: What is complete and not in its place yet, by path.
        placer: Puts a complete part in its place.
    """
    unproven = journal.rows(UNPROVEN, (round_number,), order="place")
    row = next(unproven, None)
    for line in sums:
        late = waiting.pop(line.path, None)
        if late is not None:
            if line.sha == late[1].sha and not line.changed:
                placer.place(late[0], Arrived(late[1].entry, late[1].sha))
            else:
                _again(journal, late[0])
        elif row is not None and row.entry.path == line.path:
            if line.sha == row.sha and not line.changed:
                journal.prove(row.id, proven=True)
            else:
                _remove(store, row)
                _again(journal, row)
            row = next(unproven, None)
    journal.commit()


def keep_same(journal: Journal, round_number: int, wanted: str, sums: Iterator[Sum]) -> None:
    """Take from what is wanted the files whose content here has the server's checksum.

    Args:
        journal: The journal.
        round_number: The walk.
        wanted: The condition of what is wanted.
        sums: The archive's list of checksums, in its order.
    """
    rows = journal.rows(wanted, (round_number,), order="place")
    row = next(rows, None)
    for line in sums:
        if row is not None and row.entry.path == line.path:
            if row.sha and line.sha == row.sha and row.state is State.WANTED:
                journal.arrived(row.id, row.entry, row.sha, (row.here_size, row.here_mtime))
            row = next(rows, None)
    journal.commit()


def disprove(journal: Journal, store: Store, round_number: int) -> None:
    """Want once more what could never be held against a checksum, or name it where nothing else gives it."""
    for row in journal.rows(UNPROVEN, (round_number,), order="place"):
        if row.entry.served:
            _remove(store, row)
            _again(journal, row)
        else:
            # It stays unproven: the next pull holds it against a checksum, or fetches it again.
            journal.settle(row.id, State.HERE, _UNCHECKED)
    journal.commit()


def _again(journal: Journal, row: Row) -> None:
    journal.prove(row.id, proven=False, reason="" if row.entry.served else _AGAIN)


def _remove(store: Store, row: Row) -> None:
    """Take away what is not the file, unless somebody has changed it here meanwhile."""
    with contextlib.suppress(CannotKeepError):
        status = store.state(row.local)
        if status is not None and (status.st_size, status.st_mtime_ns) == (row.here_size, row.here_mtime):
            store.remove(row.local)
