from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from takeout.archive import Kind, State, StoredZip, take_inventory
from takeout.archive.contents import large, reading
from takeout.archive.formats import ending, layout, stored
from takeout.errors import DirectoryError, DiskError, StaleError


def whole(archive: StoredZip) -> bytes:
    data = b"".join(archive.read())
    assert len(data) == archive.length
    return data


def opened(archive: StoredZip) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(whole(archive)))


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small files count as large, so that small trees go all ways."""
    monkeypatch.setattr(layout, "WHOLE_BYTES", 2_000)
    monkeypatch.setattr(stored, "WHOLE_BYTES", 2_000)
    monkeypatch.setattr(ending, "WHOLE_BYTES", 2_000)
    monkeypatch.setattr(large, "PIECE_BYTES", 700)
    monkeypatch.setattr(reading, "BATCH_BYTES", 1_000)
    monkeypatch.setattr(reading, "BATCH_ENTRIES", 3)
    monkeypatch.setattr(large, "CHECKPOINT_BYTES", 2_100)
    monkeypatch.setattr(ending, "_BLOCK", 2)
    monkeypatch.setattr(layout, "STRIDE", 2)


@pytest.mark.usefixtures("ordinary_user")
def test_every_readable_file_comes_back_and_every_other_one_is_named(odd_home: Path) -> None:
    inventory = take_inventory(odd_home)
    with opened(StoredZip(inventory)) as archive:
        names = {
            info.filename.encode("utf-8" if info.flag_bits & 0x800 else "cp437"): info
            for info in archive.infolist()
        }
        for entry in inventory:
            name = b"jovyan/" + entry.path + (b"/" if entry.kind is Kind.DIRECTORY and entry.path else b"")
            info = names.pop(name)
            assert info.external_attr >> 16 & 0o7777 == entry.mode
            if entry.kind is Kind.FILE:
                with (
                    (odd_home / os.fsdecode(entry.path)).open("rb")
                    if len(entry.path) < 4_000
                    else io.BytesIO(b"deep\n") as file
                ):
                    assert archive.read(info) == file.read()
            elif entry.kind is Kind.SYMLINK:
                assert archive.read(info) == entry.target
        assert set(names) == {b"SHA256SUMS", b"TAKEOUT.txt"}
        report = archive.read("TAKEOUT.txt").decode()
    assert "Not taken: 6" in report
    for item in inventory.findings.not_taken:
        assert f"- {os.fsdecode(item.path)}: {item.reason}\n" in report
    assert "Every file was read whole, and none changed meanwhile." in report


def test_length_is_known_before_any_file_is_read(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inventory = take_inventory(home)
    with monkeypatch.context() as patched:
        patched.setattr(os, "open", None)
        length = StoredZip(inventory).length
    assert len(whole(StoredZip(inventory))) == length


def test_same_tree_gives_the_same_bytes(home: Path) -> None:
    assert whole(StoredZip(take_inventory(home))) == whole(StoredZip(take_inventory(home, threads=1)))


names = st.text(
    st.characters(codec="utf-8", exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=20
).filter(lambda name: name not in (".", "..") and len(name.encode()) < 200)
contents = st.binary(max_size=6_000)
trees = st.dictionaries(
    names,
    st.recursive(contents, lambda inner: st.dictionaries(names, inner, max_size=5), max_leaves=12),
    max_size=6,
)


def _plant(path: bytes, tree: object) -> None:
    if isinstance(tree, dict):
        os.mkdir(path)  # noqa: PTH102
        for name, below in tree.items():
            _plant(path + b"/" + name.encode(), below)
    else:
        assert isinstance(tree, bytes)
        with open(path, "wb") as file:  # noqa: PTH123
            file.write(tree)


@pytest.fixture
def numbered(place: Path) -> Iterator[bytes]:
    """Paths for one tree after another."""
    return (os.fsencode(place / f"tree{number}") for number in range(10**6))


@pytest.mark.usefixtures("small_pieces")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(tree=trees, cuts=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=8))
def test_any_range_is_that_slice_of_the_whole(
    numbered: Iterator[bytes], tree: dict[str, object], cuts: list[tuple[float, float]]
) -> None:
    root = next(numbered)
    _plant(root, tree)
    inventory = take_inventory(root)
    expected = whole(StoredZip(inventory))
    with zipfile.ZipFile(io.BytesIO(expected)) as archive:
        assert archive.testzip() is None
    fresh = StoredZip(inventory)
    for cut in cuts:
        start, stop = sorted(int(place * len(expected)) for place in cut)
        assert b"".join(fresh.read(start, stop)) == expected[start:stop]
    assert b"".join(StoredZip(inventory).read(len(expected) // 2)) == expected[len(expected) // 2 :]


@pytest.mark.usefixtures("small_pieces")
def test_every_single_cut_of_a_small_archive(place: Path) -> None:
    (place / "h").mkdir()
    (place / "h/large").write_bytes(bytes(range(256)) * 12)
    (place / "h/small").write_bytes(b"small")
    inventory = take_inventory(place / "h")
    expected = whole(StoredZip(inventory))
    fresh = StoredZip(inventory)
    for cut in range(0, len(expected), 7):
        assert b"".join(fresh.read(cut)) == expected[cut:]
        assert b"".join(fresh.read(cut, min(cut + 7, len(expected)))) == expected[cut : cut + 7]


@pytest.mark.parametrize(("start", "stop"), [(-1, 5), (5, 4), (0, 10**9), (10**9, None)])
def test_a_range_outside_is_refused(home: Path, start: int, stop: int | None) -> None:
    archive = StoredZip(take_inventory(home))
    with pytest.raises(ValueError, match="no such range"):
        archive.read(start, stop)


def test_an_empty_range_reads_nothing(home: Path) -> None:
    archive = StoredZip(take_inventory(home))
    assert list(archive.read(archive.length)) == []


def test_a_resumed_archive_does_not_read_again_what_was_sent(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "h").mkdir()
    for number in range(200):
        (place / f"h/{number:03}").write_bytes(b"x" * 30_000)
    archive = StoredZip(take_inventory(place / "h"))
    cut = archive.length - 100_000
    list(archive.read(0, cut))
    opened_names: list[object] = []
    real = os.open
    monkeypatch.setattr(os, "open", lambda path, *a, **k: (opened_names.append(path), real(path, *a, **k))[1])
    list(archive.read(cut))
    assert len([name for name in opened_names if isinstance(name, bytes) and name.isdigit()]) < 10


def test_the_reader_who_leaves_ends_the_work(place: Path) -> None:
    (place / "h").mkdir()
    for number in range(3_000):
        (place / f"h/{number:04}").write_bytes(b"x" * 1_000)
    archive = StoredZip(take_inventory(place / "h"))
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    stream = archive.read()
    next(stream)
    stream.close()  # type: ignore[attr-defined] - it is a generator
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
    assert sum(archive.results.known(index) for index in range(len(archive.inventory))) < 2_000


def test_another_directory_in_the_homes_place_is_noticed(home: Path) -> None:
    archive = StoredZip(take_inventory(home))
    home.rename(home.with_name("other"))
    with pytest.raises(DiskError):
        list(archive.read())
    home.mkdir()
    with pytest.raises(DirectoryError):
        list(archive.read())


REPLACED = (State.REPLACED, "was replaced by something else")
EVENTS = {
    "shrink": (State.SHRANK, "shrank while"),
    "grow": (State.GREW, "grew while"),
    "rewrite": (State.CHANGED, "changed while"),
    "remove": (State.VANISHED, "vanished while"),
    "forbid": (State.UNREADABLE, "could not be read: permission denied"),
    "link": REPLACED,
    "pipe": REPLACED,
    "directory": REPLACED,
    "parent": (State.VANISHED, "vanished while"),
    "parent link": REPLACED,
}


def _happen(event: str, file: Path) -> None:
    if event == "shrink":
        os.truncate(file, 100)
    elif event == "grow":
        with file.open("ab") as stream:
            stream.write(b"more")
    elif event == "rewrite":
        file.write_bytes(b"z" * file.stat().st_size)
        os.utime(file, (1, 1))
    elif event == "forbid":
        file.chmod(0)
    elif event.startswith("parent"):
        file.parent.rename(file.parent.with_name("moved"))
        if event == "parent link":
            file.parent.symlink_to("/etc")
    else:
        file.unlink()
        if event == "link":
            file.symlink_to("/etc/passwd")
        elif event == "pipe":
            os.mkfifo(file)
        elif event == "directory":
            file.mkdir()


@pytest.mark.usefixtures("ordinary_user")
@pytest.mark.parametrize("size", [1_000, 9_000_000], ids=["small", "large"])
@pytest.mark.parametrize("event", EVENTS)
def test_what_happens_to_a_file_never_breaks_the_archive(place: Path, event: str, size: int) -> None:
    root = place / "h"
    (root / "sub").mkdir(parents=True)
    file = root / "sub/file"
    file.write_bytes(b"y" * size)
    (root / "well").write_text("well\n")
    archive = StoredZip(take_inventory(root))
    _happen(event, file)
    state, words = EVENTS[event]
    with opened(archive) as made:
        assert made.testzip() is None
        content = made.read("h/sub/file")
        report, sums = made.read("TAKEOUT.txt").decode(), made.read("SHA256SUMS").decode()
        assert made.read("h/well") == b"well\n"
    assert len(content) == size
    assert f"- sub/file: {words}" in report
    (line,) = [line for line in sums.splitlines() if line.endswith("h/sub/file")]
    if state in (State.CHANGED, State.GREW):
        assert line == f"{hashlib.sha256(content).hexdigest()} *h/sub/file"
    else:
        assert line.startswith("# ")
        kept = b"y" * 100 if event == "shrink" else b""
        assert content == kept.ljust(size, b"\0")


def test_too_many_events_for_the_report_are_all_in_the_sums(place: Path) -> None:
    root = place / "h"
    root.mkdir()
    for number in range(900):
        (root / f"{number:03}{'n' * 200}").write_text("here")
    archive = StoredZip(take_inventory(root))
    for file in root.iterdir():
        file.unlink()
    with opened(archive) as made:
        report, sums = made.read("TAKEOUT.txt").decode(), made.read("SHA256SUMS").decode()
    assert "more: the lines with # or * in SHA256SUMS name them all." in report
    assert sum(line.startswith("# vanished") for line in sums.splitlines()) == 900


def test_bytes_that_cannot_be_made_again_are_refused(place: Path) -> None:
    root = place / "h"
    root.mkdir()
    (root / "small").write_bytes(b"1" * 1_000)
    (root / "large").write_bytes(b"1" * 9_000_000)
    for name in ("small", "large"):
        archive = StoredZip(take_inventory(root))
        list(archive.read())
        status = (root / name).stat()
        (root / name).write_bytes(b"2" * status.st_size)
        with pytest.raises(StaleError):
            list(archive.read(3_000 if name == "large" else 0))


def test_tag_differs_where_bytes_may(home: Path) -> None:
    tag = StoredZip(take_inventory(home)).tag
    assert tag == StoredZip(take_inventory(home)).tag
    (home / "private").write_text("changed length")
    changed = StoredZip(take_inventory(home)).tag
    home.rename(home.with_name("renamed"))
    assert len({tag, changed, StoredZip(take_inventory(home.with_name("renamed"))).tag}) == 3
