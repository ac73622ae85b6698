from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from takeout.archive import Remembered, State, StoredZip, take_inventory
from takeout.archive.contents import remembered
from takeout.archive.contents.remembered import key_of


def _entry(number: int) -> tuple[bytes, int, bytes]:
    return key_of(1, number, 2, 3, 4), number, hashlib.sha256(b"%d" % number).digest()


def _fill(directory: Path, numbers: range) -> None:
    cache = Remembered(directory)
    for number in numbers:
        cache.put(*_entry(number))
    cache.close()


def test_what_was_put_is_found_again(tmp_path: Path) -> None:
    _fill(tmp_path, range(1_000))
    cache = Remembered(tmp_path)
    for number in range(0, 1_000, 5):
        key, crc, sha = _entry(number)
        assert cache.get(key) == (crc, sha)
    assert [cache.get(_entry(number)[0]) for number in range(1_000, 1_200)] == [None] * 200
    cache.close()


def test_many_runs_become_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "_RUN_RECORDS", 10)
    _fill(tmp_path, range(305))
    assert len(list(tmp_path.glob("*.sums"))) == 31
    cache = Remembered(tmp_path)
    assert len(list(tmp_path.glob("*.sums"))) == 1
    assert all(cache.get(_entry(number)[0]) is not None for number in range(305))
    cache.close()


def test_damage_is_forgotten_and_never_believed(tmp_path: Path) -> None:
    _fill(tmp_path, range(50))
    (file,) = tmp_path.glob("*.sums")
    data = bytearray(file.read_bytes())
    for record in range(50):
        data[record * 64 + 30] ^= 1
    file.write_bytes(data[:-10])
    (tmp_path / "noise.sums").write_bytes(os.urandom(10_000))
    cache = Remembered(tmp_path)
    assert [cache.get(_entry(number)[0]) for number in range(50)] == [None] * 50
    cache.close()


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cache = Remembered(tmp_path / "file")
    cache.put(*_entry(1))
    assert cache.get(_entry(1)[0]) is None
    assert cache.identity() == {} or (tmp_path / "file").is_file()
    cache.close()


def test_a_new_run_resumes_without_reading_what_was_sent(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = place / "h"
    home.mkdir()
    for number in range(300):
        (home / f"{number:03}").write_bytes(b"%d" % number * 5_000)
    monkeypatch.setattr("takeout.archive.formats.stored._SETTLED_NS", -1)
    cache = Remembered(tmp_path)
    first = StoredZip(take_inventory(home), cache)
    whole = b"".join(first.read())
    cache.close()
    cache = Remembered(tmp_path)
    again = StoredZip(take_inventory(home), cache)
    opened: list[bytes] = []
    real = os.open

    def count(path: str | bytes, *rest: int, **options: int) -> int:
        opened.append(os.fsencode(path))
        return real(path, *rest, **options)

    monkeypatch.setattr(os, "open", count)
    cut = len(whole) - 60_000
    assert b"".join(again.read(cut)) == whole[cut:]
    assert len([name for name in opened if name.isdigit()]) < 10
    cache.close()


def test_only_what_is_whole_and_old_enough_is_remembered(place: Path, tmp_path: Path) -> None:
    home = place / "h"
    home.mkdir()
    for name in ("well", "changed"):
        (home / name).write_text(name)
    cache = Remembered(tmp_path)
    inventory = take_inventory(home)
    archive = StoredZip(inventory, cache)
    os.utime(home / "changed", (1, 1))
    list(archive.read())
    keys = {entry.path: key_of(*inventory.columns.stamp(entry.index)) for entry in inventory}
    assert archive.results.state(1) is State.CHANGED
    cache.close()
    cache = Remembered(tmp_path)
    assert [cache.get(key) for key in keys.values()] == [None] * 3
    cache.close()


def test_what_is_for_later_is_asked_for_when_all_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembered, "_RUN_RECORDS", 10)
    asked: list[int] = []

    def learnt(first: int) -> Iterator[tuple[bytes, int, bytes]]:
        asked.append(first)
        yield from map(_entry, range(first, first + 25))

    cache = Remembered(tmp_path)
    cache.later(partial(learnt, 0))
    cache.later(partial(learnt, 100))
    assert asked == []
    cache.flush()
    assert asked == [0, 100]
    cache.close()
    assert asked == [0, 100]
    cache = Remembered(tmp_path)
    known = [number for number in range(200) if cache.get(_entry(number)[0]) is not None]
    assert known == [*range(25), *range(100, 125)]
    cache.close()
