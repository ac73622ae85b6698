"""Do much at once and hand it over in order, within a bound of memory."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from time import monotonic, thread_time
from typing import Generic, TypeVar

T = TypeVar("T")

THREADS = 96
"""How many pieces of work run at once where each waits for a distant disk."""
BUDGET_BYTES = 12 << 20
"""How much may have been read and not yet handed over."""
_SLOW_SECONDS = 0.0005
"""A file that waits longer waits for a distant disk; then more of them side by side are faster."""
_LOCAL_THREADS = (os.cpu_count() or 1) + 1
_FIRST = 8
"""The first works are small, so that the first byte comes soon and the disk is soon known."""
_AIM_SECONDS = 0.02
"""A work should take about so long: much longer than handing it over, and short enough to spread well."""
_READ_SECONDS = 2e-9
"""What a byte takes at half a gigabyte a second; it does not tell of a distant disk."""
_INERTIA = 0.8
"""How much of what was measured before stays in the mean."""


@dataclass(frozen=True, slots=True)
class Work(Generic[T]):
    """One piece of work.

    Attributes:
        cost_bytes: How much memory its result takes.
        operations: How many files it opens, to tell a slow disk from a large read.
        run: The work.
    """

    cost_bytes: int
    operations: int
    run: Callable[[], T]


class Pipeline:
    """Runs works ahead of the one who takes their results.

    Args:
        threads: The most that run at once.
        budget_bytes: The most that may be finished or under way and not taken yet.
    """

    def __init__(self, *, threads: int = THREADS, budget_bytes: int = BUDGET_BYTES) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="takeout-read")
        self._threads = threads
        self._budget_bytes = budget_bytes
        self._window = self._local = min(threads, _LOCAL_THREADS)
        self._seconds = 0.0

    def at_once(self, most: int) -> int:
        """Return how many files to read in one piece of work, at most ``most``."""
        return max(1, min(most, int(_AIM_SECONDS / self._seconds))) if self._seconds else min(most, _FIRST)

    def results(self, works: Iterable[Work[T]]) -> Iterator[T]:
        """Yield the results in the order of the works; works are drawn only as far as the bounds allow.

        Closing the iterator cancels what has not begun and waits for what has.
        """
        waiting: deque[tuple[int, Future[T]]] = deque()
        source = iter(works)
        under_way = 0
        following = next(source, None)
        try:
            while following is not None or waiting:
                while following is not None and self._has_room(len(waiting), under_way, following.cost_bytes):
                    waiting.append((following.cost_bytes, self._pool.submit(self._timed, following)))
                    under_way += following.cost_bytes
                    following = next(source, None)
                cost, future = waiting.popleft()
                result = future.result()
                under_way -= cost
                yield result
        finally:
            # A cancelled future is never done once the threads are gone; only those that run are waited for.
            wait([future for _, future in waiting if not future.cancel()])

    def _has_room(self, count: int, under_way: int, cost: int) -> bool:
        return count == 0 or (count < self._window and under_way + cost <= self._budget_bytes)

    def _timed(self, work: Work[T]) -> T:
        began, used = monotonic(), thread_time()
        result = work.run()
        if work.operations:
            waited = (monotonic() - began) - (thread_time() - used)
            self._learn(max(0.0, waited - work.cost_bytes * _READ_SECONDS) / work.operations)
        return result

    def _learn(self, seconds: float) -> None:
        """Take in how long a file waited; threads that do so at once lose at most a measurement."""
        self._seconds = _INERTIA * self._seconds + (1 - _INERTIA) * seconds if self._seconds else seconds + 1e-6
        self._window = self._threads if self._seconds > _SLOW_SECONDS else self._local

    def close(self) -> None:
        """Stop the threads; what runs is waited for."""
        self._pool.shutdown(wait=True, cancel_futures=True)
