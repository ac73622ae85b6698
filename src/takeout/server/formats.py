"""The formats on offer, under the names that an address has for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol, runtime_checkable

from takeout.archive import Inventory, StoredZip


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

    def read(self) -> Iterator[bytes]:
        """Yield all its bytes."""


@runtime_checkable
class Seekable(Archive, Protocol):
    """An archive of which any range can be had."""

    @property
    def length(self) -> int:
        """Its length in bytes."""

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from ``start`` up to ``stop``."""


FORMATS: Mapping[str, Callable[[Inventory], Archive]] = {"zip": StoredZip}
