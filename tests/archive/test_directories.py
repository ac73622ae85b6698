"""Directories that many threads are in at once."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from takeout.archive import take_inventory
from takeout.archive.contents import directories
from takeout.archive.contents.directories import Directories, Directory
from takeout.archive.contents.results import State


class Leisurely(dict[int, Directory]):
    """A table that lets the other threads go before it has changed back what it changed."""

    def pop(self, *args: object) -> Directory | None:  # type: ignore[override]
        found = super().pop(*args)  # type: ignore[call-overload]
        time.sleep(0)
        return found


def test_threads_share_them_and_few_stay_open(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directories, "KEPT_OPEN", 3)
    for number in range(8):
        (place / f"{number}").mkdir()
    inventory = take_inventory(place)
    root_fd = os.open(place, os.O_RDONLY)
    before = len(list(Path("/proc/self/fd").iterdir()))
    shared = Directories(root_fd, inventory)
    shared._open = Leisurely()

    def go_about(start: int) -> bool:
        with shared.visit() as visit:
            for step in range(200):
                index = 1 + (start % 2 + step * 3) % 8
                directory = visit(index)
                if directory.state is not State.GOOD or os.fstat(directory.fd).st_ino != inventory[index].inode:
                    return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(go_about, range(12)))
    assert len(list(Path("/proc/self/fd").iterdir())) - before <= 3
    shared.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    os.close(root_fd)
