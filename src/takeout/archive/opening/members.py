"""What a member of an archive is, whatever the archive's form; nothing an archive says is trusted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from takeout.errors import ArchiveError, Where

CHUNK_BYTES = 1 << 20


class Data(Protocol):
    """Reads a member's content."""

    def __call__(self) -> Iterator[bytes]:
        """Yield the content; ``ArchiveError`` where it is damaged."""


@dataclass(frozen=True, slots=True)
class Found:
    """A member of an archive.

    Attributes:
        name: Its name, as bytes; a directory's has no final slash.
        kind: ``file``, ``directory``, ``symlink`` or ``link`` (a hard link).
        mode: Permissions.
        mtime: Time of the last change, seconds since 1970.
        size_bytes: Length of its content, as declared.
        link: What a link points to.
        data: Reads its content, at most as long as declared. Only until the next member is asked for.
    """

    name: bytes
    kind: str
    mode: int
    mtime: float
    size_bytes: int
    link: bytes
    data: Data


def damaged(path: Path, what: str) -> ArchiveError:
    """Return the error for an archive that is not whole."""
    return ArchiveError(what, where=Where(str(path)), hint="take the archive again, or resume the download")
