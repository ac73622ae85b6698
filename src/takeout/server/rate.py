"""Share a number of bytes a second among all downloads."""

from __future__ import annotations


class Rate:
    """A bucket that fills by the second; the clock is the caller's.

    Args:
        bytes_per_second: What all downloads have together; 0 sets no bound.
    """

    def __init__(self, bytes_per_second: int) -> None:
        self._bytes_per_second = bytes_per_second
        self._free_at = 0.0

    def wait_seconds(self, size_bytes: int, now: float) -> float:
        """Return how long to wait after sending so many bytes."""
        if not self._bytes_per_second:
            return 0.0
        self._free_at = max(self._free_at, now) + size_bytes / self._bytes_per_second
        return self._free_at - now
