"""How much came."""

from __future__ import annotations

import threading


class Meter:
    """Counts the bytes of content that were received."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.received_bytes = 0

    def add(self, count: int) -> None:
        """Count some more."""
        with self._lock:
            self.received_bytes += count
