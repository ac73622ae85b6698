"""Read an archive, whatever its form, one member after another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from takeout.archive.opening import readtar, readzip
from takeout.archive.opening.members import Found
from takeout.errors import ArchiveError, DiskError, Where


def members(path: Path) -> Iterator[Found]:
    """Yield the members of an archive in their order.

    Raises:
        ArchiveError: When it is damaged, or of a form that Takeout does not write.
        DiskError: When it cannot be read.
    """
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
