"""Looking through homes: once for all who ask for the same, and going on while they come back to ask again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from math import ceil
from time import monotonic

from takeout.archive import Inventory
from takeout.server.refusal import Refusal
from takeout.server.shelf import Key

FRESH_SECONDS = 300.0
"""So long what took long to find is taken for what is there. Meanwhile the archive's own report names changes."""
_TICK_SECONDS = 0.25
_UNATTENDED_SECONDS = 90.0
"""So long a walk goes on for somebody who was told to come back."""
_LONGEST_RETRY_SECONDS = 15


class GoneError(Exception):
    """Whoever asked has left."""


@dataclass(slots=True)
class Walk:
    """One walk over a home.

    Attributes:
        began: When, by the monotonic clock.
        loop: What those who wait run in; without it nobody waits.
        entries: How many entries were found so far.
        watchers: How many wait for it.
        unattended_until: Until when it goes on without anybody, by the monotonic clock.
        ended: When it ended; 0 while it goes on.
        task: The work.
    """

    began: float
    loop: asyncio.AbstractEventLoop
    entries: int = 0
    watchers: int = 0
    unattended_until: float = 0.0
    ended: float = 0.0
    task: asyncio.Future[Inventory] = field(init=False)

    def progress(self, step: str, done: int, total: int) -> None:
        """Take in how far the walk is, in its thread.

        Raises:
            GoneError: When nobody wants it any more, or the server ends.
        """
        del step, total
        self.entries = done
        wanted = self.watchers or monotonic() <= self.unattended_until
        if not wanted or not self.loop.is_running():
            raise GoneError


class Walks:
    """The walks of one server.

    Args:
        start: Begins a walk.
        wait_seconds: How long a walk may take before those who must be answered are told to come back. What took
            longer is remembered for ``FRESH_SECONDS``, so that they find it then.
    """

    def __init__(self, start: Callable[[Key, Walk], Awaitable[Inventory]], wait_seconds: float) -> None:
        self._start = start
        self._wait_seconds = wait_seconds
        self._walks: dict[tuple[bytes, str, tuple[str, ...]], Walk] = {}

    async def inventory(
        self, key: Key, *, told: Callable[[int], None], gone: Callable[[], bool], answer: bool
    ) -> Inventory:
        """Return what there is.

        Args:
            key: What is wanted of it.
            told: Told the number of entries from time to time.
            gone: Whether whoever asked has left.
            answer: Whether an answer must come before a proxy on the way gives up.

        Raises:
            Refusal: 503 when ``answer`` is wanted and the walk takes longer; 429 when too many wait already.
            GoneError: When whoever asked has left.
            TakeoutError: As ``take_inventory`` does.
        """
        walk = self._walk(key)
        deadline = monotonic() + self._wait_seconds
        walk.watchers += 1
        try:
            while not walk.task.done():
                if gone():
                    raise GoneError
                if answer and monotonic() >= deadline:
                    walk.unattended_until = monotonic() + _UNATTENDED_SECONDS
                    raise self._later(walk)
                await asyncio.wait({walk.task}, timeout=_TICK_SECONDS)
                told(walk.entries)
        finally:
            walk.watchers -= 1
        return walk.task.result()

    def _walk(self, key: Key) -> Walk:
        """Return the walk that goes on already, or has ended a short while ago, or a new one."""
        name = (key.directory, key.preset, key.exclude)
        now = monotonic()
        self.tidy(now)
        walk = self._walks.get(name)
        if walk is None:
            walk = self._walks[name] = Walk(now, asyncio.get_running_loop())
            walk.task = asyncio.ensure_future(self._start(key, walk))
            walk.task.add_done_callback(lambda task: self._end(name, task))
        return walk

    def _end(self, name: tuple[bytes, str, tuple[str, ...]], task: asyncio.Future[Inventory]) -> None:
        walk = self._walks[name]
        walk.ended = monotonic()
        failed = task.cancelled() or task.exception() is not None
        if failed or walk.ended - walk.began <= self._wait_seconds:
            del self._walks[name]

    def tidy(self, now: float) -> None:
        """Forget what is no longer fresh."""
        for name, walk in list(self._walks.items()):
            if walk.ended and now - walk.ended > FRESH_SECONDS:
                del self._walks[name]

    def _later(self, walk: Walk) -> Refusal:
        seconds = min(max(1, ceil(self._wait_seconds)), _LONGEST_RETRY_SECONDS)
        return Refusal(
            503,
            "looking",
            f"the directory is still being looked through: {walk.entries} entries so far",
            f"ask again in {seconds} seconds; the work goes on meanwhile",
            headers={"Retry-After": str(seconds)},
        )
