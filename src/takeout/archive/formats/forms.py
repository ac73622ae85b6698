"""The forms that an archive can have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from takeout.archive.contents.content import Chunk
from takeout.archive.contents.results import Results
from takeout.archive.formats.deflated import DeflatedZip
from takeout.archive.formats.stored import StoredZip
from takeout.archive.formats.tarred import tar_gz, tar_zst
from takeout.archive.home.inventory import Inventory
from takeout.errors import OptionError

FORMATS: dict[str, Callable[[Inventory], Archive]] = {
    "zip": StoredZip,
    "zip-deflated": DeflatedZip,
    "tar.zst": tar_zst,
    "tar.gz": tar_gz,
}
"""What makes an archive from an inventory, by the format's name."""

_SUFFIXES = {".zip": "zip", ".tar.zst": "tar.zst", ".tzst": "tar.zst", ".tar.gz": "tar.gz", ".tgz": "tar.gz"}


class Archive(Protocol):
    """An archive of a home, of whatever form."""

    inventory: Inventory
    results: Results
    suffix: str
    media_type: str

    @property
    def length(self) -> int | None:
        """Its length in bytes where that is known beforehand."""

    @property
    def tag(self) -> str:
        """What tells it from that of a changed home."""

    def read(self) -> Iterator[Chunk]:
        """Yield all of it."""


def format_of(name: str) -> str:
    """Return the format that a file's name asks for.

    Raises:
        OptionError: When the name does not tell.
    """
    for suffix, form in _SUFFIXES.items():
        if name.lower().endswith(suffix):
            return form
    raise OptionError(
        f"the name {name!r} does not tell the format",
        hint="end it with .zip, .tar.zst or .tar.gz, or give --format",
    )
