"""What a process does that reads for another one, as a program of its own.

It is alone: as few of this package's modules and of Python's own are loaded as will do, because several run beside
one server and each takes memory. It carries out task after task until nobody is there to ask for one any more.
What goes both ways is data and nothing else.
"""

from __future__ import annotations

import marshal
import os
import sys
import zlib
from mmap import mmap
from time import monotonic, thread_time

TYPE_CHECKING = False  # typing itself would be a large import
if TYPE_CHECKING:
    from collections.abc import Callable

    from takeout.archive.contents.batch import Order, Place, Sums

HEAD_BYTES = 4
"""Every message begins with its length."""

Packing = dict[int, int]
"""Zstandard's parameters, by their numbers."""
Task = tuple[int, "Order", "Packing | None"]
"""The buffer to use, what it is to hold, and how that is compressed, if it is."""
Answer = tuple["Sums | None", float, int, int, int]
"""The sums, or None where the buffer is too small; how many seconds reading waited for the disk, and for how many
files; how long the content is; and how long it is now that it is compressed, -1 where it is as it was."""


class Program:
    """What the process does.

    Args:
        root_fd: The home.
        buffers: Where contents go.
        crc32: CRC-32 of data, continuing from another.
    """

    def __init__(self, root_fd: int, buffers: list[mmap], crc32: Callable[[memoryview, int], int]) -> None:
        self._root_fd = root_fd
        self._views = [memoryview(buffer) for buffer in buffers]
        self._crc32 = crc32
        self._compress: Callable[[memoryview], bytes] | None = None
        self._here = -1
        try:  # Source: https://docs.kernel.org/scheduler/sched-stats.html
            self._schedule = os.open("/proc/self/schedstat", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._schedule = -1

    def run(self, requests: int) -> None:
        """Carry out what is asked for until nobody is there."""
        while message := _received(requests):
            task: Task = marshal.loads(message)  # noqa: S302 - from the process that started this one
            _send(requests, marshal.dumps(self.answer(*task)))

    def answer(self, buffer: int, order: Order, packing: Packing | None) -> Answer:
        """Carry out a task."""
        from takeout.archive.contents.batch import Batch  # noqa: PLC0415 - it can be found now

        batch, view = Batch(order), self._views[buffer]
        if batch.size > len(view):
            return None, 0.0, 0, batch.size, -1
        before = self._idle_seconds()
        try:
            sums = batch.fill(view[: batch.size], self._enter, self._crc32)
        finally:
            self._leave()
        waited = self._idle_seconds() - before
        packed = -1 if packing is None else self._pack(view, batch.size, packing)
        return sums, waited, batch.files, batch.size, packed

    def _idle_seconds(self) -> float:
        """Return how long this process had nothing to do: neither worked nor waited for a processor."""
        queued = int(os.pread(self._schedule, 100, 0).split()[1]) / 1e9 if self._schedule >= 0 else 0.0
        return monotonic() - thread_time() - queued

    def _enter(self, number: int, place: Place) -> tuple[int, int]:
        """Return a directory's descriptor; or -1, and what becomes of the files in it."""
        from takeout.archive.home.files import UNREAD, open_directory, state_of  # noqa: PLC0415 - likewise

        del number
        self._leave()
        try:
            self._here = open_directory(self._root_fd, *place)
        except OSError as error:
            return -1, state_of(error)
        return self._here, UNREAD

    def _leave(self) -> None:
        if self._here >= 0:
            os.close(self._here)
            self._here = -1

    def _pack(self, view: memoryview, size: int, packing: Packing) -> int:
        """Compress what a buffer holds, where it is, to a frame; return its length, or -1 where it has no room."""
        if self._compress is None:
            self._compress = _compressor(packing)
        frame = self._compress(view[:size])
        if len(frame) > len(view):
            return -1
        view[: len(frame)] = frame
        return len(frame)


def _compressor(packing: Packing) -> Callable[[memoryview], bytes]:
    if sys.version_info >= (3, 14):
        from compression.zstd import ZstdCompressor  # noqa: PLC0415 - not every archive needs it
    else:
        from backports.zstd import ZstdCompressor  # noqa: PLC0415 - it lies where the arguments say
    stream = ZstdCompressor(options=packing)
    return lambda data: stream.compress(data, stream.FLUSH_FRAME)


def _received(fd: int) -> bytes:
    """Return the next message; nothing where nobody is there any more."""
    head = _exactly(fd, HEAD_BYTES)
    return _exactly(fd, int.from_bytes(head, "little")) if head else b""


def _exactly(fd: int, count: int) -> bytes:
    pieces = []
    while count:
        piece = os.read(fd, count)
        if not piece:
            return b""
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)


def _send(fd: int, message: bytes) -> None:
    data = memoryview(len(message).to_bytes(HEAD_BYTES, "little") + message)
    while data:
        data = data[os.write(fd, data) :]


def _find_modules() -> None:
    """Let the modules beside this one be found without the packages above, which would load very many."""
    path = os.path.dirname(os.path.dirname(__file__))  # noqa: PTH120 - pathlib is a large import
    for name in ("takeout.archive", "takeout"):
        package = sys.modules[name] = type(sys)(name)
        package.__path__ = [path]
        path = os.path.dirname(path)  # noqa: PTH120


def _main(root_fd: int, fds: list[int], packages: list[str]) -> None:
    sys.path += packages
    _find_modules()
    try:
        from isal import isal_zlib  # noqa: PLC0415 - it lies where the arguments say
    except ImportError:
        crc32: Callable[[memoryview, int], int] = zlib.crc32
    else:
        crc32 = isal_zlib.crc32
    buffers = [mmap(fd, os.fstat(fd).st_size) for fd in fds]
    Program(root_fd, buffers, crc32).run(sys.stdin.fileno())


if __name__ == "__main__":
    try:
        _main(int(sys.argv[1]), [int(fd) for fd in sys.argv[2].split(",")], sys.argv[3:])
    except (BrokenPipeError, ConnectionResetError):  # whoever asked is gone, and wants no answer
        sys.exit(0)
