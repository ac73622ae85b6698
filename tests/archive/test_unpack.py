"""Hostile and damaged archives: nothing outside is touched, nothing passes unnoticed."""

from __future__ import annotations

import contextlib
import io
import os
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from takeout.archive import FORMATS, StoredZip, take_inventory, unpack, verify
from takeout.archive.opening.names import UnsafeNameError, checked
from takeout.errors import ArchiveError, DirectoryError, DiskError


def zip_of(path: Path, *members: tuple[str, bytes, int]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data, mode in members:
            info = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
            info.external_attr = mode << 16
            info.create_system = 3
            archive.writestr(info, data)
    return path


def tar_of(path: Path, *members: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for info in members:
            archive.addfile(info, io.BytesIO(b"x" * info.size))
    return path


def info(
    name: str, kind: bytes = tarfile.REGTYPE, link: str = "", size: int = 0, mode: int = 0o644
) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.size, made.mode = kind, link, size, mode
    return made


REG, LNK = stat.S_IFREG | 0o644, stat.S_IFLNK | 0o777
BAD_NAMES = ["../out", "a/../../out", "/etc/takeout-test", "a//b", "./a", "a/.", ".."]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_names_that_lead_away_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnsafeNameError):
        checked(name.encode())
    archive = zip_of(tmp_path / "a.zip", (name, b"evil", REG), ("good", b"good", REG))
    done = unpack(archive, tmp_path / "dest")
    assert [problem.code for problem in done.problems] == ["unsafe-name"]
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.zip", "dest", "good"]
    assert "unsafe-name" in {problem.code for problem in verify(archive).problems}


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    archive = zip_of(tmp_path / "a.zip", ("d", os.fsencode(outside), LNK), ("d/evil", b"evil", REG))
    done = unpack(archive, tmp_path / "dest")
    assert [(problem.code, problem.path) for problem in done.problems] == [("exists", "d")]
    assert list(outside.iterdir()) == []
    assert (tmp_path / "dest/d/evil").read_bytes() == b"evil"


def test_a_link_that_is_already_there_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "dest").mkdir()
    (tmp_path / "dest/d").symlink_to(outside)
    (tmp_path / "dest/f").symlink_to(outside / "file")
    archive = zip_of(tmp_path / "a.zip", ("d/evil", b"evil", REG), ("f", b"evil", REG))
    done = unpack(archive, tmp_path / "dest")
    assert [(problem.code, problem.path) for problem in done.problems] == [
        ("not-written", "d/evil"),
        ("exists", "f"),
    ]
    assert list(outside.iterdir()) == []


