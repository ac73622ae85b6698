"""Read files whose length is promised: here, or in a process of its own, which runs this file as a program.

As a program it is alone: no other module of this package is there, and of Python's own as few as will do, because
several run beside one server and each takes memory. It carries out task after task until nobody is there to ask
for one any more. What goes both ways is data and nothing else.
"""

from __future__ import annotations

import errno
import marshal
import os
import stat
import sys
import zlib
from hashlib import sha256
from mmap import mmap
from time import monotonic, thread_time

TYPE_CHECKING = False  # typing itself would be a large import
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

UNREAD, GOOD, CHANGED, GREW, SHRANK, VANISHED, UNREADABLE, REPLACED, FAILED = range(9)
"""What became of a file; ``takeout.archive.results.State`` has the same numbers."""
_STATES = {
    errno.ENOENT: VANISHED,
    errno.ENOTDIR: REPLACED,
    errno.ESTALE: VANISHED,
    errno.EACCES: UNREADABLE,
    errno.EPERM: UNREADABLE,
    errno.ELOOP: REPLACED,
    errno.ENXIO: REPLACED,
    errno.EISDIR: REPLACED,
    errno.EAGAIN: REPLACED,
}
_SEGMENT_BYTES = 3_000
"""Paths are opened in pieces below Linux's PATH_MAX of 4096 bytes; trees may be deeper than that."""
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: a named pipe that took a file's place must not hold anything up.
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
HEAD_BYTES = 4
"""Every message begins with its length."""


class MovedError(OSError):
    """The directory is another one than the inventory's: somebody moved or replaced it meanwhile."""


def state_of(error: OSError) -> int:
    """Return what became of a file, by the error that opening or reading it gave."""
    return REPLACED if isinstance(error, MovedError) else _STATES.get(error.errno or 0, FAILED)


def open_directory(root_fd: int, path: bytes, device: int, inode: int) -> int:
    """Open a directory below the home and make sure that it is the one meant.

    Only the last part of a path is protected by ``O_NOFOLLOW``; a parent may have been replaced by a link. The
    inode tells: whatever way led there, only a directory that the walk found in the home is ever read.

    Raises:
        OSError: When it cannot be opened.
        MovedError: When it is another one.
    """
    fd = _open(root_fd, path)
    status = os.fstat(fd)
    if (status.st_dev, status.st_ino) == (device, inode):
        return fd
    os.close(fd)
    raise MovedError("was replaced meanwhile")


def _open(root_fd: int, path: bytes) -> int:
    above = [root_fd]
    try:
        while len(path) > _SEGMENT_BYTES:
            cut = path.rfind(b"/", 0, _SEGMENT_BYTES)
            above.append(os.open(path[:cut], _DIRECTORY, dir_fd=above[-1]))
            path = path[cut + 1 :]
        return os.open(path or b".", _DIRECTORY, dir_fd=above[-1])
    finally:
        for fd in above[1:]:
            os.close(fd)


def clear(into: memoryview) -> None:
    """Fill with zeros: the buffer may hold what another file left in it."""
    if into:
        into[:] = bytes(len(into))


def compared(status: os.stat_result, done: int, size: int, times: tuple[int, int, int]) -> int:
    """Return what a file's status after reading says of what was read.

    Args:
        status: The status.
        done: How many bytes were read.
        size: How many were promised.
        times: Times of the last change of content and entry, and inode, as the walk found them.
    """
    if not stat.S_ISREG(status.st_mode):
        return REPLACED
    if done < size:
        return SHRANK if status.st_size < size else FAILED
    if status.st_size > size:
        return GREW
    same = status.st_size == size and (status.st_mtime_ns, status.st_ctime_ns, status.st_ino) == times
    return GOOD if same else CHANGED


def read_file(directory_fd: int, name: bytes, into: memoryview, times: tuple[int, int, int]) -> int:
    """Read a file's content, filled up with zeros, and return what became of it."""
    try:
        file = os.open(name, FILE, dir_fd=directory_fd)
    except OSError as error:
        clear(into)
        return state_of(error)
    done = 0
    try:
        while done < len(into) and (more := os.readv(file, (into[done:] if done else into,))):
            done += more
        state = compared(os.fstat(file), done, len(into), times)
    except OSError as error:
        state = state_of(error)
    finally:
        os.close(file)
    clear(into[0 if state == REPLACED else done :])
    return state


