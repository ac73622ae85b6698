"""Memory that is used again: the system clears every new page, which costs more than reading a file does."""

from __future__ import annotations

from threading import Lock

KEPT_BYTES = 24 << 20
"""So much is kept for what comes next; what is needed beyond is made, and let go of afterwards."""
_STEP_BYTES = 64 << 10
"""Buffers differ in length by this at least, so that one fits many."""
_FITS = 2
"""A buffer serves where it is at most so many times as long as what is wanted."""


class Buffers:
    """A stock of buffers.

    Nobody has to give a buffer back: it is free again when no view of it is left. A ``bytearray`` refuses to
    change its length as long as there is one, which tells.

    Args:
        kept_bytes: The most that the stock holds.
    """

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._kept_bytes = kept_bytes
        self._stock: list[bytearray] = []
        self._size = 0
        self._lock = Lock()

    def __len__(self) -> int:
        """Return how many bytes the stock holds."""
        return self._size

    def take(self, size: int) -> memoryview:
        """Return ``size`` bytes of any content, to be written to."""
        with self._lock:
            for place, buffer in enumerate(self._stock):
                if size <= len(buffer) <= max(_FITS * size, _STEP_BYTES) and _is_free(buffer):
                    # The last one used is the first to be used again: it may still be in the processor's cache.
                    self._stock.insert(0, self._stock.pop(place))
                    return memoryview(buffer)[:size]
            buffer = bytearray(-(-max(size, 1) // _STEP_BYTES) * _STEP_BYTES)
            view = memoryview(buffer)[:size]
            self._keep(buffer)  # with a view on it: from here on others find it, and must not find it free
            return view

    def _keep(self, buffer: bytearray) -> None:
        """Put a new buffer into the stock; the longest unused have to go where there is no room."""
        if len(buffer) > self._kept_bytes:
            return
        self._stock.insert(0, buffer)
        self._size += len(buffer)
        while self._size > self._kept_bytes:
            self._size -= len(self._stock.pop())


def _is_free(buffer: bytearray) -> bool:
    try:
        buffer.append(0)
    except BufferError:
        return False
    del buffer[-1]
    return True
