"""Memory that is used again: the system clears every new page, which costs more than reading a file does."""

from __future__ import annotations

from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap
from threading import Lock

KEPT_BYTES = 16 << 20
"""So much is kept for what comes next; what is needed beyond is made, and let go of afterwards."""
_LENGTHS = tuple(kib << 10 for kib in (64, 128, 256, 512, 1_152, 2_176, 4_224))
"""Few lengths, so that one fits many; the upper ones are mebibytes of content with what stands around it."""


def length_for(size: int) -> int:
    """Return how long the buffer is that ``size`` bytes take up."""
    return next((each for each in _LENGTHS if each >= size), size)


class Buffers:
    """A stock of buffers.

    Nobody has to give a buffer back: it is free again when no view of it is left. A mapping refuses to change its
    length as long as there is one, which tells. Mappings, and not ``bytearray``: with many threads the allocator
    keeps twice as much as is in use.

    Args:
        kept_bytes: The most that the stock holds.
    """

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._kept_bytes = kept_bytes
        self._stock: list[mmap] = []
        self._size = 0
        self._lock = Lock()

    def __len__(self) -> int:
        """Return how many bytes the stock holds."""
        return self._size

    def take(self, size: int) -> memoryview:
        """Return ``size`` bytes of any content, to be written to."""
        length = length_for(size)
        with self._lock:
            for place, buffer in enumerate(self._stock):
                if len(buffer) == length and is_free(buffer):
                    # The last one used is the first to be used again: it may still be in the processor's cache.
                    self._stock.insert(0, self._stock.pop(place))
                    return memoryview(buffer)[:size]
            buffer = mmap(-1, length, flags=MAP_PRIVATE | MAP_ANONYMOUS)
            view = memoryview(buffer)[:size]
            self._keep(buffer)  # with a view on it: from here on others find it, and must not find it free
            return view

    def _keep(self, buffer: mmap) -> None:
        """Put a new buffer into the stock; the longest unused have to go where there is no room."""
        if len(buffer) > self._kept_bytes:
            return
        self._stock.insert(0, buffer)
        self._size += len(buffer)
        while self._size > self._kept_bytes:
            self._size -= len(self._stock.pop())


def is_free(buffer: mmap) -> bool:
    """Whether nobody looks at a buffer."""
    try:
        buffer.resize(len(buffer))
    except BufferError:
        return False
    except SystemError:  # a system that cannot change the length at all has looked for views before it says so
        return True
    return True
