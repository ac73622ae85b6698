"""What tests install once and keep in the user's cache; several test processes wait for the one that makes it."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

MARK = "ready"


def made_once(name: str, make: Callable[[Path], bool]) -> Path | None:
    """Return a directory that is made when it is first needed; None where that fails.

    Args:
        name: Its name; another one for another content.
        make: Fills it, and says whether it could.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "takeout" / "tests"
    cache.mkdir(parents=True, exist_ok=True)
    place = cache / name
    with (cache / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / MARK).exists():
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            if not make(place):
                return None
            (place / MARK).touch()
    return place
