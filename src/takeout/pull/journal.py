"""What a pull knows from one run to the next: one small database in the destination.

Whatever moment the program is killed at, the database says nothing that is not so: a file is put in its place
before the database says that it is here, and a part's bytes are written before it says how many there are.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from takeout.archive.entry import Kind
from takeout.errors import DirectoryError, DiskError, Where
from takeout.pull.model import RemoteEntry, State

_VERSION = 1
_SCHEMA = """
CREATE TABLE about (server TEXT NOT NULL, round INTEGER NOT NULL);
CREATE TABLE entries (
    id INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE, local BLOB NOT NULL, kind INTEGER NOT NULL,
    size INTEGER NOT NULL, mtime INTEGER NOT NULL, mode INTEGER NOT NULL, target BLOB NOT NULL,
    served INTEGER NOT NULL, twin BLOB NOT NULL, round INTEGER NOT NULL, state INTEGER NOT NULL,
    reason TEXT NOT NULL,
    have_size INTEGER NOT NULL DEFAULT -1, have_mtime INTEGER NOT NULL DEFAULT -1, sha BLOB,
    here_size INTEGER NOT NULL DEFAULT -1, here_mtime INTEGER NOT NULL DEFAULT -1
);
CREATE INDEX turns ON entries (state, kind, size, id);
CREATE TABLE parts (
    entry INTEGER NOT NULL, start INTEGER NOT NULL, done INTEGER NOT NULL, size INTEGER NOT NULL,
    mtime INTEGER NOT NULL, PRIMARY KEY (entry, start)
);
"""
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as the journal has it.

    Attributes:
        id: Its number.
        entry: What the server says of it.
        local: Its path here.
        state: What became of it.
        reason: Why, where there is something to say.
        have_size: Length of the server's file that is here, or ``UNKNOWN`` where none is.
        have_mtime: Its time on the server then.
        sha: SHA-256 of what is here.
        here_size: Length of the file as it was put here.
        here_mtime: Its time as it was put here.
    """

    id: int
    entry: RemoteEntry
    local: str
    state: State
    reason: str
    have_size: int
    have_mtime: int
    sha: bytes
    here_size: int
    here_mtime: int


_COLUMNS = (
    "id, path, local, kind, size, mtime, mode, target, served, twin, state, reason, "
    "have_size, have_mtime, sha, here_size, here_mtime"
)


