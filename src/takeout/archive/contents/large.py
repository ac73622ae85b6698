"""Large files: read in pieces side by side, while their checksums advance piece by piece in order."""

from __future__ import annotations

import hashlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

from takeout.archive.contents.checksum import crc32
from takeout.archive.contents.content import LargeFile
from takeout.archive.contents.directories import Directories
from takeout.archive.contents.results import Results, State
from takeout.archive.home.inventory import Inventory
from takeout.errors import StaleError

PIECE_BYTES = 2 << 20
"""Large files are read in pieces of this length."""
CHECKPOINT_BYTES = 64 << 20
"""Every so far into a large file the state of its checksums is kept; a resumed reading goes on from there."""
_UNHASHED_BYTES = 8 << 20
"""So much may wait for its checksum."""


Checkpoints = dict[int, dict[int, tuple[int, "hashlib._Hash"]]]  # noqa: SLF001 - typeshed has no other name
"""By file and by how far it was read: CRC and the state of SHA-256."""


def stale(inventory: Inventory, index: int) -> StaleError:
    """Return the error that says that an entry is not any more what an earlier part of the archive has."""
    return StaleError(
        f"{inventory.path(index)!r} changed since an earlier part of the archive was sent",
        hint="begin again from the start",
    )


class LargeFiles:
    """The large files that are being read.

    Args:
        inventory: The home.
        results: Where checksums and states are recorded.
        checkpoints: Where states of checksums are kept from one pass to the next.
        directories: The home's directories.
        scale: How long the pieces are, as a multiple of the usual length.
    """

    def __init__(
        self,
        inventory: Inventory,
        results: Results,
        checkpoints: Checkpoints,
        directories: Directories,
        scale: int,
    ) -> None:
        self._inventory = inventory
        self._results = results
        self._checkpoints = checkpoints
        self._directories = directories
        self._piece_bytes = PIECE_BYTES * scale
        self._open: dict[int, LargeFile] = {}
        self._sums: dict[int, tuple[int, hashlib._Hash]] = {}
        self._hashing: deque[Future[None]] = deque()
        self._hasher = ThreadPoolExecutor(1, thread_name_prefix="takeout-hash")

    def close(self) -> None:
        """Stop the thread and close the files."""
        self._hasher.shutdown(wait=True, cancel_futures=True)
        for large in self._open.values():
            large.close()
        self._open.clear()

    def begin(self, index: int, position: int) -> tuple[LargeFile, range]:
        """Return a file and where its pieces begin.

        Args:
            index: The file.
            position: Where in it to begin at the latest; pieces before are given where the checksums need them.
        """
        large = self._open[index] = LargeFile(self._directories, self._inventory, index)
        start = position - position % self._piece_bytes
        points = {0: (0, hashlib.sha256()), **self._checkpoints.get(index, {})}
        if start == 0 or not self._results.known(index):
            start = max(offset for offset in points if offset <= start)
            crc, sha = points[start]
            self._sums[index] = crc, sha.copy()
        return large, range(start, large.size, self._piece_bytes)

    def advance(self, index: int, offset: int, data: memoryview, *, final: bool) -> None:
        """Bring a file's checksums forward, in a thread of their own while the piece goes on its way.

        Raises:
            StaleError: With the last piece, when the file is not what an earlier pass has read.
        """
        if index in self._sums:
            self._hashing.append(self._hasher.submit(self._hash_on, index, offset, data))
            while len(self._hashing) > (0 if final else _UNHASHED_BYTES // self._piece_bytes):
                self._hashing.popleft().result()
        if final:
            self._finish(index)

    def _hash_on(self, index: int, offset: int, data: memoryview) -> None:
        crc, sha = self._sums[index]
        sha.update(data)
        crc = crc32(data, crc)
        self._sums[index] = crc, sha
        end = offset + len(data)
        if end % CHECKPOINT_BYTES == 0:
            self._checkpoints.setdefault(index, {})[end] = crc, sha.copy()

    def _finish(self, index: int) -> None:
        large = self._open.pop(index)
        state = large.state()
        large.close()
        if index not in self._sums:
            if state is not State.GOOD or self._results.state(index) is not State.GOOD:
                raise stale(self._inventory, index)
            return
        crc, sha = self._sums.pop(index)
        self._checkpoints.pop(index, None)
        if not self._results.put(index, state, crc, sha.digest()):
            raise stale(self._inventory, index)
