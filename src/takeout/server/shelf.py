"""The archives that were begun, kept so that a download that was cut goes on where it stopped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from takeout.archive import Inventory
from takeout.server.formats import Seekable
from takeout.server.quiet import quiet_digest

_MOST_BEGUN = 100
"""So many keys are remembered, and so many tags of each."""


@dataclass(frozen=True, slots=True)
class Key:
    """What distinguishes one kind of download from another.

    Attributes:
        directory: Real path of the home.
        format: Name of the format.
        preset: Name of the preset.
        exclude: Patterns, in their order.
    """

    directory: bytes
    format: str
    preset: str
    exclude: tuple[str, ...]


@dataclass(slots=True)
class _Held:
    key: Key
    archive: Seekable
    inventory: Inventory
    used: float
    quiet: str = field(default="")


class Shelf:
    """Archives by key and tag; the longest unused goes first.

    The clock is the caller's: every method that needs the time is told it, in seconds.

    Args:
        most_entries: How many entries all inventories may have together; the newest is kept in any case.
        keep_seconds: How long one is kept after its last use.
        volatile: Patterns of files whose change does not end a download.
    """

    def __init__(self, *, most_entries: int, keep_seconds: float, volatile: Iterable[str]) -> None:
        self._most_entries = most_entries
        self._keep_seconds = keep_seconds
        self._volatile = tuple(volatile)
        self._held: dict[tuple[Key, str], _Held] = {}
        self._begun: dict[Key, list[str]] = {}

    def __len__(self) -> int:
        """Return how many archives are held."""
        return len(self._held)

    def begun(self, key: Key, tag: str) -> str:
        """Return the tag of the archive that a client without ``If-Range`` has a part of, as far as can be known.

        Args:
            key: What it asks for.
            tag: The tag in its address; empty where there is none. An address may be older than the download that
                was begun with it, so it counts if an archive of that tag was begun, or if none was: then this
                server was started in between.

        Returns:
            The tag, or nothing where nothing is known at all.
        """
        begun = self._begun.get(key, [])
        return tag if not begun or tag in begun else begun[-1]

    def find(self, key: Key, tag: str) -> tuple[Seekable, Inventory] | None:
        """Return a held archive and its inventory."""
        held = self._held.get((key, tag))
        return (held.archive, held.inventory) if held else None

    def resumable(self, key: Key, tag: str, fresh: Inventory) -> bool:
        """Whether a home is still, but for volatile files, what it was when an archive was begun.

        This compares every entry: call it in a thread.
        """
        held = self._held.get((key, tag))
        if held is None:
            return False
        if not held.quiet:
            held.quiet = quiet_digest(held.inventory, self._volatile)
        return held.quiet == quiet_digest(fresh, self._volatile)

    def put(self, key: Key, archive: Seekable, inventory: Inventory, now: float) -> Seekable:
        """Hold an archive as the last begun; return the one that was held under its tag before, if there is one.

        What was read for an archive stays known to it, so the older object of the same tag is the better one.
        """
        tag = archive.tag
        self._remember(key, tag)
        held = self._held.get((key, tag))
        if held is None:
            held = self._held[key, tag] = _Held(key, archive, inventory, now)
        held.used = now
        self.tidy(now)
        return held.archive

    def _remember(self, key: Key, tag: str) -> None:
        begun = self._begun.pop(key, [])
        self._begun[key] = [*(each for each in begun if each != tag), tag][-_MOST_BEGUN:]
        while len(self._begun) > _MOST_BEGUN:
            del self._begun[next(iter(self._begun))]

    def touch(self, key: Key, tag: str, now: float) -> None:
        """Note that an archive is in use."""
        held = self._held.get((key, tag))
        if held is not None:
            held.used = now

    def forget(self, key: Key, tag: str) -> None:
        """Let go of an archive that cannot be continued."""
        self._held.pop((key, tag), None)

    def tidy(self, now: float) -> None:
        """Let go of what was not used for long, and of the longest unused while all is too much."""
        by_use = sorted(self._held.items(), key=lambda item: item[1].used)
        entries = sum(len(held.inventory) for _, held in by_use)
        for name, held in by_use[:-1]:
            if entries > self._most_entries or now - held.used > self._keep_seconds:
                entries -= len(held.inventory)
                del self._held[name]
        for name, held in by_use[-1:]:
            if now - held.used > self._keep_seconds:
                del self._held[name]
