"""Threads that do what they are given, and never keep the program from ending."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")


class Task(Generic[Result]):
    """A call that a thread makes, and what came of it.

    Those of the standard library are for any number of waiting threads; a home has a call for every file, and one
    thread that waits.

    Args:
        ends: Where it is put when it has ended.
        call: The call.
        arguments: Its arguments.

    Attributes:
        done: Whether it has ended; whoever sees this sees the rest.
        error: What it raised.
    """

    __slots__ = ("_arguments", "_call", "_ends", "_result", "done", "error")

    def __init__(self, ends: Ends[Result], call: Callable[..., Result], arguments: tuple[Any, ...]) -> None:
        self._ends = ends
        self._call = call
        self._arguments = arguments
        self._result: Result
        self.done = False
        self.error: BaseException | None = None

    def result(self) -> Result:
        """Return what the call returned, or raise what it raised."""
        if self.error is not None:
            raise self.error
        return self._result

    def run(self) -> None:
        """Make the call."""
        try:
            self._result = self._call(*self._arguments)
        except BaseException as error:  # noqa: BLE001 - whoever waits for the result gets it
            self.error = error
        self.done = True
        self._ends.put(self)


class Ends(Generic[Result]):
    """Tasks in the order in which they end, for the thread that waits for them."""

    __slots__ = ("_queue",)

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Task[Result]] = queue.SimpleQueue()

    def put(self, task: Task[Result]) -> None:
        """Add a task that has ended."""
        self._queue.put(task)

    def take(self, timeout_seconds: float = 1.0) -> list[Task[Result]]:
        """Return all that have ended since; where none has, wait for the first one, but not for ever."""
        found: list[Task[Result]] = []
        with contextlib.suppress(queue.Empty):
            found.append(self._queue.get(timeout=timeout_seconds))
            while True:
                found.append(self._queue.get_nowait())
        return found


class Workers:
    """A fixed number of daemon threads; those of the standard library would be waited for after Ctrl-C.

    Args:
        count: How many.

    Attributes:
        count: How many.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._tasks: queue.SimpleQueue[Task[Any] | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"takeout-pull-{number}", daemon=True)
            for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, ends: Ends[Result], call: Callable[..., Result], *arguments: Any) -> Task[Result]:
        """Have a thread make a call."""
        task = Task(ends, call, arguments)
        self._tasks.put(task)
        return task

    def close(self, timeout_seconds: float = 2.0) -> None:
        """End the threads once they have done what they are at; wait for them, not for ever."""
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join(timeout_seconds / len(self._threads))

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            task.run()
            # Its result may be large; nobody keeps it while this thread waits for the next one.
            del task