Place = tuple[bytes, int, int]
"""A directory: its path below the home, device, inode."""
Wanted = tuple[int, bytes, int, int, tuple[int, int, int]]
"""A file: the number of its directory, its name, from where to where in the buffer, and its times and inode."""
Sum = tuple[int, int, bytes]
"""What became of a file, CRC-32 and SHA-256 of what the archive has."""
Packing = dict[int, int]
"""Zstandard's parameters, by their numbers."""
Task = tuple[int, list[Place], list[Wanted], int, "Packing | None"]
"""The buffer to use, directories, files, how long all of it is, and how it is compressed, if it is."""
Answer = tuple[list[Sum], float, int]
"""A sum for each file, how many seconds reading waited for the disk, and how long the buffer's content is now that
it is compressed; -1 where it is as it was."""


class _Program:
    """What a process of its own does.

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
        try:  # Source: https://docs.kernel.org/scheduler/sched-stats.html
            self._schedule = os.open("/proc/self/schedstat", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._schedule = -1

    def run(self, requests: int) -> None:
        """Carry out what is asked for until nobody is there."""
        while message := _received(requests):
            task: Task = marshal.loads(message)  # noqa: S302 - from the process that started this one
            buffer, places, files, size, packing = task
            before = self._idle_seconds()
            sums = list(self._read(buffer, places, files))
            waited = self._idle_seconds() - before
            length = -1 if packing is None else self._pack(self._views[buffer], size, packing)
            _send(requests, marshal.dumps((sums, waited, length)))

    def _idle_seconds(self) -> float:
        """Return how long this process had nothing to do: neither worked nor waited for a processor."""
        queued = int(os.pread(self._schedule, 100, 0).split()[1]) / 1e9 if self._schedule >= 0 else 0.0
        return monotonic() - thread_time() - queued

    def _read(self, buffer: int, places: list[Place], files: list[Wanted]) -> Iterable[Sum]:
        view = self._views[buffer]
        here, fd, state = -1, -1, UNREAD
        for number, name, start, stop, times in files:
            if number != here:
                if fd >= 0:
                    os.close(fd)
                here, (fd, state) = number, self._enter(*places[number])
            into = view[start:stop]
            if fd >= 0:
                state = read_file(fd, name, into, times)
            else:
                clear(into)
            # Right after it was read: it is still in the processor's cache.
            yield state, self._crc32(into, 0), sha256(into).digest()
        if fd >= 0:
            os.close(fd)

    def _pack(self, view: memoryview, size: int, packing: Packing) -> int:
        """Compress what a buffer holds, where it is, to a frame; return its length, or -1 where it has no room."""
        if self._compress is None:
            self._compress = _compressor(packing)
        frame = self._compress(view[:size])
        if len(frame) > len(view):
            return -1
        view[: len(frame)] = frame
        return len(frame)

    def _enter(self, path: bytes, device: int, inode: int) -> tuple[int, int]:
        """Return a directory's descriptor; or -1, and what becomes of the files in it."""
        try:
            return open_directory(self._root_fd, path, device, inode), UNREAD
        except OSError as error:
            return -1, state_of(error)


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


def _main(root_fd: int, fds: list[int], packages: list[str]) -> None:
    sys.path += packages
    try:
        from isal import isal_zlib  # noqa: PLC0415 - it lies where the arguments say
    except ImportError:
        crc32: Callable[[memoryview, int], int] = zlib.crc32
    else:
        crc32 = isal_zlib.crc32
    buffers = [mmap(fd, os.fstat(fd).st_size) for fd in fds]
    _Program(root_fd, buffers, crc32).run(sys.stdin.fileno())


if __name__ == "__main__":
    try:
        _main(int(sys.argv[1]), [int(fd) for fd in sys.argv[2].split(",")], sys.argv[3:])
    except (BrokenPipeError, ConnectionResetError):  # whoever asked is gone, and wants no answer
        sys.exit(0)
