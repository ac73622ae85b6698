"""The journal: as quick with many entries as with few, and never taken for one that it is not."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from takeout.archive.home.entry import Kind
from takeout.errors import DirectoryError, DiskError, TakeoutError
from takeout.pull.journal import Journal
from takeout.pull.model import RemoteEntry
from takeout.pull.plan import TO_FETCH
from takeout.pull.prove import UNPROVEN
from takeout.pull.stream import WANTED


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


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        ("PRAGMA user_version = 7", DirectoryError, "another version of takeout"),
        ("CREATE TABLE about (x)", DiskError, "cannot be used: table about already exists"),
        (None, DiskError, "cannot be used: file is not a database"),
    ],
)
def test_a_journal_that_is_none_of_this_version_is_refused_with_a_mend(
    tmp_path: Path, content: str | None, error: type[TakeoutError], words: str
) -> None:
    file = tmp_path / "journal.sqlite"
    if content is None:
        file.write_text("something else " * 100)
    else:
        with closing(sqlite3.connect(file)) as base:
            base.executescript(content)

    with pytest.raises(error, match=words) as refused:
        Journal(file, "s")

    assert "remove it to begin anew" in refused.value.hint
    # Nothing holds it any more.
    file.unlink()
    Journal(file, "s").close()
