"""The journal: as quick with many entries as with few, and able to read what an earlier takeout wrote."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from takeout.archive.entry import Kind
from takeout.pull.journal import Journal
from takeout.pull.model import RemoteEntry
from takeout.pull.plan import TO_FETCH
from takeout.pull.prove import UNPROVEN
from takeout.pull.stream import WANTED

FIRST = """
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
INSERT INTO about VALUES ('s', 7);
INSERT INTO entries VALUES (1, x'61', x'61', 2, 5, 10, -1, x'', 1, x'', 7, 1, '', 5, 10, x'aa', 5, 10);
PRAGMA user_version = 1;
"""


@pytest.mark.parametrize(
    ("where", "order"),
    [(f"{TO_FETCH} AND served", "size"), (WANTED, "place"), (UNPROVEN, "id")],
)
def test_a_batch_of_entries_is_not_looked_for_among_all(tmp_path: Path, where: str, order: str) -> None:
    journal = Journal(tmp_path / "journal.sqlite", "s")
    statements: list[str] = []
    journal.base.set_trace_callback(statements.append)
    list(journal.rows(where, (1,), order=order))  # type: ignore[arg-type]
    journal.base.set_trace_callback(None)

    (query,) = [each for each in statements if each.startswith("SELECT")]
    steps = " ".join(line[3] for line in journal.base.execute(f"EXPLAIN QUERY PLAN {query}"))
    journal.close()

    assert "TEMP B-TREE" not in steps
    assert "SEARCH entries" in steps


def test_every_entry_comes_once_and_in_order_also_when_it_changes_meanwhile(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite", "s")
    number = journal.next_round()
    for at in range(1_300):
        size = at * 7 % 11
        journal.put(RemoteEntry(f"{at}", Kind.FILE, size, at, place=5_000 - at), f"{at}", number)
    found = []
    for row in journal.rows(TO_FETCH, (number,), order="size"):
        found.append((row.entry.size_bytes, row.id))
        if row.id % 3 == 0:
            journal.arrived(row.id, row.entry, b"x", (1, 1))
    places = [row.entry.place for row in journal.rows(TO_FETCH, (number,), order="place")]
    journal.close()

    assert found == sorted(found)
    assert len(set(found)) == 1_300
    assert places == sorted(places)
    assert len(places) == 1_300 - 433


def test_a_journal_of_an_earlier_takeout_is_read(tmp_path: Path) -> None:
    file = tmp_path / "journal.sqlite"
    base = sqlite3.connect(file)
    base.executescript(FIRST)
    base.close()

    journal = Journal(file, "s")
    row = journal.find("a")
    number = journal.next_round()
    left = list(journal.rows("state = 1", order="size"))
    journal.close()

    assert row is not None
    assert (row.sha, row.proven, row.entry.place) == (b"\xaa", True, -1)
    assert number == 8
    assert left == [row]
    Journal(file, "s").close()
