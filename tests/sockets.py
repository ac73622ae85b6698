"""Which sockets this process has open: one that nobody closes fails whatever test runs when Python finds it."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

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
