"""Which sockets this process has open: one that nobody closes fails whatever test runs when Python finds it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

_WAIT_SECONDS = 20.0


def open_sockets() -> set[str]:
    """Return the sockets, as the kernel names them; none where it does not tell."""
    found = set()
    with contextlib.suppress(FileNotFoundError):
        for link in Path("/proc/self/fd").iterdir():
            with contextlib.suppress(OSError):
                found.add(str(link.readlink()))
    return {name for name in found if name.startswith("socket:")}


def left_open(before: set[str]) -> set[str]:
    """Return what was opened since and is not closed; threads that are about to close theirs are waited for."""
    end = time.monotonic() + _WAIT_SECONDS
    while (left := open_sockets() - before) and time.monotonic() < end:
        time.sleep(0.01)
    return left


@pytest.fixture(autouse=True)
def sockets_are_closed() -> Iterator[None]:
    """Have the very test fail that leaves a socket to Python's garbage collection, not the one that it runs in."""
    before = open_sockets()
    yield
    assert left_open(before) == set()
