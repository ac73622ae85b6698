"""Every format brings back the same home, to our own reader and to others."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from takeout.archive import FORMATS, Inventory, take_inventory, unpack, verify
from takeout.archive.contents import checksum, large, reading
from takeout.archive.formats import deflated, ending, layout, stored, tarred
from takeout.archive.records import heads, tarfields, tarformat, zipformat

TreeOf = Callable[[Path], dict[bytes, tuple[int, int, int, bytes]]]


def written(inventory: Inventory, form: str, to: Path) -> Path:
    with to.open("wb") as file:
        for data in FORMATS[form](inventory).read():
            file.write(data)
    return to


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (layout, stored, ending, tarred, deflated):
        monkeypatch.setattr(module, "WHOLE_BYTES", 2_000)
    monkeypatch.setattr(large, "PIECE_BYTES", 700)
    monkeypatch.setattr(reading, "BATCH_BYTES", 1_000)


@pytest.mark.usefixtures("ordinary_user")
@pytest.mark.parametrize("form", FORMATS)
def test_an_odd_home_comes_back_whole(odd_home: Path, place: Path, tree_of: TreeOf, form: str) -> None:
    inventory = take_inventory(odd_home)
    archive = written(inventory, form, place / "archive")
    verified = verify(archive, against=odd_home)
    assert [p for p in verified.problems if p.code != "not-in-archive"] == []
    assert verified.files == inventory.totals.files
    done = unpack(archive, place / "out")
    assert done.problems == ()
    expected, found = tree_of(odd_home), tree_of(place / "out/jovyan")
    assert set(expected) - set(found) <= {item.path for item in inventory.findings.not_taken}
    deep = b"d" * 200
    for path, entry in found.items():
        if not path.startswith(deep):
            assert expected[path] == entry, path
    bottom = [path for path in inventory.paths() if path.endswith(b"/bottom")]
    assert len(bottom) == 1


@pytest.mark.parametrize("form", ["tar.zst", "tar.gz"])
def test_tar_keeps_hard_links(home: Path, place: Path, form: str) -> None:
    archive = written(take_inventory(home), form, place / "archive")
    unpack(archive, place / "out")
    assert (place / "out/jovyan/run.sh").samefile(place / "out/jovyan/a/hard link")


TAR_OPTIONS = {"tar.zst": ("--zstd", "-xpf"), "tar.gz": ("-xzpf",)}


@pytest.mark.usefixtures("ordinary_user")
@pytest.mark.parametrize("program", ["tar", "bsdtar"])
@pytest.mark.parametrize("form", ["tar.zst", "tar.gz"])
def test_other_tars_read_ours(home: Path, place: Path, tree_of: TreeOf, program: str, form: str) -> None:
    if shutil.which(program) is None or (form == "tar.zst" and program == "tar" and shutil.which("zstd") is None):
        pytest.skip(f"{program} is not installed")
    archive = written(take_inventory(home), form, place / "archive")
    out = place / "out"
    out.mkdir()
    command = [program, "-xpf"] if program == "bsdtar" else [program, *TAR_OPTIONS[form]]
    user = {"user": os.geteuid(), "group": os.getegid()} if os.geteuid() != os.getuid() else {}
    done = subprocess.run([*command, archive], cwd=out, capture_output=True, check=False, **user)  # type: ignore[call-overload]
    # GNU tar remarks on times before 1970 and in the future, and sets them.
    assert (done.returncode, [line for line in done.stderr.splitlines() if b"time stamp" not in line]) == (0, [])
    assert tree_of(out / "jovyan") == tree_of(home)


@pytest.mark.usefixtures("ordinary_user")
@pytest.mark.parametrize("program", ["unzip", "7z", "bsdtar"])
def test_others_test_our_deflated_zip(home: Path, place: Path, program: str) -> None:
    command = {"unzip": ["unzip", "-tqq"], "7z": ["7z", "t"], "bsdtar": ["bsdtar", "-xOf"]}[program]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    archive = written(take_inventory(home), "zip-deflated", place / "archive.zip")
    done = subprocess.run([*command, archive], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert archive.stat().st_size < take_inventory(home).totals.size_bytes / 50


def test_dense_files_are_stored_in_a_deflated_zip(place: Path) -> None:
    (place / "h").mkdir()
    (place / "h/dense").write_bytes(os.urandom(100_000))
    (place / "h/large").write_bytes(os.urandom(5_000_000))
    (place / "h/loose").write_bytes(b"abc" * 100_000)
    with zipfile.ZipFile(written(take_inventory(place / "h"), "zip-deflated", place / "a.zip")) as archive:
        kinds = {info.filename: (info.compress_type, info.compress_size) for info in archive.infolist()}
        assert archive.testzip() is None
    assert kinds["h/dense"] == (zipfile.ZIP_STORED, 100_000)
    assert kinds["h/large"][1] < 5_000_000 * 1.0002
    assert kinds["h/loose"][1] < 3_000


names = st.text(
    st.characters(codec="utf-8", exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=30
).filter(lambda name: name not in (".", "..") and len(name.encode()) < 250)
contents = st.one_of(st.binary(max_size=5_000), st.binary(min_size=1, max_size=3).map(lambda data: data * 3_000))
trees = st.dictionaries(
    names,
    st.recursive(contents, lambda inner: st.dictionaries(names, inner, max_size=4), max_leaves=8),
    max_size=5,
)


def plant(path: bytes, tree: object) -> None:
    if isinstance(tree, dict):
        os.mkdir(path)  # noqa: PTH102
        for name, below in tree.items():
            plant(path + b"/" + name.encode(), below)
    else:
        assert isinstance(tree, bytes)
        with open(path, "wb") as file:  # noqa: PTH123
            file.write(tree)


@pytest.fixture
def numbered(place: Path) -> Iterator[Path]:
    return (place / f"{number}" for number in range(10**6))


@pytest.mark.usefixtures("small_pieces")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(tree=trees, form=st.sampled_from(list(FORMATS)))
def test_round_trip_of_any_tree(
    numbered: Iterator[Path], tree_of: TreeOf, tree: dict[str, object], form: str
) -> None:
    base = next(numbered)
    base.mkdir()
    plant(os.fsencode(base / "h"), tree)
    archive = written(take_inventory(base / "h"), form, base / "archive")
    assert verify(archive, against=base / "h").problems == ()
    assert unpack(archive, base / "out").problems == ()
    assert tree_of(base / "out/h") == tree_of(base / "h")


@pytest.mark.parametrize("form", ["zip-deflated", "tar.zst", "tar.gz"])
def test_a_file_that_vanishes_is_named_in_every_format(place: Path, form: str) -> None:
    root = place / "h"
    root.mkdir()
    (root / "gone").write_bytes(b"x" * 5_000_000)
    (root / "gone too").write_bytes(b"x")
    (root / "well").write_text("well")
    inventory = take_inventory(root)
    (root / "gone").unlink()
    (root / "gone too").unlink()
    verified = verify(written(inventory, form, place / "archive"))
    assert {(p.code, p.path) for p in verified.problems} == {("not-whole", "h/gone"), ("not-whole", "h/gone too")}


@pytest.mark.parametrize("form", FORMATS)
def test_the_reader_who_leaves_ends_the_work(place: Path, form: str) -> None:
    (place / "h").mkdir()
    for number in range(50):
        (place / f"h/{number}").write_bytes(os.urandom(200_000))
    before = len(list(Path("/proc/self/fd").iterdir()))
    stream = FORMATS[form](take_inventory(place / "h")).read()
    for _ in range(2):  # the third may be all that is left
        next(stream)
    stream.close()  # type: ignore[attr-defined] # it is a generator
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@given(st.binary(max_size=2_000), st.binary(max_size=2_000))
def test_crcs_combine(first: bytes, second: bytes) -> None:
    whole = zlib.crc32(first + second)
    for combine in (checksum.combine, checksum.combine_slowly):
        assert combine(zlib.crc32(first), zlib.crc32(second), len(second)) == whole
    assert checksum.crc32(second, checksum.crc32(first, 0)) == whole


@given(st.lists(st.one_of(st.binary(max_size=3_000), st.just(b"a" * 200_000)), max_size=5))
def test_deflated_pieces_join(pieces: list[bytes]) -> None:
    joined = b"".join(checksum.deflate_piece(piece) for piece in pieces) + checksum.DEFLATE_END
    assert zlib.decompress(joined, -15) == b"".join(pieces)


def test_tar_and_zip_names_are_the_homes(home: Path, place: Path) -> None:
    archive = written(take_inventory(home), "tar.gz", place / "a.tar.gz")
    with tarfile.open(fileobj=io.BytesIO(archive.read_bytes())) as tar:
        listed = tar.getnames()
    assert listed[0] == "jovyan"
    assert listed[-2:] == ["SHA256SUMS", "TAKEOUT.txt"]
    assert "jovyan/ümläut" in listed


@given(
    st.binary(min_size=1, max_size=40),
    st.integers(-(1 << 61), 1 << 62),
    st.integers(0, 1 << 32),
    st.integers(0, 1 << 22),
)
def test_a_small_files_header_is_what_any_header_is(name: bytes, mtime_ns: int, uid: int, size: int) -> None:
    member = zipformat.Member(name.rstrip(b"/") + b"x", 0o100644, mtime_ns, uid, 7)
    quick = heads.zip_header(member.name, member.mode, (uid, 7), mtime_ns, size)
    assert quick == zipformat.local_header(member, 0, size, size)
    record = zipformat.small_record(member.name, member.mode, (uid, 7), mtime_ns, (5, size, uid))
    assert record == zipformat.central_header(member, 5, size, size, uid)
    assert len(quick) == zipformat.LOCAL_BYTES + len(member.name) + heads.common_extra_bytes(mtime_ns)


@given(
    st.binary(min_size=1, max_size=110),
    st.integers(0, 0o7777),
    st.sampled_from([0, 1_000, 0o7777777, 0o10000000]),
    st.one_of(st.integers(0, 1 << 22), st.integers((8 << 30) - 2, (8 << 30) + 2)),
    st.integers(-2, 1 << 40),
)
def test_a_files_header_in_a_tar_is_what_any_header_is(
    name: bytes, mode: int, uid: int, size: int, mtime: int
) -> None:
    name = name.replace(b"\0", b"x")
    member = tarformat.TarMember(name, tarfields.REGULAR, mode, uid, 7, size, mtime)
    quick = heads.tar_header(name, mode, (uid, 7), mtime * heads.SECONDS + 5, size)
    assert quick == tarformat.header(member)