class Journal:
    """The database.

    Args:
        file: Its path; ``:memory:`` for none.
        server: Address of the server that is pulled.

    Raises:
        DirectoryError: When the destination holds the home of another server, or a newer journal.
        DiskError: When the database cannot be opened.
    """

    def __init__(self, file: Path | str, server: str) -> None:
        try:
            self._base = sqlite3.connect(file, timeout=1.0, isolation_level=None, check_same_thread=False)
            # Two pulls into one directory would undo each other's work; the lock ends with the process.
            self._base.executescript(
                "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
                " PRAGMA cache_size=-16000; BEGIN IMMEDIATE; COMMIT;"
            )
            version = self._base.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                self._base.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version={_VERSION}; COMMIT;")
                self._base.execute("INSERT INTO about VALUES (?, 0)", (server,))
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                hint = "wait until it is done"
                where = Where(str(file))
                raise DirectoryError(
                    "another pull is at work in this directory", where=where, hint=hint
                ) from error
            raise DiskError(f"the pull's journal cannot be used: {error}", where=Where(str(file))) from error
        except sqlite3.Error as error:
            hint = "remove it to begin anew; the files that are here already are recognised by size and time"
            raise DiskError(
                f"the pull's journal cannot be used: {error}", where=Where(str(file)), hint=hint
            ) from error
        if version > _VERSION:
            hint = "use a newer takeout, or another directory"
            raise DirectoryError(
                "a newer takeout has pulled into this directory", where=Where(str(file)), hint=hint
            )
        other = self._base.execute("SELECT server FROM about").fetchone()[0]
        if other != server:
            self._base.close()
            raise DirectoryError(
                f"this directory holds what was pulled from {other}",
                where=Where(str(file)),
                hint="give another directory for each server",
            )

    def in_memory(self) -> Journal:
        """Return a copy that forgets all at the end, and close this one."""
        server = self._base.execute("SELECT server FROM about").fetchone()[0]
        copy = Journal(":memory:", server)
        self._base.backup(copy._base)
        self.close()
        return copy

    def close(self) -> None:
        """Close; what is not written yet is written if it can be."""
        with contextlib.suppress(DiskError):
            self.commit()
        self._base.close()

    def commit(self) -> None:
        """Write what is not written yet.

        Raises:
            DiskError: When the disk is full or broken; what was not written is found out again by the next pull.
        """
        if self._base.in_transaction:
            try:
                self._base.execute("COMMIT")
            except sqlite3.Error as error:
                raise self._failed(error) from error

    def _do(self, statement: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        try:
            if not self._base.in_transaction:
                self._base.execute("BEGIN")
            return self._base.execute(statement, values)
        except sqlite3.OperationalError as error:
            raise self._failed(error) from error

    def _failed(self, error: sqlite3.Error) -> DiskError:
        with contextlib.suppress(sqlite3.Error):
            self._base.execute("ROLLBACK")
        hint = "make room, and run the same command again; what is here already is kept"
        return DiskError(f"there is no room left for the pull's journal: {error}", hint=hint)

    def next_round(self) -> int:
        """Begin a walk, and return its number."""
        self._do("UPDATE about SET round = round + 1")
        return int(self._do("SELECT round FROM about").fetchone()[0])

    def put(self, entry: RemoteEntry, local: str, round_number: int) -> None:
        """Record what the server says of an entry; what is here stays known."""
        self._do(
            "INSERT INTO entries (path, local, kind, size, mtime, mode, target, served, twin, round, state,"
            " reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '')"
            " ON CONFLICT (path) DO UPDATE SET local = excluded.local,"
            " kind = excluded.kind, size = excluded.size, mtime = excluded.mtime, mode = excluded.mode,"
            " target = excluded.target, served = excluded.served, twin = excluded.twin, round = excluded.round,"
            " state = 0, reason = ''",
            (
                _raw(entry.path), _raw(local), entry.kind, entry.size_bytes, entry.mtime_ns, entry.mode,
                _raw(entry.target), entry.served, _raw(entry.twin), round_number,
            ),
        )  # fmt: skip

    def settle(self, row_id: int, state: State, reason: str = "") -> None:
        """Record what became of an entry."""
        self._do("UPDATE entries SET state = ?, reason = ? WHERE id = ?", (state, reason, row_id))

    def arrived(
        self,
        row_id: int,
        entry: RemoteEntry,
        sha: bytes,
        here: tuple[int, int],
        *,
        reason: str = "",
        state: State = State.HERE,
    ) -> None:
        """Record that a file is in its place.

        Args:
            row_id: Its number.
            entry: The server's file as it was when it was read.
            sha: SHA-256 of its content.
            here: Length and time of the file here.
            reason: What there is to say about it.
            state: ``KEPT`` where it was put beside what was changed here.
        """
        self._do(
            "UPDATE entries SET state = ?, reason = ?, have_size = ?, have_mtime = ?, sha = ?, here_size = ?,"
            " here_mtime = ?, size = ?, mtime = ? WHERE id = ?",
            (
                state, reason, entry.size_bytes, entry.mtime_ns, sha, *here, entry.size_bytes, entry.mtime_ns,
                row_id,
            ),
        )  # fmt: skip
        self.forget_parts(row_id)

    def rows(self, where: str, values: Sequence[object] = (), order: str = "id") -> Iterator[Row]:
        """Yield entries; they may be changed meanwhile.

        Args:
            where: A condition in SQL, of this package's own text.
            values: What its question marks stand for.
            order: ``id``, or ``size`` for the smallest first.
        """
        by_size = order == "size"
        last: tuple[int, ...] = (-2, -1) if by_size else (-1,)
        key = "size, id" if by_size else "id"
        marks = "?, ?" if by_size else "?"
        query = f"SELECT {_COLUMNS} FROM entries WHERE ({where}) AND ({key}) > ({marks}) ORDER BY {key} LIMIT ?"  # noqa: S608 - own text
        while True:
            found = self._do(query, (*values, *last, _BATCH)).fetchall()
            for line in found:
                yield _row(line)
            if len(found) < _BATCH:
                return
            last = (found[-1][4], found[-1][0]) if by_size else (found[-1][0],)

    def sums(self, where: str, values: Sequence[object] = ()) -> tuple[int, int]:
        """Return how many entries there are under a condition, and the length of their files."""
        query = f"SELECT COUNT(*), TOTAL(MAX(size, 0)) FROM entries WHERE {where}"  # noqa: S608 - own text
        count, size = self._do(query, values).fetchone()
        return int(count), int(size)

    def find(self, path: str) -> Row | None:
        """Return the entry of a path on the server."""
        return next(self.rows("path = ?", (_raw(path),)), None)

    def renamed(self) -> dict[str, str]:
        """Return what paths are called here that could not keep their names."""
        found = self._do("SELECT path, local FROM entries WHERE path <> local").fetchall()
        return {_text(path): _text(local) for path, local in found}

    def not_served(self, round_number: int) -> None:
        """Want once more, through the agent, what ``files/`` did not give."""
        self._do(
            "UPDATE entries SET served = 0, state = ?, reason = ''"
            " WHERE round = ? AND kind = ? AND state = ? AND served",
            (State.WANTED, round_number, Kind.FILE, State.FAILED),
        )

    def remove(self, row_id: int) -> None:
        """Forget an entry."""
        self.forget_parts(row_id)
        self._do("DELETE FROM entries WHERE id = ?", (row_id,))

    def parts(self, row_id: int, entry: RemoteEntry) -> dict[int, int]:
        """Return how far each part of a file is, by where it begins; nothing where they are of another version."""
        found = self._do("SELECT start, done, size, mtime FROM parts WHERE entry = ?", (row_id,)).fetchall()
        if any((size, mtime) != (entry.size_bytes, entry.mtime_ns) for _, _, size, mtime in found):
            self.forget_parts(row_id)
            return {}
        return {start: done for start, done, _, _ in found}

    def note_part(self, row_id: int, entry: RemoteEntry, start: int, done: int) -> None:
        """Record that a part of a file is written up to ``done``."""
        self._do(
            "INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?)",
            (row_id, start, done, entry.size_bytes, entry.mtime_ns),
        )

    def forget_parts(self, row_id: int) -> None:
        """Forget the parts of a file."""
        self._do("DELETE FROM parts WHERE entry = ?", (row_id,))


def _row(line: Sequence[Any]) -> Row:
    row_id, path, local, kind, size, mtime, mode, target, served, twin, state, reason, *have = line
    entry = RemoteEntry(_text(path), Kind(kind), size, mtime, mode, _text(target), bool(served), _text(twin))
    have_size, have_mtime, sha, here_size, here_mtime = have
    return Row(
        id=row_id,
        entry=entry,
        local=_text(local),
        state=State(state),
        reason=reason,
        have_size=have_size,
        have_mtime=have_mtime,
        sha=sha or b"",
        here_size=here_size,
        here_mtime=here_mtime,
    )


def _raw(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def _text(raw: object) -> str:
    assert isinstance(raw, bytes)  # noqa: S101 - the schema says so
    return raw.decode("utf-8", "surrogateescape")
