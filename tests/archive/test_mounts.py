"""Other file systems: shared folders in a home, and disks that fill. Both need root, to mount one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from takeout.archive import FORMATS, Target, pack_to, take_inventory, unpack, verify
from takeout.archive.home import ahead
from takeout.errors import DiskError

SIZE = 2 << 20


@pytest.fixture
def small_disk(place: Path) -> Iterator[Path]:
    """A disk of two mebibytes."""
    disk = place / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "takeout-test", str(disk)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a file system")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_what_is_mounted_inside_is_named_and_left_out_on_request(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = small_disk.parent
    (small_disk / "theirs").write_bytes(b"x" * 1_000)
    (home / "mine").write_bytes(b"y")
    whole = take_inventory(home)
    assert whole.findings.mounts == (b"disk",)
    assert b"disk/theirs" in set(whole.paths())

    listed: list[bytes] = []
    real = ahead.read_names
    monkeypatch.setattr(
        ahead, "read_names", lambda fd, place, most: (listed.append(place.path), real(fd, place, most))[1]
    )
    alone = take_inventory(home, one_file_system=True)
    assert set(alone.paths()) == {b"", b"mine"}
    (left,) = alone.findings.left_out
    assert (left.path, left.rule) == (b"disk", "on another file system; not looked into")
    assert listed == [b""]


def fill(home: Path) -> None:
    home.mkdir()
    for number in range(30):
        (home / f"{number:02}").write_bytes(os.urandom(100_000))


@pytest.mark.parametrize("form", FORMATS)
def test_packing_goes_on_when_there_is_room_again(small_disk: Path, form: str) -> None:
    home, ballast = small_disk.parent / "home", small_disk / "ballast"
    fill(home)
    ballast.write_bytes(bytes(SIZE // 2))
    target = Target.at(small_disk / "archive")
    with pytest.raises(DiskError, match=r"writing failed: no space left on device") as raised:
        pack_to(target, FORMATS[form](take_inventory(home)))
    assert raised.value.where is not None
    assert str(small_disk) in str(raised.value.where)
    assert "make room" in raised.value.hint
    assert not target.file.exists()
    written = target.part.stat().st_size
    assert written > 0

    ballast.unlink()
    subprocess.run(["mount", "-o", f"remount,size={4 * SIZE}", str(small_disk)], check=True)
    start = pack_to(target, FORMATS[form](take_inventory(home)))
    assert start == (written if form == "zip" else 0)
    assert verify(target.file, against=home).problems == ()


def test_unpacking_goes_on_when_there_is_room_again(small_disk: Path) -> None:
    home = small_disk.parent / "home"
    fill(home)
    target = Target.at(small_disk.parent / "archive")
    pack_to(target, FORMATS["zip"](take_inventory(home)))
    out = small_disk / "out"
    with pytest.raises(DiskError, match="no space left on device"):
        unpack(target.file, out)
    there = {path.name for path in (out / "home").iterdir()}
    assert there
    assert not [name for name in there if name.startswith(".")]
    for name in there:
        assert (out / "home" / name).read_bytes() == (home / name).read_bytes()

    subprocess.run(["mount", "-o", f"remount,size={4 * SIZE}", str(small_disk)], check=True)
    done = unpack(target.file, out)
    assert (done.already, done.problems) == (len(there), ())
    assert {path.name for path in (out / "home").iterdir()} == {path.name for path in home.iterdir()}
