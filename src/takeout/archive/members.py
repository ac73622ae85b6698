"""The members of an archive, one after another, whatever its form; nothing an archive says is trusted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from takeout.errors import ArchiveError, DiskError, Where

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


def members(path: Path) -> Iterator[Found]:
    """Yield the members of an archive in their order.

    Raises:
        ArchiveError: When it is damaged, or of a form that Takeout does not write.
        DiskError: When it cannot be read.
    """
    from takeout.archive import readtar, readzip  # noqa: PLC0415 - they use what is above

    try:
        with path.open("rb") as file:
            start = file.read(6)
    except OSError as error:
        raise DiskError(f"the archive cannot be read: {error.strerror}", where=Where(str(path))) from error
    if start.startswith(b"PK"):
        return readzip.members(path)
    if start.startswith((b"\x28\xb5\x2f\xfd", b"\x1f\x8b")):
        return readtar.members(path)
    raise ArchiveError(
        "not an archive that Takeout writes",
        where=Where(str(path)),
        hint="it reads zip, tar.zst and tar.gz; perhaps the download ended before its first byte",
    )


def damaged(path: Path, what: str) -> ArchiveError:
    """Return the error for an archive that is not whole."""
    return ArchiveError(what, where=Where(str(path)), hint="take the archive again, or resume the download")
