"""What is read from a distant disk, with very many operations at once, is what a near one gives."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from takeout.archive import Inventory, StoredZip, take_inventory
from takeout.archive.contents import disk
from takeout.archive.home import ahead


@pytest.fixture
def distant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "_SLOW_SECONDS", -1.0)
    monkeypatch.setattr(ahead, "DISTANT_NAMES", 7)
    monkeypatch.setattr(disk, "_SLOW_SECONDS", -1.0)
    monkeypatch.setattr(disk, "_AIM_SECONDS", 1e-9)


@pytest.fixture
def wide(place: Path) -> Path:
    home = place / "h"
    for number in range(40):
        below = home / f"{number % 5}" / f"{number % 3}" / f"{number}"
        below.mkdir(parents=True)
        for name in range(number):
            (below / f"{name}").write_bytes(b"%d" % name * number)
    (home / "1" / "large").write_bytes(os.urandom(9_000_000))
    return home


def digest(inventory: Inventory) -> str:
    state = hashlib.sha256()
    for piece in StoredZip(inventory).read():
        state.update(piece)
    return state.hexdigest()


def test_many_at_once_give_the_same(wide: Path, request: pytest.FixtureRequest) -> None:
    near = take_inventory(wide)
    expected = digest(near)
    request.getfixturevalue("distant")
    far = take_inventory(wide)
    assert list(far) == list(near)
    assert far.digest() == near.digest()
    assert digest(far) == expected


@pytest.mark.usefixtures("distant")
def test_what_is_put_aside_is_not_looked_into_early(wide: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aside = wide / "2" / "2"
    status = aside.stat()
    listed: list[bytes] = []
    real = ahead.read_names
    monkeypatch.setattr(
        ahead, "read_names", lambda fd, place, most: (listed.append(place.path), real(fd, place, most))[1]
    )
    found = take_inventory(wide, aside={(status.st_dev, status.st_ino): "not ours"})
    assert [(item.path, item.rule) for item in found.findings.left_out] == [(b"2/2", "not ours")]
    assert b"2/1" in listed
    assert not [path for path in listed if path.startswith(b"2/2")]


@pytest.mark.usefixtures("distant")
def test_a_walk_that_is_given_up_ends_its_threads(wide: Path) -> None:
    def stop(step: str, done: int, total: int) -> None:
        del step, total
        if done > 20:
            raise KeyboardInterrupt

    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(KeyboardInterrupt):
        take_inventory(wide, progress=stop)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
