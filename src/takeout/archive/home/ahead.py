"""Read directories before their turn where the disk is distant.

On a disk of this machine they are read when they are needed: threads would only wait for one another.
"""

from __future__ import annotations

import contextlib
import stat
from collections import deque
from collections.abc import Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic, thread_time

from takeout.archive.home.listing import Found, Listing, Place, look_up, read_names

THREADS = 96
"""How many directories are read at once where the disk is distant."""
_SLOW_SECONDS = 0.0003
"""An operation that waits longer waits for a distant disk."""
_INERTIA = 0.9
"""How much of what was measured before stays in the mean."""
_OPENING = 4
"""Operations that a directory takes beside one for each name."""
NEAR_NAMES, DISTANT_NAMES = 2_048, 64
"""So many names are looked up one after another."""
_KNOWN = 32
"""After so many operations it is known where the disk is."""


@dataclass(slots=True)
class Glance:
    """What was read of a directory.

    Attributes:
        listing: Its names.
        found: What they are; empty where there are many of them.
        below: Directories in it that were begun, by name.
    """

    listing: Listing
    found: list[Found]
    below: dict[bytes, Future[Glance]] = field(default_factory=dict)


class Ahead:
    """Reads directories in threads.

    Args:
        root_fd: The home, open.
        pool: The threads.
        most: How many directories may be under way at once.
        aside: Device and inode of what is not to be looked into.
    """

    def __init__(
        self, root_fd: int, pool: ThreadPoolExecutor, most: int, aside: Collection[tuple[int, int]]
    ) -> None:
        self._root_fd = root_fd
        self._pool = pool
        self._most = most
        self._aside = aside
        self._waited = self._operations = 0.0
        self._early = 0
        self._lock = Lock()

    @property
    def distant(self) -> bool:
        """Whether operations were seen to wait for their disk."""
        return self._waited > _SLOW_SECONDS * self._operations

    @property
    def most(self) -> int:
        """How many directories to have begun before their turn."""
        return self._most if self.distant else 0

    @property
    def names(self) -> int:
        """How many names are looked up one after another."""
        known = self._operations > _KNOWN
        return NEAR_NAMES if known and not self.distant else DISTANT_NAMES

    def begin(self, place: Place) -> Future[Glance]:
        """Begin to read a directory."""
        return self._pool.submit(self.read, place)

    def end(self, work: Future[Glance], *, early: bool) -> Glance:
        """Wait for a directory; ``early`` says that it was begun as one of those ``below`` another."""
        if early:
            with self._lock:
                self._early -= 1
        return work.result()

    def read(self, place: Place) -> Glance:
        """Read a directory."""
        began, used = monotonic(), thread_time()
        glance = Glance(*read_names(self._root_fd, place, self.names))
        self._learn(monotonic() - began - (thread_time() - used), len(glance.found) + _OPENING)
        if self.distant:
            self._go_on(place, glance)
        return glance

    def _learn(self, waited: float, operations: int) -> None:
        with self._lock:
            self._waited = _INERTIA * self._waited + max(0.0, waited)
            self._operations = _INERTIA * self._operations + operations

    def _go_on(self, place: Place, glance: Glance) -> None:
        """Begin the directories below as well; one on another file system waits until it is known to be wanted."""
        for found in glance.found:
            status = found.status
            if status is None or not stat.S_ISDIR(status.st_mode) or status.st_dev != place.device:
                continue
            if (status.st_dev, status.st_ino) in self._aside:
                continue
            with self._lock:
                if self._early >= self._most:
                    return
                self._early += 1
            path = place.path + b"/" + found.name if place.path else found.name
            with contextlib.suppress(RuntimeError):  # the walk was given up meanwhile
                glance.below[found.name] = self.begin(Place(path, status.st_dev, status.st_ino))

    def look_up(self, place: Place, names: list[bytes]) -> Iterator[list[Found]]:
        """Yield what the names of a huge directory are, in pieces, many of them ahead."""
        works: deque[Future[list[Found]]] = deque()
        start = 0
        while start < len(names) or works:
            while start < len(names) and len(works) < self.most:
                end = start + self.names
                works.append(self._pool.submit(self._look_up, place, names[start:end]))
                start = end
            if works:
                yield works.popleft().result()
            else:
                end = start + self.names
                yield self._look_up(place, names[start:end])
                start = end

    def _look_up(self, place: Place, names: list[bytes]) -> list[Found]:
        began, used = monotonic(), thread_time()
        found = look_up(self._root_fd, place, names)
        self._learn(monotonic() - began - (thread_time() - used), len(names) + _OPENING)
        return found
