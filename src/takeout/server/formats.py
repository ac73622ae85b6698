"""The formats on offer, under the names that an address has for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, TypeGuard

from takeout.archive import FORMATS, Archive, Chunk, Inventory, Remembered, StoredZip

__all__ = ["FORMATS", "Archive", "Seekable", "make", "seekable"]


class Seekable(Archive, Protocol):
    """An archive of which any range can be had."""

    @property
    def length(self) -> int:
        """Its length in bytes."""

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[Chunk]:
        """Yield the bytes from ``start`` up to ``stop``."""


def seekable(made: Archive) -> TypeGuard[Seekable]:
    """Whether any range of an archive can be had; those of known length can be cut."""
    return made.length is not None


def make(name: str, inventory: Inventory, remembered: Remembered | None = None) -> Archive:
    """Make an archive.

    Args:
        name: Name of its format.
        inventory: The home.
        remembered: Checksums of earlier runs; only an archive that can be resumed has a use for them.
    """
    if FORMATS[name] is StoredZip:
        return StoredZip(inventory, remembered)
    return FORMATS[name](inventory)
