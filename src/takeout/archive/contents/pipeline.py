"""Do much at once and hand it over in order, within a bound of memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from takeout.archive.contents.disk import Disk
from takeout.archive.contents.processors import processors

T = TypeVar("T")

THREADS = 96
"""How many pieces of work run at once where each waits for a distant disk."""
BUDGET_BYTES = 12 << 20
"""How much may have been read and not yet handed over."""


class Refused(Enum):
    """Why nobody else took a work: it can be taken later, when results were, or not at all."""

    LATER = 1
    EVER = 2


def _nobody() -> Refused:
    return Refused.EVER


@dataclass(frozen=True, slots=True)
class Work(Generic[T]):
    """One piece of work.

    Attributes:
        cost_bytes: How much memory its result takes.
        run: The work, for a thread.
        begin: Gives the work to somebody else, and returns what waits for the result, or why not.
    """

    cost_bytes: int
    run: Callable[[], T]
    begin: Callable[[], Callable[[], T] | Refused] = _nobody


class Pipeline:
    """Runs works ahead of the one who takes their results.

    Args:
        threads: The most that run at once.
        budget_bytes: The most that may be finished or under way and not taken yet.
        disk: What the works wait for.

    Attributes:
        near: How many works may be under way where the disk is near.
    """

    def __init__(self, disk: Disk, *, threads: int = THREADS, budget_bytes: int = BUDGET_BYTES) -> None:
        self._disk = disk
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="takeout-read")
        self._threads = threads
        self._budget_bytes = budget_bytes
        self.near = processors() + 1

    def results(self, works: Iterable[Work[T]]) -> Iterator[T]:
        """Yield the results in the order of the works; works are drawn only as far as the bounds allow.

        Closing the iterator cancels what has not begun and waits for what has.
        """
        waiting: deque[tuple[int, Callable[[], T] | Future[T]]] = deque()
        source = iter(works)
        under_way = 0
        following = next(source, None)
        try:
            while following is not None or waiting:
                while following is not None and self._has_room(len(waiting), under_way, following.cost_bytes):
                    begun = following.begin()
                    if begun is Refused.LATER and waiting:
                        break
                    on_its_way = self._pool.submit(following.run) if isinstance(begun, Refused) else begun
                    waiting.append((following.cost_bytes, on_its_way))
                    under_way += following.cost_bytes
                    following = next(source, None)
                cost, first = waiting.popleft()
                result = first.result() if isinstance(first, Future) else first()
                under_way -= cost
                yield result
        finally:
            # A cancelled future is never done once the threads are gone; only what runs is waited for.
            wait([each for _, each in waiting if isinstance(each, Future) and not each.cancel()])
            for _, each in waiting:
                if not isinstance(each, Future):
                    with suppress(Exception):  # nobody is there for the result, nor for what it failed of
                        each()

    def _has_room(self, count: int, under_way: int, cost: int) -> bool:
        window = self._threads if self._disk.distant else min(self._threads, self.near)
        return count == 0 or (count < window and under_way + cost <= self._budget_bytes)

    def close(self) -> None:
        """Stop the threads; what runs is waited for."""
        self._pool.shutdown(wait=True, cancel_futures=True)
