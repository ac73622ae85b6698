"""Threads that do what they are given, and never keep the program from ending."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")


class Workers:
    """A fixed number of daemon threads; those of the standard library would be waited for after Ctrl-C.

    Args:
        count: How many.

    Attributes:
        count: How many.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._tasks: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"takeout-pull-{number}", daemon=True)
            for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, call: Callable[..., Result], *arguments: Any) -> Future[Result]:
        """Have a thread make a call."""
        future: Future[Result] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(call(*arguments))
            except BaseException as error:  # noqa: BLE001 - whoever waits for the result gets it
                future.set_exception(error)

        self._tasks.put(run)
        return future

    def close(self, timeout_seconds: float = 2.0) -> None:
        """End the threads once they have done what they are at; wait for them, not for ever."""
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join(timeout_seconds / len(self._threads))

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()
