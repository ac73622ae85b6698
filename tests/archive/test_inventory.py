from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from takeout.archive import Kind, Preset, take_inventory
from takeout.archive.home.entry import shown
from takeout.archive.home.walker import MOST_PATH_BYTES
from takeout.errors import DirectoryError


@pytest.mark.usefixtures("ordinary_user")
def test_everything_readable_is_there_and_the_rest_is_named(odd_home: Path) -> None:
    inventory = take_inventory(odd_home)
    paths = {entry.path: entry for entry in inventory}
    assert {b".hidden/.deeper", b"empty directory", b"line\nend", b"latin\xe4", b"n" * 255, b"closed"} <= set(
        paths
    )
    assert paths[b"a/up"].target == b".."
    assert paths[b"dangling"].kind is Kind.SYMLINK
    assert paths[b"run.sh"].mode == 0o755
    assert paths[b"1969"].mtime_ns == -3 * 86_400 * 10**9
    assert paths[b"/".join([b"d" * 200] * 30 + [b"bottom"])].size_bytes == 5
    assert {item.path: item.reason for item in inventory.findings.not_taken} == {
        b"closed": "the directory cannot be read: permission denied",
        b"no entry/file": "permission denied",
        b"no list": "the directory cannot be read: permission denied",
        b"pipe": "a named pipe",
        b"socket": "a socket",
        b"unreadable": "permission denied",
    }


def test_hard_links_and_holes_are_counted(home: Path) -> None:
    inventory = take_inventory(home)
    twins = [entry for entry in inventory if entry.twin is not None]
    assert [(t.path, inventory[t.twin or 0].path) for t in twins] == [(b"a/hard link", b"run.sh")]
    assert (inventory.totals.twins, inventory.totals.twin_bytes) == (1, 10)
    assert inventory.totals.hole_bytes > 8_000_000


def test_order_is_by_directory_and_name_and_parents_come_first(home: Path) -> None:
    inventory = take_inventory(home)
    seen = {b""}
    for index, path in enumerate(inventory.paths()):
        assert inventory.path(index) == path
        if index:
            parent = path.rpartition(b"/")[0]
            assert parent in seen
            seen.add(path)
    top = [path for path in inventory.paths() if path and b"/" not in path]
    assert top == sorted(top)
    assert list(inventory.paths(7)) == list(inventory.paths())[7:]


def test_same_tree_gives_the_same_digest_with_any_number_of_threads(home: Path) -> None:
    assert take_inventory(home, threads=1).digest() == take_inventory(home, threads=9).digest()


@pytest.mark.parametrize("change", ["content", "name", "mode", "target", "touch"])
def test_every_change_gives_another_digest(home: Path, change: str) -> None:
    before = take_inventory(home).digest()
    if change == "content":
        (home / "private").write_text("SECRET\n")
    elif change == "name":
        (home / "private").rename(home / "privat")
    elif change == "mode":
        (home / "private").chmod(0o640)
    elif change == "target":
        (home / "link").unlink()
        (home / "link").symlink_to("empty")
    else:
        os.utime(home / "private", ns=(1, 1))
    assert take_inventory(home).digest() != before


def test_a_huge_directory_is_complete_and_in_order(place: Path) -> None:
    (place / "many").mkdir()
    names = [f"{number:05}" for number in range(5_000)]
    for name in names:
        (place / "many" / name).touch()
    (place / "many" / "02500").unlink()
    inventory = take_inventory(place / "many")
    assert list(inventory.paths())[1:] == [n.encode() for n in names if n != "02500"]


