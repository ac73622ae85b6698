"""Names that the file system here cannot hold: mapped and listed, never merged or dropped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pull.conftest import Serve
from pull.servers import TOKEN
from takeout.pull import Token, pull
from takeout.pull.names import Limits, Names, probe

MAC = Limits(case_sensitive=False, normalises=True, bytes_only=False)
WINDOWS = Limits(case_sensitive=False, windows=True, bytes_only=False, most_path_bytes=200)


def test_this_file_system_is_probed_and_left_clean(tmp_path: Path) -> None:
    assert probe(tmp_path).case_sensitive
    assert not probe(tmp_path).windows
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["a:b.txt", "CON", "nul.txt", "com1.log", "ends.", "ends ", 'q"?.csv', "a\\b", "x\x01y", "lpt¹"]
)
def test_what_windows_forbids_gets_another_name(name: str) -> None:
    names = Names(WINDOWS, {})

    here = names.local(name)

    assert here != name
    assert not set(here) & set('<>:"/\\|?*\x01')
    assert not here.endswith((".", " "))
    assert list(names.renamed) == [name]


def test_names_that_differ_in_case_alone_stay_two() -> None:
    names = Names(MAC, {})

    assert names.local("Data") == "Data"
    other = names.local("data")
    assert other.casefold() != "data"
    assert names.local("data/a.txt") == f"{other}/a.txt"
    assert set(names.renamed) == {"data"}


def test_two_spellings_of_one_letter_stay_two() -> None:
    names = Names(MAC, {})

    assert names.local("e\u0301") != names.local("\u00e9")


def test_a_newcomer_does_not_take_the_name_of_who_was_first() -> None:
    first = Names(MAC, {})
    first.local("b.txt")
    names = Names(MAC, {"b.txt": "b.txt"})

    assert names.local("B.txt") != "B.txt"
    assert names.local("b.txt") == "b.txt"


def test_long_names_and_paths_fit() -> None:
    names = Names(Limits(most_path_bytes=300), {})
    folder = "d" * 200

    assert len(os.fsencode(names.local("é" * 255))) <= 255
    names.local(folder)
    names.local(f"{folder}/{folder}")
    here = names.local(f"{folder}/{folder}/file.txt")
    assert len(here) <= 300
    assert here.endswith("file.txt")


SEGMENT = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=12
).filter(lambda name: name not in (".", ".."))


@given(st.lists(SEGMENT, unique=True), st.sampled_from([Limits(), MAC, WINDOWS]))
def test_no_two_names_are_ever_one(given_names: list[str], limits: Limits) -> None:
    names = Names(limits, {})

    here = [names.local(name) for name in sorted(given_names)]

    folded = [name if limits.case_sensitive else name.casefold() for name in here]
    assert len(set(folded)) == len(given_names)
    again = Names(limits, dict(zip(sorted(given_names), here, strict=True)))
    assert [again.local(name) for name in sorted(given_names)] == here


def test_a_whole_pull_onto_such_a_file_system(serve: Serve, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "Folder").mkdir(parents=True)
    (home / "folder").mkdir()
    for name in ("Folder/a.txt", "folder/a.txt", "what?.txt", "Read.me", "READ.ME", ".takeout-Pull"):
        (home / name).write_text(name)
    server = serve(home)

    report = pull(server.address, tmp_path / "here", Token(TOKEN), limits=WINDOWS)
    again = pull(server.address, tmp_path / "here", Token(TOKEN), limits=WINDOWS)

    own = tmp_path / "here" / ".takeout-pull"
    files = [path for path in (tmp_path / "here").rglob("*") if path.is_file() and own not in path.parents]
    assert sorted(path.read_text() for path in files) == sorted(
        ["Folder/a.txt", "folder/a.txt", "what?.txt", "Read.me", "READ.ME"]
    )
    assert {item.path for item in report.renamed} == {"folder", "what?.txt", "Read.me"}
    assert again.fetched_files == 0
