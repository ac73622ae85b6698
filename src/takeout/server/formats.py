"""The formats on offer, under the names that an address has for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol, TypeGuard

from takeout import archive
from takeout.archive import Inventory


class Archive(Protocol):
    """What the handlers need of an archive."""

    @property
    def media_type(self) -> str:
        """Its media type."""

    @property
    def suffix(self) -> str:
        """What its file name ends with, with the dot."""

    @property
    def tag(self) -> str:
        """What tells it from that of a changed home."""

    @property
    def length(self) -> int | None:
        """Its length in bytes; None where that is not known before it is made."""

    def read(self) -> Iterator[bytes]:
        """Yield all its bytes."""


class Seekable(Archive, Protocol):
    """An archive of which any range can be had."""

    @property
    def length(self) -> int:
        """Its length in bytes."""

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from ``start`` up to ``stop``."""


def seekable(made: Archive) -> TypeGuard[Seekable]:
    """Whether any range of an archive can be had; those of known length can be cut."""
    return made.length is not None


FORMATS: Mapping[str, Callable[[Inventory], Archive]] = archive.FORMATS
"""What makes an archive; the first is the one that can be resumed."""
