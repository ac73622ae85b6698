"""The file behind the journal.

Whatever moment the program is killed at, it says nothing that is not so: a file is put in its place before it
says that the file is here, and a part's bytes are written before it says how many there are. When the whole
machine goes down that does not hold, for it writes to its disk in an order of its own; see
``takeout.pull.crash``.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from takeout.errors import DirectoryError, DiskError, Where

_VERSION = 1
_SCHEMA = """
CREATE TABLE about (
    server TEXT NOT NULL, round INTEGER NOT NULL, boot TEXT NOT NULL DEFAULT '', doubt INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE entries (
    id INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE, local BLOB NOT NULL, kind INTEGER NOT NULL,
    size INTEGER NOT NULL, mtime INTEGER NOT NULL, mode INTEGER NOT NULL, target BLOB NOT NULL,
    served INTEGER NOT NULL, twin BLOB NOT NULL, round INTEGER NOT NULL, state INTEGER NOT NULL,
    reason TEXT NOT NULL,
    have_size INTEGER NOT NULL DEFAULT -1, have_mtime INTEGER NOT NULL DEFAULT -1, sha BLOB,
    here_size INTEGER NOT NULL DEFAULT -1, here_mtime INTEGER NOT NULL DEFAULT -1,
    place INTEGER NOT NULL DEFAULT -1, proven INTEGER NOT NULL DEFAULT 1, flushed INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX sizes ON entries (size, id);
CREATE INDEX places ON entries (place, id);
CREATE TABLE parts (
    entry INTEGER NOT NULL, start INTEGER NOT NULL, done INTEGER NOT NULL, size INTEGER NOT NULL,
    mtime INTEGER NOT NULL, PRIMARY KEY (entry, start)
);
"""

_ANEW = "remove it to begin anew; the files that are here already are recognised by size and time"


class Database:
    """The database: opened, locked, written.

    Args:
        file: Its path; ``:memory:`` for none.
        server: Address of the server that is pulled.

    Raises:
        DirectoryError: When the destination holds another home, or a journal of another version.
        DiskError: When the database cannot be opened.
    """

    def __init__(self, file: Path | str, server: str) -> None:
        where = Where(str(file))
        with ExitStack() as stack:
            try:
                self.base = sqlite3.connect(file, timeout=1.0, isolation_level=None, check_same_thread=False)
                stack.callback(self.base.close)
                version = self._opened(server)
            except sqlite3.OperationalError as error:
                if "locked" in str(error):
                    hint = "wait until it is done"
                    raise DirectoryError(
                        "another pull is at work in this directory", where=where, hint=hint
                    ) from error
                raise DiskError(f"the pull's journal cannot be used: {error}", where=where, hint=_ANEW) from error
            except sqlite3.Error as error:
                raise DiskError(f"the pull's journal cannot be used: {error}", where=where, hint=_ANEW) from error
            if version != _VERSION:
                raise DirectoryError(
                    "another version of takeout has pulled into this directory",
                    where=where,
                    hint=f"use that version, or another directory; or {_ANEW}",
                )
            other = self.base.execute("SELECT server FROM about").fetchone()[0]
            if other != server:
                raise DirectoryError(
                    f"this directory holds what was pulled from {other}",
                    where=where,
                    hint="give another directory for each server, and for each folder of one",
                )
            stack.pop_all()

    def _opened(self, server: str) -> int:
        """Lock the database, make its tables where it is new, and return its version."""
        # Two pulls into one directory would undo each other's work; the lock ends with the process.
        self.base.executescript(
            "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
            " PRAGMA cache_size=-16000; BEGIN IMMEDIATE; COMMIT;"
        )
        version = int(self.base.execute("PRAGMA user_version").fetchone()[0])
        if version:
            return version
        self.base.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version={_VERSION}; COMMIT;")
        self.base.execute("INSERT INTO about (server, round) VALUES (?, 0)", (server,))
        return _VERSION

    def close(self) -> None:
        """Close; what is not written yet is written if it can be."""
        with contextlib.suppress(DiskError):
            self.commit()
        self.base.close()

    def commit(self) -> None:
        """Write what is not written yet.

        Raises:
            DiskError: When the disk is full or broken; what was not written is found out again by the next pull.
        """
        if self.base.in_transaction:
            try:
                self.base.execute("COMMIT")
            except sqlite3.Error as error:
                raise self._failed(error) from error

    def commit_for_good(self) -> None:
        """Write what is not written yet, and wait until the disk has it.

        Raises:
            DiskError: When the disk is full or broken.
        """
        self.commit()
        self.base.execute("PRAGMA synchronous=FULL")
        try:
            # An empty transaction would write nothing, and wait for nothing.
            self.do("UPDATE about SET round = round")
            self.commit()
        finally:
            self.base.execute("PRAGMA synchronous=NORMAL")

    def do(self, statement: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        """Execute a statement in the open transaction, or in a new one.

        Raises:
            DiskError: When the disk is full or broken.
        """
        try:
            if not self.base.in_transaction:
                self.base.execute("BEGIN")
            return self.base.execute(statement, values)
        except sqlite3.OperationalError as error:
            raise self._failed(error) from error

    def _failed(self, error: sqlite3.Error) -> DiskError:
        with contextlib.suppress(sqlite3.Error):
            self.base.execute("ROLLBACK")
        hint = "make room, and run the same command again; what is here already is kept"
        return DiskError(f"there is no room left for the pull's journal: {error}", hint=hint)
