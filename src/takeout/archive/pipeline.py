"""Do much at once and hand it over in order, within a bound of memory."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

from takeout.archive.disk import Disk

T = TypeVar("T")

THREADS = 96
"""How many pieces of work run at once where each waits for a distant disk."""
BUDGET_BYTES = 12 << 20
"""How much may have been read and not yet handed over."""
_LOCAL_THREADS = (os.cpu_count() or 1) + 1


def _nobody() -> None:
    """Give the work to nobody."""


@dataclass(frozen=True, slots=True)
class Work(Generic[T]):
    """One piece of work.

    Attributes:
        cost_bytes: How much memory its result takes.
        run: The work, for a thread.
        begin: Gives the work to somebody else, where that can be, and returns what waits for the result.
    """

    cost_bytes: int
    run: Callable[[], T]
    begin: Callable[[], Callable[[], T] | None] = _nobody


class Pipeline:
    """Runs works ahead of the one who takes their results.

    Args:
        threads: The most that run at once.
        budget_bytes: The most that may be finished or under way and not taken yet.
        disk: What the works wait for.
    """

    def __init__(self, disk: Disk, *, threads: int = THREADS, budget_bytes: int = BUDGET_BYTES) -> None:
        self._disk = disk
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="takeout-read")
        self._threads = threads
        self._budget_bytes = budget_bytes
        self._local = min(threads, _LOCAL_THREADS)

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
                    waiting.append((following.cost_bytes, following.begin() or self._pool.submit(following.run)))
                    under_way += following.cost_bytes
                    following = next(source, None)
                cost, begun = waiting.popleft()
                result = begun.result() if isinstance(begun, Future) else begun()
                under_way -= cost
                yield result
        finally:
            # A cancelled future is never done once the threads are gone; only what runs is waited for.
            wait([begun for _, begun in waiting if isinstance(begun, Future) and not begun.cancel()])
            for _, begun in waiting:
                if not isinstance(begun, Future):
                    with suppress(Exception):  # nobody is there for the result, nor for what it failed of
                        begun()

    def _has_room(self, count: int, under_way: int, cost: int) -> bool:
        window = self._threads if self._disk.distant else self._local
        return count == 0 or (count < window and under_way + cost <= self._budget_bytes)

    def close(self) -> None:
        """Stop the threads; what runs is waited for."""
        self._pool.shutdown(wait=True, cancel_futures=True)
