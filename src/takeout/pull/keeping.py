"""Every now and then while bytes come: the person is told, and the journal is written."""

from __future__ import annotations

import time
from collections.abc import Callable

from takeout.progress import Progress
from takeout.pull.journal import Journal
from takeout.pull.meter import Meter

_COMMIT_SECONDS = 0.5
_SHOW_SECONDS = 0.1


class Keeper:
    """The time between two such moments.

    Args:
        journal: The journal.
        meter: Counts what comes.
        progress: Told how many bytes came.
        total_bytes: How many are to come.
        note: Records how far everything is that is on its way.
    """

    def __init__(
        self, journal: Journal, meter: Meter, progress: Progress, total_bytes: int, note: Callable[[], None]
    ) -> None:
        self._journal = journal
        self._meter = meter
        self._progress = progress
        self._total_bytes = total_bytes
        self._note = note
        self._committed = self._shown = time.monotonic()

    def beat(self) -> None:
        """Tell and write, where it is time."""
        now = time.monotonic()
        if now - self._shown > _SHOW_SECONDS:
            self._shown = now
            self.show()
        if now - self._committed > _COMMIT_SECONDS:
            self._committed = now
            self._note()
            self._journal.commit()

    def show(self) -> None:
        """Tell how far it is."""
        self._progress("bytes", self._meter.received_bytes, self._total_bytes)