def test_paths_that_no_archive_can_hold_are_named(place: Path, deep: Callable[[Path, int], None]) -> None:
    deep(place, MOST_PATH_BYTES // 201 + 2)
    inventory = take_inventory(place)
    (left,) = inventory.findings.not_taken
    assert left.reason == f"the path is longer than {MOST_PATH_BYTES} bytes"
    assert max(len(path) for path in inventory.paths()) <= MOST_PATH_BYTES


def test_slim_leaves_out_what_can_be_made_again_and_says_how_much(place: Path) -> None:
    for name in (
        ".cache/pip",
        "env/lib",
        "proj/node_modules/x",
        "proj/__pycache__",
        "conda/conda-meta",
        "tagged",
        ".takeout-work/env",
        ".takeout-pull",
    ):
        (place / name).mkdir(parents=True)
        (place / name / "file").write_bytes(b"12345")
    (place / "env/pyvenv.cfg").write_text("home = /usr\n")
    (place / "tagged/CACHEDIR.TAG").write_text("Signature: 8a477f597d28d172789f06886806bc55\n")
    (place / "proj/code.py").write_text("pass\n")
    full, slim = take_inventory(place), take_inventory(place, preset=Preset.SLIM)
    assert slim.findings.slim == full.findings.slim
    assert full.findings.slim["caches"] == (5, 5 + 5 + 5 + 44 + 5)
    assert full.findings.slim["node_modules"] == (1, 5)
    assert full.findings.slim["virtual environments"] == (4, 5 + 12 + 5 + 5)
    saved = sum(size for _, size in full.findings.slim.values())
    assert full.totals.size_bytes - slim.totals.size_bytes == saved
    assert sum(item.size_bytes for item in slim.findings.left_out) == saved
    assert {item.path for item in slim.findings.left_out} == {
        b".cache", b"env", b"proj/node_modules", b"proj/__pycache__", b"conda", b"tagged", b".takeout-pull",
        b".takeout-work",
    }  # fmt: skip
    assert full.findings.left_out == ()


def test_a_home_that_is_itself_an_environment_is_still_taken(place: Path) -> None:
    (place / "conda-meta").mkdir()
    (place / "thesis.tex").write_text("done")
    assert b"thesis.tex" in list(take_inventory(place, preset=Preset.SLIM).paths())


def test_excludes_and_ignore_files(place: Path) -> None:
    for name in ("data/raw/a.csv", "data/b.csv", "data/b.tmp", "notes.tmp", "keep/notes.tmp", "keep/.cache/kept"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text("text")
    (place / ".takeoutignore").write_text("# comment\n*.tmp\n")
    (place / "keep/.takeoutignore").write_text("!notes.tmp\n!.cache\n")
    inventory = take_inventory(place, preset=Preset.SLIM, exclude=["data/raw"])
    files = {entry.path for entry in inventory if entry.kind is Kind.FILE}
    assert files == {
        b"data/b.csv",
        b"keep/notes.tmp",
        b"keep/.cache/kept",
        b".takeoutignore",
        b"keep/.takeoutignore",
    }
    assert {(item.path, item.rule, item.files) for item in inventory.findings.left_out} == {
        (b"data/raw", "--exclude: data/raw", 1),
        (b"data/b.tmp", ".takeoutignore: *.tmp", 1),
        (b"notes.tmp", ".takeoutignore: *.tmp", 1),
    }


def test_what_is_skipped_is_not_seen(home: Path) -> None:
    status = (home / "private").stat()
    assert b"private" not in list(take_inventory(home, skip={(status.st_dev, status.st_ino)}).paths())


@pytest.mark.parametrize("name", ["nothing here", "empty"])
def test_a_home_must_be_a_directory(home: Path, name: str) -> None:
    with pytest.raises(DirectoryError) as caught:
        take_inventory(home / name)
    assert caught.value.where is not None
    assert caught.value.where.file == str(home / name)


def test_a_path_is_shown_on_one_line() -> None:
    assert shown(b"a\nb\x1b\xff\xc3\xa4") == "a\\nb\\x1b\\xffä"
    assert shown(b"") == "."


def test_progress_is_told(home: Path) -> None:
    calls: list[tuple[str, int, int]] = []
    take_inventory(home, progress=lambda step, done, total: calls.append((step, done, total)))
    assert calls[-1] == ("entries", len(take_inventory(home)), 0)


def test_what_is_put_aside_is_named_and_does_not_change_the_inventory(place: Path) -> None:
    aside = place / "home" / "run"
    aside.mkdir(parents=True)
    status = aside.stat()
    found = {(status.st_dev, status.st_ino): "of no use elsewhere"}

    before = take_inventory(place / "home", aside=found)
    (aside / "new").write_bytes(b"new")
    after = take_inventory(place / "home", aside=found)

    assert [item.path for item in before.findings.left_out] == [b"run"]
    assert before.findings.left_out[0].rule == "of no use elsewhere"
    assert [entry.path for entry in before] == [b""]
    assert before.digest() == after.digest()
