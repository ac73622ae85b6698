"""How many requests are in flight: as many as the server answers well, and fewer as soon as it complains."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

FIRST = 8
"""Requests in flight at the start; a server under load soon says when that is too many."""
_LONGEST_PAUSE_SECONDS = 30.0
_LONGEST_ASKED_SECONDS = 120.0
"""A server may ask for a pause (``Retry-After``); longer ones are tried earlier all the same."""
_FIRST_PAUSE_SECONDS = 0.25
SILENT_SECONDS = 15.0
"""The longest silence in the middle of an answer at first."""
_MOST_SILENT_SECONDS = 240.0


class Silence:
    """How long an answer may say nothing: proxies do not always pass on that the server behind them was stopped.

    Attributes:
        seconds: So long; twice as long after each request that brought nothing.
    """

    __slots__ = ("_at", "seconds")

    def __init__(self) -> None:
        self.seconds = SILENT_SECONDS
        self._at = -1

    def asked(self, at: int) -> None:
        """Note that what follows ``at`` is asked for."""
        self.seconds = SILENT_SECONDS if at > self._at else min(2 * self.seconds, _MOST_SILENT_SECONDS)
        self._at = at


class StoppedError(Exception):
    """The pull is being stopped; no error of its own."""


class Pace:
    """A gate with a moving width: one wider after a round of good answers, half as wide after a bad one.

    Args:
        most: The greatest width.

    Attributes:
        stopped: Set when all work is to end.
        retries: How many requests had to be made again.
    """

    def __init__(self, most: int) -> None:
        self._most = max(1, most)
        self._width = float(min(FIRST, self._most))
        self._inside = 0
        self._change = threading.Condition()
        self._closed_until = 0.0
        self._last_good = time.monotonic()
        self._narrowed = 0.0
        self.stopped = threading.Event()
        self.retries = 0

    @property
    def width(self) -> int:
        """How many requests may be in flight."""
        return max(1, int(self._width))

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Wait for a place in flight, and hold it.

        Raises:
            StoppedError: When all work is to end.
        """
        with self._change:
            while self._inside >= self.width or self._closed_until > time.monotonic():
                if self.stopped.is_set():
                    raise StoppedError
                left = self._closed_until - time.monotonic()
                self._change.wait(min(1.0, max(left, 0.01)) if left > 0 else 1.0)
            if self.stopped.is_set():
                raise StoppedError
            self._inside += 1
        try:
            yield
        finally:
            with self._change:
                self._inside -= 1
                self._change.notify()

    def good(self) -> None:
        """Note a good answer."""
        with self._change:
            self._last_good = time.monotonic()
            if self._width < self._most:
                # Until the first complaint twice as wide with each round trip, then by one.
                step = 1.0 if not self._narrowed else 1.0 / self._width
                self._width = min(self._most, self._width + step)
                self._change.notify()

    def alive(self) -> None:
        """Note that something comes; a long answer is good long before it ends."""
        self._last_good = time.monotonic()

    def bad(self, *, overloaded: bool, pause_seconds: float = 0.0) -> None:
        """Note an answer that has to be asked for again.

        Args:
            overloaded: Whether the server has too much to do, or answered too late.
            pause_seconds: How long it asked everybody to wait.
        """
        with self._change:
            self.retries += 1
            now = time.monotonic()
            if overloaded and now - self._narrowed > 1.0:
                # One complaint about a crowd reaches every request of the crowd; it counts once.
                self._width = max(1.0, self._width / 2)
                self._narrowed = now
            if pause_seconds > 0:
                self._closed_until = max(self._closed_until, now + min(pause_seconds, _LONGEST_ASKED_SECONDS))

    def silent_seconds(self) -> float:
        """Return how long ago the last good answer came."""
        return time.monotonic() - self._last_good

    def good_since(self, moment: float) -> bool:
        """Return whether a good answer came after ``moment``, a value of ``time.monotonic``."""
        return self._last_good > moment

    def wait(self, attempt: int) -> None:
        """Wait before the next attempt, longer each time.

        Args:
            attempt: How many have failed, from 1.

        Raises:
            StoppedError: When all work is to end.
        """
        pause = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2 ** min(attempt - 1, 10))
        if self.stopped.wait(pause * random.uniform(0.5, 1.0)):  # noqa: S311 - spreads requests, guards nothing
            raise StoppedError

    def stop(self) -> None:
        """End all waiting."""
        self.stopped.set()
        with self._change:
            self._change.notify_all()
