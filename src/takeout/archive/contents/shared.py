"""Memory that this process and others see, as a few buffers of one length."""

from __future__ import annotations

import os
from mmap import mmap
from threading import Lock

from takeout.archive.contents.buffers import is_free

BUFFER_BYTES = 4_608 << 10
"""Four mebibytes of content with what stands around it; what is never written to takes no memory."""


class SharedBuffers:
    """Buffers that other processes may write to.

    As with ``Buffers``, nobody has to give one back: it is free when no view of it is left.

    Args:
        count: How many there are.

    Raises:
        OSError: When the system has no such memory.
    """

    def __init__(self, count: int) -> None:
        self.fds: list[int] = []
        self._buffers: list[mmap] = []
        self._lock = Lock()
        try:
            for _ in range(count):
                # It lies in no directory and on no disk, and counts to this container's memory like any other.
                self.fds.append(os.memfd_create("takeout", os.MFD_CLOEXEC))
                os.ftruncate(self.fds[-1], BUFFER_BYTES)
                self._buffers.append(mmap(self.fds[-1], BUFFER_BYTES))
        except OSError:
            self.close()
            raise

    def take(self) -> tuple[int, memoryview] | None:
        """Return a buffer's number and the buffer; None where none is free."""
        with self._lock:
            for number, buffer in enumerate(self._buffers):  # the first first: the others may never be needed
                if is_free(buffer):
                    return number, memoryview(buffer)
        return None

    def close(self) -> None:
        """Give the descriptors back; what is still looked at stays until nobody does."""
        for fd in self.fds:
            os.close(fd)
        self.fds = []
