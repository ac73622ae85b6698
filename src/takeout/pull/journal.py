"""What a pull knows from one run to the next, about every entry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from takeout.archive.home.entry import Kind
from takeout.pull.database import Database
from takeout.pull.model import RemoteEntry, State
from takeout.pull.row import COLUMNS, Row, raw, row_of, text

_BATCH = 500


class Journal(Database):
    """What is known of every entry; see ``Database``."""

    def in_memory(self) -> Journal:
        """Return a copy that forgets all at the end, and close this one."""
        server = self.base.execute("SELECT server FROM about").fetchone()[0]
        copy = Journal(":memory:", server)
        self.base.backup(copy.base)
        self.close()
        return copy

    def next_round(self) -> int:
        """Begin a walk, and return its number."""
        self.do("UPDATE about SET round = round + 1")
        return int(self.do("SELECT round FROM about").fetchone()[0])

    @property
    def boot(self) -> str:
        """The run of the machine in which more was recorded than the disk may have; empty where it has all."""
        return str(self.do("SELECT boot FROM about").fetchone()[0])

    def written_in(self, boot: str) -> None:
        """Record that from now on more is here than the disk may have, and wait until the disk has that."""
        self.do("UPDATE about SET boot = ?", (boot,))
        self.commit_for_good()

    def doubt(self) -> None:
        """Record that files may be here of which the journal knows nothing; and forget all parts."""
        self.do("DELETE FROM parts")
        self.do("UPDATE about SET doubt = 1")

    @property
    def in_doubt(self) -> bool:
        """Whether a file that the journal does not know may be damaged."""
        return bool(self.do("SELECT doubt FROM about").fetchone()[0])

    def flushed(self, *, whole: bool) -> None:
        """Record that the disk has all that is here.

        Args:
            whole: Whether every entry of a walk was dealt with.
        """
        self.do("UPDATE entries SET flushed = 1 WHERE flushed = 0")
        self.do("UPDATE about SET boot = '', doubt = doubt AND ?", (not whole,))
        self.commit_for_good()

    def forget_here(self, row_id: int) -> None:
        """Record that a file is not here, or not as it was put."""
        self.do(
            "UPDATE entries SET have_size = -1, have_mtime = -1, here_size = -1, here_mtime = -1, sha = NULL,"
            " flushed = 1 WHERE id = ?",
            (row_id,),
        )

    def put(self, entry: RemoteEntry, local: str, round_number: int) -> None:
        """Record what the server says of an entry; what is here stays known."""
        self.do(
            "INSERT INTO entries (path, local, kind, size, mtime, mode, target, served, twin, round, place, state,"
            " reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '')"
            " ON CONFLICT (path) DO UPDATE SET local = excluded.local,"
            " kind = excluded.kind, size = excluded.size, mtime = excluded.mtime, mode = excluded.mode,"
            " target = excluded.target, served = excluded.served, twin = excluded.twin, round = excluded.round,"
            " place = excluded.place, state = 0, reason = ''",
            (
                raw(entry.path), raw(local), entry.kind, entry.size_bytes, entry.mtime_ns, entry.mode,
                raw(entry.target), entry.served, raw(entry.twin), round_number, entry.place,
            ),
        )  # fmt: skip

    def settle(self, row_id: int, state: State, reason: str = "") -> None:
        """Record what became of an entry."""
        self.do("UPDATE entries SET state = ?, reason = ? WHERE id = ?", (state, reason, row_id))

    def arrived(
        self,
        row_id: int,
        entry: RemoteEntry,
        sha: bytes,
        here: tuple[int, int],
        *,
        reason: str = "",
        state: State = State.HERE,
        proven: bool = True,
    ) -> None:
        """Record that a file is in its place.

        Args:
            row_id: Its number.
            entry: The server's file as it was when it was read.
            sha: SHA-256 of its content.
            here: Length and time of the file here.
            reason: What there is to say about it.
            state: ``KEPT`` where it was put beside what was changed here.
            proven: Whether its content needs no comparing with the server's checksum any more.
        """
        self.do(
            "UPDATE entries SET state = ?, reason = ?, have_size = ?, have_mtime = ?, sha = ?, here_size = ?,"
            " here_mtime = ?, size = ?, mtime = ?, proven = ?, flushed = 0 WHERE id = ?",
            (
                state, reason, entry.size_bytes, entry.mtime_ns, sha, *here, entry.size_bytes, entry.mtime_ns,
                proven, row_id,
            ),
        )  # fmt: skip
        self.forget_parts(row_id)

    def rows(
        self, where: str, values: Sequence[object] = (), order: Literal["id", "size", "place"] = "id"
    ) -> Iterator[Row]:
        """Yield entries; they may be changed meanwhile.

        Args:
            where: A condition in SQL, of this package's own text.
            values: What its question marks stand for.
            order: ``id``; ``size`` for the smallest first; ``place`` for where they are in the server's archive.
        """
        # Left to itself, SQLite finds all that is left and sorts it, for every batch again.
        by = {"id": "NOT INDEXED", "size": "INDEXED BY sizes", "place": "INDEXED BY places"}[order]
        one = order == "id"
        key, marks = ("id", "?") if one else (f"{order}, id", "?, ?")
        column = {"id": 0, "size": 4, "place": 17}[order]
        last: tuple[int, ...] = (-1,) if one else (-2, -1)
        query = (
            f"SELECT {COLUMNS} FROM entries {by} WHERE ({where}) AND ({key}) > ({marks}) ORDER BY {key} LIMIT ?"  # noqa: S608 - own text
        )
        while True:
            found = self.do(query, (*values, *last, _BATCH)).fetchall()
            for line in found:
                yield row_of(line)
            if len(found) < _BATCH:
                return
            last = (found[-1][0],) if one else (found[-1][column], found[-1][0])

    def sums(self, where: str, values: Sequence[object] = ()) -> tuple[int, int]:
        """Return how many entries there are under a condition, and the length of their files."""
        query = f"SELECT COUNT(*), TOTAL(MAX(size, 0)) FROM entries WHERE {where}"  # noqa: S608 - own text
        count, size = self.do(query, values).fetchone()
        return int(count), int(size)

    def find(self, path: str) -> Row | None:
        """Return the entry of a path on the server."""
        found = self.do(f"SELECT {COLUMNS} FROM entries WHERE path = ?", (raw(path),)).fetchone()  # noqa: S608 - own text
        return row_of(found) if found else None

    def renamed(self) -> dict[str, str]:
        """Return what paths are called here that could not keep their names."""
        found = self.do("SELECT path, local FROM entries WHERE path <> local").fetchall()
        return {text(path): text(local) for path, local in found}

    def not_served(self, round_number: int) -> None:
        """Want once more, through the agent, what ``files/`` did not give."""
        self.do(
            "UPDATE entries SET served = 0, state = ?, reason = ''"
            " WHERE round = ? AND kind = ? AND state = ? AND served",
            (State.WANTED, round_number, Kind.FILE, State.FAILED),
        )

    def places(self, where: str, values: Sequence[object] = ()) -> Iterator[tuple[int, int]]:
        """Yield where the files under a condition are in the server's archive, and their lengths, in order."""
        query = f"SELECT place, size FROM entries WHERE ({where}) AND place >= 0 ORDER BY place"  # noqa: S608 - own text
        yield from self.do(query, values).fetchall()

    def prove(self, row_id: int, *, proven: bool, reason: str = "") -> None:
        """Record whether the server's checksum is that of what is here; what is not proven is wanted again."""
        if proven:
            self.do("UPDATE entries SET proven = 1 WHERE id = ?", (row_id,))
            return
        self.do(
            "UPDATE entries SET state = ?, reason = ?, proven = 1, place = -1, have_size = -1, have_mtime = -1,"
            " sha = NULL WHERE id = ?",
            (State.FAILED if reason else State.WANTED, reason, row_id),
        )
        self.forget_parts(row_id)

    def not_by_files(self, round_number: int) -> None:
        """Record that the server's file interface gives none of a walk's entries."""
        self.do("UPDATE entries SET served = 0 WHERE round = ?", (round_number,))

    def fail_wanted(self, round_number: int, reason: str) -> None:
        """Give up what is still wanted."""
        self.do(
            "UPDATE entries SET state = ?, reason = ?"
            " WHERE round = ? AND kind = ? AND twin = x'' AND state IN (?, ?)",
            (State.FAILED, reason, round_number, Kind.FILE, State.WANTED, State.BESIDE),
        )

    def remove(self, row_id: int) -> None:
        """Forget an entry."""
        self.forget_parts(row_id)
        self.do("DELETE FROM entries WHERE id = ?", (row_id,))

    def parts(self, row_id: int, entry: RemoteEntry) -> dict[int, int]:
        """Return how far each part of a file is, by where it begins; nothing where they are of another version."""
        found = self.do("SELECT start, done, size, mtime FROM parts WHERE entry = ?", (row_id,)).fetchall()
        if any((size, mtime) != (entry.size_bytes, entry.mtime_ns) for _, _, size, mtime in found):
            self.forget_parts(row_id)
            return {}
        return {start: done for start, done, _, _ in found}

    def done_bytes(self, where: str, values: Sequence[object] = ()) -> int:
        """Return how much is here, in parts, of the files under a condition."""
        query = (
            "SELECT TOTAL(done - start) FROM parts JOIN entries ON parts.entry = entries.id"  # noqa: S608 - own text
            f" AND parts.size = entries.size AND parts.mtime = entries.mtime WHERE entry IN"
            f" (SELECT id FROM entries WHERE {where})"
        )
        return int(self.do(query, values).fetchone()[0])

    def begun(self) -> set[int]:
        """Return the numbers of the entries of which there are parts."""
        return {int(line[0]) for line in self.do("SELECT DISTINCT entry FROM parts").fetchall()}

    def note_part(self, row_id: int, entry: RemoteEntry, start: int, done: int) -> None:
        """Record that a part of a file is written up to ``done``."""
        self.do(
            "INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?)",
            (row_id, start, done, entry.size_bytes, entry.mtime_ns),
        )

    def forget_parts(self, row_id: int) -> None:
        """Forget the parts of a file."""
        self.do("DELETE FROM parts WHERE entry = ?", (row_id,))
