"""One at a time: two tests that want the same image, or two people who start the cluster."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from cluster.machine.places import Places
from cluster.machine.trouble import Trouble

_PAUSE_SECONDS = 0.2
_LONGEST_SECONDS = 40 * 60.0
"""Building all there is takes less, on a machine that is not too slow for it anyway."""


@contextmanager
def alone(places: Places, what: str) -> Iterator[None]:
    """Wait until nobody else does ``what``, and keep others from it meanwhile.

    Raises:
        Trouble: When somebody else does it for too long.
    """
    places.root.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + _LONGEST_SECONDS
    with (places.root / f"{what}.lock").open("w") as file:
        while not _locked(file):
            if time.monotonic() > until:
                raise Trouble(f"another process holds {file.name} for {_LONGEST_SECONDS:.0f} seconds")
            time.sleep(_PAUSE_SECONDS)
        yield


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
