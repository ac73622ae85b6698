"""What is known of the disk that a home lies on: how long a file waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, thread_time

_SLOW_SECONDS = 0.0005
"""A file that waits longer waits for a distant disk; then more of them side by side are faster."""
_FIRST = 8
"""The first works are small, so that the first byte comes soon and the disk is soon known."""
_AIM_SECONDS = 0.02
"""A work should take about so long: much longer than handing it over, and short enough to spread well."""
_READ_SECONDS = 2e-9
"""What a byte takes at half a gigabyte a second; it does not tell of a distant disk."""
_MOST = 0.5
_INERTIA = 0.8
"""How much of what was measured before stays in the mean."""


class Disk:
    """A mean of what was measured; threads that add to it at once lose at most a measurement."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._slow = 0.0

    @property
    def distant(self) -> bool:
        """Whether files were seen to wait for it: most of the last ones, for any disk is late now and then."""
        return self._slow > _MOST

    def at_once(self, most: int) -> int:
        """Return how many files to read in one piece of work, at most ``most``."""
        return max(1, min(most, int(_AIM_SECONDS / self._seconds))) if self._seconds else min(most, _FIRST)

    @contextmanager
    def measured(self, files: int, size_bytes: int) -> Iterator[None]:
        """Measure how long this thread waits while it reads."""
        began, used = monotonic(), thread_time()
        yield
        self.learn(monotonic() - began - (thread_time() - used), files, size_bytes)

    def learn(self, waited_seconds: float, files: int, size_bytes: int) -> None:
        """Take in how long reading so many files, so long together, waited."""
        if files:
            seconds = max(0.0, waited_seconds - size_bytes * _READ_SECONDS) / files
            inertia = _INERTIA if self._seconds else 0.0
            self._slow = inertia * self._slow + (1 - inertia) * (seconds > _SLOW_SECONDS)
            self._seconds = inertia * self._seconds + (1 - inertia) * seconds + 1e-9
