"""Files that are whole, put in their places here, and those that cannot come."""

from __future__ import annotations

from dataclasses import dataclass

from takeout.pull.journal import Journal
from takeout.pull.model import RemoteEntry, State
from takeout.pull.plan import beside
from takeout.pull.row import Row
from takeout.pull.store import CannotKeepError, Store


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file whose content is complete in its part.

    Attributes:
        entry: The file as it was when it was read.
        sha: SHA-256 of its content; empty where what is here already is the server's.
        reason: What there is to say about it.
        proven: Whether its content is for certain the server's; otherwise it is to be held against a checksum.
    """

    entry: RemoteEntry
    sha: bytes
    reason: str = ""
    proven: bool = True


class Placer:
    """Puts files in their places.

    Args:
        journal: The journal.
        store: The destination.

    Attributes:
        placed: How many files came.
    """

    def __init__(self, journal: Journal, store: Store) -> None:
        self._journal = journal
        self._store = store
        self.placed = 0

    def place(self, row: Row, arrived: Arrived) -> None:
        """Put a file whose part is complete in its place.

        Raises:
            DiskError: When the disk is full or broken.
        """
        if not arrived.sha:
            self._journal.arrived(row.id, row.entry, row.sha, (row.here_size, row.here_mtime))
            return
        aside = row.state is State.BESIDE
        local = beside(row.local) if aside else row.local
        part = self._store.part(row.id)
        try:
            here = self._store.place(part, local, arrived.entry.mtime_ns, arrived.entry.mode)
        except CannotKeepError as error:
            self.fail(row, f"it cannot be kept here: {error}")
            return
        if aside:
            kept = (row.here_size, row.here_mtime)
            self._journal.arrived(row.id, arrived.entry, arrived.sha, kept, reason=row.reason, state=State.KEPT)
        else:
            self._journal.arrived(
                row.id, arrived.entry, arrived.sha, here, reason=arrived.reason, proven=arrived.proven
            )
        self.placed += 1

    def fail(self, row: Row, reason: str) -> None:
        """Record that a file cannot be taken."""
        self._journal.settle(row.id, State.FAILED, reason)
        self._journal.forget_parts(row.id)
        self._store.part(row.id).unlink(missing_ok=True)
