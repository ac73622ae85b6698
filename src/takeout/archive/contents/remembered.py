"""Checksums of files that were read before, remembered from one run to the next.

The cache is a directory of files, each with sorted records of 64 bytes: a key made from device, inode, size and
times, SHA-256, CRC-32, and a check of the record itself. No database: homes lie on network disks, where locks
hang. A record that is torn or foreign is not found, and a cache that cannot be written is done without.
"""

from __future__ import annotations

import contextlib
import hashlib
import heapq
import os
import struct
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from threading import Lock

from takeout.archive.contents.checksum import crc32

_KEY_BYTES = 24
_RECORD = struct.Struct(f"<{_KEY_BYTES}s32sII")
_BODY_BYTES = _RECORD.size - 4
_STAMP = struct.Struct("<QQQqq")
_RUN_RECORDS = 1 << 14
"""So many new records, about five megabytes, are sorted in memory and written as one file."""
_MOST_RUNS = 8
"""With more files than this, all are merged into one when the cache is opened."""
_MOST_BYTES = 256 << 20
"""A cache larger than this, four million files, begins anew."""
_PREFIX = struct.Struct(">Q")
_SUFFIX = ".sums"


def key_of(device: int, inode: int, size: int, mtime_ns: int, ctime_ns: int) -> bytes:
    """Return the key of a file's content: as long as none of these changes, neither does what it holds."""
    stamp = _STAMP.pack(device & (1 << 64) - 1, inode, size, mtime_ns, ctime_ns)
    return hashlib.blake2b(stamp, digest_size=_KEY_BYTES, person=b"takeout-sums-1").digest()


def _packed(key: bytes, sha: bytes, crc: int) -> bytes:
    body = _RECORD.pack(key, sha, crc, 0)[:_BODY_BYTES]
    return body + crc32(body, 0).to_bytes(4, "little")


class Remembered:
    """The cache.

    Args:
        directory: Where it lies; it is made where it is not there.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._runs: list[tuple[int, int]] = []
        self._new: dict[bytes, bytes] = {}
        self._later: deque[Callable[[], Iterable[tuple[bytes, int, bytes]]]] = deque()
        self._lock = Lock()
        self._written = 0
        self._writable = True
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._merge()
            self._runs = [opened for path in self._files() if (opened := _open_run(path)) is not None]
        except OSError:
            self._writable = False

    def _files(self) -> list[Path]:
        return sorted(self._directory.glob(f"*{_SUFFIX}"))

    def identity(self) -> dict[tuple[int, int], str]:
        """Return the cache's directory as an inventory's ``aside``: it changes with every archive that is made."""
        with contextlib.suppress(OSError):
            status = self._directory.stat()
            return {(status.st_dev, status.st_ino): "Takeout's own memory of checksums"}
        return {}

    def get(self, key: bytes) -> tuple[int, bytes] | None:
        """Return CRC-32 and SHA-256, or None."""
        for fd, count in self._runs:
            record = _search(fd, count, key)
            if record is not None:
                _, sha, crc, check = _RECORD.unpack(record)
                if check == crc32(record[:_BODY_BYTES], 0):
                    return crc, sha
        return None

    def put(self, key: bytes, crc: int, sha: bytes) -> None:
        """Remember CRC-32 and SHA-256 of what was read whole."""
        with self._lock:
            self._put(key, crc, sha)

    def later(self, learnt: Callable[[], Iterable[tuple[bytes, int, bytes]]]) -> None:
        """Remember what a function gives that is called when all is written: it would hold up whoever reads now.

        Args:
            learnt: Gives keys, CRC-32s and SHA-256s.
        """
        if self._writable:
            self._later.append(learnt)

    def flush(self) -> None:
        """Write what is new."""
        with self._lock:
            while self._later:
                for key, crc, sha in self._later.popleft()():
                    self._put(key, crc, sha)
            self._write_new()

    def _put(self, key: bytes, crc: int, sha: bytes) -> None:
        if self._writable:
            self._new[key] = _packed(key, sha, crc)
            if len(self._new) >= _RUN_RECORDS:
                self._write_new()

    def _write_new(self) -> None:
        records, self._new = self._new, {}
        if records and self._writable:
            name = f"{os.getpid()}-{os.urandom(4).hex()}{_SUFFIX}"
            try:
                _write(self._directory / name, iter([b"".join(sorted(records.values()))]))
            except OSError:
                self._writable = False

    def close(self) -> None:
        """Write what is new and let go of the files; twice does no harm."""
        self.flush()
        for fd, _ in self._runs:
            os.close(fd)
        self._runs = []

    def _merge(self) -> None:
        paths = self._files()
        if len(paths) <= _MOST_RUNS:
            return
        if sum(path.stat().st_size for path in paths) <= _MOST_BYTES:
            name = f"merged-{os.getpid()}-{os.urandom(4).hex()}{_SUFFIX}"
            _write(self._directory / name, _distinct(heapq.merge(*(_records(path) for path in paths))))
        for path in paths:
            path.unlink(missing_ok=True)


def _write(path: Path, records: Iterator[bytes]) -> None:
    """Write a file whole or not at all."""
    part = path.with_suffix(".part")
    try:
        with part.open("wb") as file:
            for record in records:
                file.write(record)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def _records(path: Path) -> Iterator[bytes]:
    with contextlib.suppress(OSError), path.open("rb") as file:
        while len(record := file.read(_RECORD.size)) == _RECORD.size:
            yield record


def _distinct(records: Iterator[bytes]) -> Iterator[bytes]:
    last = b""
    for record in records:
        if record[:_KEY_BYTES] != last:
            last = record[:_KEY_BYTES]
            yield record


def _open_run(path: Path) -> tuple[int, int] | None:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    size = os.fstat(fd).st_size
    if hasattr(os, "posix_fadvise"):
        # Looking up jumps about; on a network disk one long read is quicker than many short ones.
        os.posix_fadvise(fd, 0, size, os.POSIX_FADV_WILLNEED)
    return fd, size // _RECORD.size


def _search(fd: int, count: int, key: bytes) -> bytes | None:
    """Find a record. Keys are spread evenly, so that a guess by proportion lands within a few steps of it."""
    wanted = _PREFIX.unpack_from(key)[0]
    low, high = 0, count - 1
    below, above = 0, (1 << 64) - 1
    while low <= high:
        span = max(1, above - below)
        middle = min(high, max(low, low + (high - low) * (wanted - below) // span))
        record = os.pread(fd, _RECORD.size, middle * _RECORD.size)
        if len(record) < _RECORD.size:
            return None
        found = record[:_KEY_BYTES]
        if found == key:
            return record
        if found < key:
            low, below = middle + 1, _PREFIX.unpack_from(found)[0]
        else:
            high, above = middle - 1, _PREFIX.unpack_from(found)[0]
    return None
