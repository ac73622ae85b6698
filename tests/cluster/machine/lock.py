"""One at a time: two tests that want the same image, or two people who start the cluster."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from cluster.machine.places import Places


@contextmanager
def alone(places: Places, what: str) -> Iterator[None]:
    """Wait until nobody else does ``what``, and keep others from it meanwhile."""
    places.root.mkdir(parents=True, exist_ok=True)
    with (places.root / f"{what}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
