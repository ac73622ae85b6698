"""Processes that read small files for this one.

A small file is a handful of short calls of the system. Threads that make them wait for one another at Python's
lock far longer than the calls take, and so does all else in the process: a Jupyter server's answers, too.
Processes do not. They read into memory that both sides see; nothing but names and checksums goes to and fro.

What they do can as well be done here. So where there is no memory to share, where none can be started, or where
one is killed, nobody notices but the clock.
"""

from __future__ import annotations

import marshal
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from threading import BoundedSemaphore

from takeout.archive.contents import checksum, program
from takeout.archive.contents.batch import Order
from takeout.archive.contents.processors import processors
from takeout.archive.contents.program import HEAD_BYTES, Answer, Packing, Task
from takeout.archive.contents.shared import SharedBuffers
from takeout.archive.contents.zstandard import zstd_file

LEAST_ENTRIES = 2_000
"""Fewer are read sooner without: to start a process takes time as well."""
MOST = 4
"""One reading has no more processes than this: what takes its results is slower then."""
_HANDED_OVER = 2
"""So many buffers more than batches under way, for content that is on its way out."""

_AHEAD = 4
"""So many tasks a process may have been given: one that it does, and others so that it need not wait for them."""

_places = BoundedSemaphore(8)
"""So many processes may run however many readings there are."""


def worth_while(entries: int) -> bool:
    """Whether so many entries are read sooner by processes of their own."""
    return entries >= LEAST_ENTRIES and processors() > 1


def under_way(processes: int) -> int:
    """Return how many batches may be under way: those that are read, and enough that nobody waits for the next."""
    return 2 * processes + 4


class Readers:
    """Some processes, and the memory that is shared with them.

    Args:
        root_fd: The home, open.
    """

    def __init__(self, root_fd: int) -> None:
        self._idle: SimpleQueue[_Process | None] = SimpleQueue()
        self._processes: list[_Process] = []
        self._buffers: SharedBuffers | None = None
        count = min(processors(), MOST)
        if sys.executable and hasattr(os, "memfd_create"):
            with suppress(OSError):
                self._buffers = SharedBuffers(under_way(count) + _HANDED_OVER)
                self._start(root_fd, count, self._buffers.fds)
        if not self:
            self._idle.put(None)

    def _start(self, root_fd: int, count: int, fds: list[int]) -> None:
        while len(self._processes) < count and _places.acquire(blocking=False):
            try:
                process = _Process(root_fd, fds)
            except BaseException:
                _places.release()
                raise
            self._processes.append(process)
            self._idle.put(process)

    def __len__(self) -> int:
        """Return how many processes there are."""
        return sum(not each.lost for each in self._processes)

    def take(self) -> tuple[int, memoryview] | None:
        """Return the number of a shared buffer and the buffer; None where none can be had."""
        return self._buffers.take() if self._buffers and self else None

    def read(self, buffer: int, order: Order) -> Answer | None:
        """Let a process read into a shared buffer, and wait for it; many threads may ask at once.

        Returns:
            What it says, or None where no process did it.
        """
        process = self._idle.get()
        answer = None
        if process is not None:
            ticket = process.ask((buffer, order, None))
            answer = process.answer(ticket)
            if not process.lost:
                self._idle.put(process)
        if not self:
            self._idle.put(None)  # for the next one who asks, and whoever waits already
        return answer

    @property
    def idle(self) -> bool:
        """Whether none of them has anything to do."""
        return not any(each.waiting and not each.lost for each in self._processes)

    @property
    def busy(self) -> bool:
        """Whether all of them have enough to do."""
        return all(each.lost or each.waiting >= _AHEAD for each in self._processes)

    def begin(self, buffer: int, order: Order, packing: Packing | None) -> Ticket:
        """Let a process read into a shared buffer, and do not wait; for one thread, without ``read``.

        Args:
            buffer: Its number.
            order: What to read.
            packing: How the process compresses it; None where it leaves it as it is.
        """
        process = min(self._processes, key=lambda each: (each.lost, each.waiting))
        return process, process.ask((buffer, order, packing))

    def answer(self, ticket: Ticket) -> Answer | None:
        """Wait for the answer; None where the process is gone."""
        process, number = ticket
        return process.answer(number)

    def close(self) -> None:
        """End the processes."""
        for process in self._processes:
            process.end()
            _places.release()
        self._processes = []
        if self._buffers:
            self._buffers.close()


class _Process:
    """One process, and the connection to it.

    Attributes:
        lost: Whether it is there no more.

    Raises:
        OSError: When it cannot be started.
    """

    def __init__(self, root_fd: int, fds: list[int]) -> None:
        self._asked = self._answered = 0
        self.lost = False
        self._socket, theirs = socket.socketpair()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - this very Python, and a file of this package
                [*_COMMAND, str(root_fd), ",".join(map(str, fds)), *_PACKAGES],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,  # standard output may be the archive
                stderr=subprocess.DEVNULL,
                pass_fds=(root_fd, *fds),
                cwd="/",
                start_new_session=True,  # an interrupt from the keyboard is this process's matter
            )
        except BaseException:
            self._socket.close()
            raise
        finally:
            theirs.close()

    @property
    def waiting(self) -> int:
        """How many tasks it was given and has not been asked about yet."""
        return self._asked - self._answered

    def ask(self, task: Task) -> int:
        """Give it a task, after all those before; return the task's number."""
        message = marshal.dumps(task)
        self._asked += 1
        with self._losing():
            self._socket.sendall(len(message).to_bytes(HEAD_BYTES, "little") + message)
        return self._asked

    def answer(self, number: int) -> Answer | None:
        """Wait for the answer to a task; None where the process is there no more."""
        answer: Answer | None = None
        while self._answered < number and not self.lost:
            with self._losing():
                length = int.from_bytes(self._received(HEAD_BYTES), "little")
                answer = marshal.loads(self._received(length))  # noqa: S302 - from a process of our own
                self._answered += 1
        return None if self.lost else answer

    @contextmanager
    def _losing(self) -> Iterator[None]:
        """Give the process up where it is gone, where it gave no answer, or where half of one was interrupted."""
        whole = False
        try:
            yield
            whole = True
        except (OSError, EOFError, ValueError, TypeError):
            pass
        finally:
            if not whole:
                self.lost = True
                self.end()

    def _received(self, count: int) -> bytes:
        data = self._socket.recv(count, socket.MSG_WAITALL)
        if len(data) < count:
            raise EOFError
        return data

    def end(self) -> None:
        """End it at once: it has nothing that could be lost. Twice does no harm."""
        self._socket.close()
        self._process.kill()
        self._process.wait()


Ticket = tuple[_Process, int]
"""Whom a task was given to, and its number there."""


def _packages() -> list[str]:
    """Return where the libraries for CRC-32 and Zstandard lie: the process is given no other path."""
    found = [Path(checksum.isal_file).parents[1]] if checksum.isal_file else []
    if zstd_file:
        found.append(Path(zstd_file).parents[2])
    return list(dict.fromkeys(map(str, found)))


# -I: nothing of the user's environment changes what runs; -S: nothing but Python's own is loaded.
_COMMAND = [sys.executable, "-I", "-S", program.__file__]
_PACKAGES = _packages()