def test_hard_links_stay_inside(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    archive = tar_of(
        tmp_path / "a.tar.gz",
        info("h/leak", tarfile.LNKTYPE, "../secret"),
        info("h/absolute", tarfile.LNKTYPE, "/etc/passwd"),
        info("h/nowhere", tarfile.LNKTYPE, "h/missing"),
    )
    done = unpack(archive, tmp_path / "dest")
    assert [problem.code for problem in done.problems] == ["unsafe-name", "unsafe-name", "not-written"]
    assert [path for path in (tmp_path / "dest").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_devices_are_refused(tmp_path: Path, kind: bytes) -> None:
    with pytest.raises(ArchiveError, match="neither file nor directory nor link"):
        unpack(tar_of(tmp_path / "a.tar.gz", info("device", kind)), tmp_path / "dest")


def test_set_user_id_is_dropped(tmp_path: Path) -> None:
    archive = tar_of(tmp_path / "a.tar.gz", info("tool", mode=0o6755))
    unpack(archive, tmp_path / "dest")
    assert stat.S_IMODE((tmp_path / "dest/tool").stat().st_mode) == 0o755


def test_what_is_there_is_left_alone(home: Path, place: Path) -> None:
    archive = place / "a.zip"
    archive.write_bytes(b"".join(StoredZip(take_inventory(home)).read()))
    (place / "out/jovyan").mkdir(parents=True)
    (place / "out/jovyan/private").write_text("mine")
    done = unpack(archive, place / "out")
    assert [(p.code, p.path) for p in done.problems] == [("exists", "jovyan/private")]
    assert (place / "out/jovyan/private").read_text() == "mine"


def test_unpacking_goes_on_where_it_stopped(home: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = place / "a.zip"
    archive.write_bytes(b"".join(StoredZip(take_inventory(home)).read()))
    total = take_inventory(home).totals.files + 2
    real, calls = os.rename, 0

    def stop(*args: object, **options: object) -> None:
        nonlocal calls
        calls += 1
        if calls > 7:
            raise KeyboardInterrupt
        real(*args, **options)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(os, "rename", stop)
        with pytest.raises(KeyboardInterrupt):
            unpack(archive, place / "out")
    done = unpack(archive, place / "out")
    assert (done.files, done.already, done.problems) == (total - 7, 7, ())
    assert not list((place / "out").rglob("*.part"))


def test_a_full_disk_is_said(home: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = place / "a.zip"
    archive.write_bytes(b"".join(StoredZip(take_inventory(home)).read()))

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(DiskError, match="no space left"):
        unpack(archive, place / "out")


def test_strip_puts_the_home_right_there(home: Path, place: Path, tree_of: Callable[[Path], object]) -> None:
    archive = place / "a.zip"
    archive.write_bytes(b"".join(StoredZip(take_inventory(home)).read()))
    unpack(archive, place / "out", strip=True)
    assert tree_of(place / "out") == tree_of(home)


def test_the_destination_must_be_a_directory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DirectoryError):
        unpack(zip_of(tmp_path / "a.zip", ("a", b"a", REG)), tmp_path / "file")


@pytest.mark.parametrize("content", [b"", b"PK", b"not an archive", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd"])
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(ArchiveError):
        verify(tmp_path / "a")


def test_overlapping_members_are_refused(tmp_path: Path) -> None:
    """The trick of David Fifield's bomb: many records, one body."""
    data = bytearray(zip_of(tmp_path / "a.zip", ("a", b"0" * 100, REG), ("b", b"0" * 100, REG)).read_bytes())
    second = data.rindex(b"PK\x01\x02")
    struct.pack_into("<I", data, second + 42, 0)
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(ArchiveError, match="overlap"):
        unpack(tmp_path / "a.zip", tmp_path / "dest")


def test_a_member_longer_than_it_says_is_stopped(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(50_000_000))
    data = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(data.replace(struct.pack("<I", 50_000_000), struct.pack("<I", 1_000)))
    done = unpack(tmp_path / "a.zip", tmp_path / "dest")
    assert [(problem.code, problem.path) for problem in done.problems] == [("damaged", "bomb")]
    assert list((tmp_path / "dest").iterdir()) == []


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    root = tmp_path_factory.mktemp("damage") / "h"
    (root / "sub").mkdir(parents=True)
    (root / "sub/text").write_text("some text\n" * 50)
    (root / "dense").write_bytes(bytes(range(256)) * 3)
    (root / "link").symlink_to("sub/text")
    (root / "empty").touch()
    return {form: b"".join(make(take_inventory(root)).read()) for form, make in FORMATS.items()}


def _contents(path: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(path)): os.fsencode(file.readlink()) if file.is_symlink() else file.read_bytes()
        for file in path.rglob("*")
        if file.is_symlink() or file.is_file()
    }


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(form=st.sampled_from(list(FORMATS)), where=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_a_flipped_byte_is_found_or_does_no_harm(
    archives: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory, form: str, where: float, flip: int
) -> None:
    base = tmp_path_factory.mktemp("flip")
    data = bytearray(archives[form])
    (base / "good").write_bytes(data)
    data[int(where * len(data))] ^= flip
    (base / "bad").write_bytes(data)
    unpack(base / "good", base / "expected")
    try:
        problems = verify(base / "bad").problems
        done = unpack(base / "bad", base / "found")
    except ArchiveError:
        return
    if not problems and not done.problems:
        assert _contents(base / "found") == _contents(base / "expected")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(form=st.sampled_from(list(FORMATS)), where=st.floats(0, 1, exclude_max=True))
def test_a_cut_archive_is_never_whole(
    archives: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory, form: str, where: float
) -> None:
    path = tmp_path_factory.mktemp("cut") / "a"
    path.write_bytes(archives[form][: int(where * len(archives[form]))])
    try:
        assert verify(path).problems
    except ArchiveError:
        return


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@example(start=b"PK\x05\x06", rest=bytes(18))
@given(
    start=st.sampled_from([b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd"]), rest=st.binary()
)
def test_noise_gives_an_error_and_no_traceback(
    tmp_path_factory: pytest.TempPathFactory, start: bytes, rest: bytes
) -> None:
    base = tmp_path_factory.mktemp("noise")
    (base / "a").write_bytes(start + rest)
    with contextlib.suppress(ArchiveError):
        unpack(base / "a", base / "out")


def test_verify_finds_what_differs_from_a_directory(home: Path, place: Path) -> None:
    archive = place / "a.zip"
    archive.write_bytes(b"".join(StoredZip(take_inventory(home)).read()))
    (home / "private").write_text("SECRET\n")
    (home / "empty").unlink()
    (home / "new").write_text("new")
    (home / "link").unlink()
    (home / "link").symlink_to("empty")
    found = {(problem.code, problem.path) for problem in verify(archive, against=home).problems}
    assert found == {
        ("differs", "jovyan/private"),
        ("not-in-directory", "jovyan/empty"),
        ("not-in-archive", "jovyan/new"),
        ("differs", "jovyan/link"),
    }


def test_verify_names_what_changed_while_the_archive_was_made(home: Path, place: Path) -> None:
    made = StoredZip(take_inventory(home))
    os.utime(home / "private", (5, 5))
    (place / "a.zip").write_bytes(b"".join(made.read()))
    found = verify(place / "a.zip")
    assert (found.problems, found.changed) == ((), ("jovyan/private",))


def test_the_wrong_sum_is_found(home: Path, place: Path) -> None:
    data = b"".join(StoredZip(take_inventory(home)).read())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sums = archive.read("SHA256SUMS")
    with zipfile.ZipFile(place / "a.zip", "w") as archive:
        archive.writestr("h/a", b"other")
        archive.writestr("h/b", b"b")
        archive.writestr("SHA256SUMS", sums[:64] + b"  h/a\n" + sums[:64] + b"  h/c\n")
    assert {problem.code for problem in verify(place / "a.zip").problems} == {"checksum", "missing", "unlisted"}
