"""Write an archive to a file, so that an interrupted run goes on where it stopped."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from takeout.archive.contents.content import Chunk
from takeout.archive.formats.forms import Archive
from takeout.archive.formats.stored import StoredZip
from takeout.archive.home.listing import reason
from takeout.errors import DirectoryError, DiskError, StaleError, Where
from takeout.progress import Progress, silent

if sys.platform == "linux":
    import fcntl

_PIPE_BYTES = 1 << 20
"""Of what a pipe holds, the most that Linux lets everybody have; usual are 64 KiB."""


@dataclass(frozen=True, slots=True)
class Target:
    """The file that an archive becomes, and what lies beside it until it is whole.

    Attributes:
        file: The archive.
        part: What there is of it.
        tag: Which archive the part belongs to.
    """

    file: Path
    part: Path
    tag: Path

    @classmethod
    def at(cls, file: Path) -> Target:
        """Prepare to write ``file``; both files beside it are made now, before the home is looked at.

        Raises:
            DirectoryError: When its directory is not there, or something else has its name.
        """
        if file.is_dir() or (file.exists() and not file.is_file()):
            raise DirectoryError("there is something else by that name", where=Where(str(file)))
        target = cls(file, file.with_name(file.name + ".part"), file.with_name(file.name + ".part.tag"))
        try:
            target.part.touch()
            target.tag.touch()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise DirectoryError(
                "the directory to write to is not there", where=Where(str(file.parent))
            ) from error
        except OSError as error:
            raise DiskError(f"it cannot be written: {reason(error)}", where=Where(str(file))) from error
        return target

    def identities(self) -> set[tuple[int, int]]:
        """Return device and inode of all three, so that a home that holds them is packed without them."""
        found = set()
        for path in (self.file, self.part, self.tag):
            if path.exists():
                status = path.stat()
                found.add((status.st_dev, status.st_ino))
        return found

    def forget(self) -> None:
        """Remove what lies beside the archive, if it is empty: nothing was written yet."""
        if self.part.exists() and self.part.stat().st_size == 0:
            self.part.unlink()
            self.tag.unlink(missing_ok=True)


def pack_to(target: Target, archive: Archive, progress: Progress = silent) -> int:
    """Write an archive to its file and return how many bytes were there already.

    Raises:
        DiskError: When the disk is full, or the home cannot be read any more.
        StaleError: When the home changed since an earlier run; what that one wrote is removed.
    """
    start = _resumable(target, archive)
    target.tag.write_text(archive.tag, encoding="ascii")
    chunks = archive.read(start) if start and isinstance(archive, StoredZip) else archive.read()
    try:
        with target.part.open("r+b") as file:
            file.seek(start)
            file.truncate()
            copy(chunks, file, progress, start, archive.length or 0)
            file.flush()
            os.fsync(file.fileno())
    except StaleError:
        target.part.unlink()
        target.tag.unlink()
        raise
    except OSError as error:
        hint = "make room and run it again; a stored zip goes on where it stopped"
        raise DiskError(f"writing failed: {reason(error)}", where=Where(str(target.part)), hint=hint) from error
    target.part.replace(target.file)
    target.tag.unlink()
    return start


def _resumable(target: Target, archive: Archive) -> int:
    """Return how many bytes of the part are this archive's: all of them, if its tag is the same."""
    if not isinstance(archive, StoredZip) or target.tag.read_text(encoding="ascii") != archive.tag:
        return 0
    size = target.part.stat().st_size
    return size if size <= archive.length else 0


def copy(chunks: Iterator[Chunk], file: IO[bytes], progress: Progress, start: int, total: int) -> int:
    """Write chunks to a file and return the place after the last byte; ``total`` 0 means unknown."""
    at = start
    _widen(file)
    progress("packing", at, total)
    try:
        for chunk in chunks:
            file.write(chunk)
            at += len(chunk)
            progress("packing", at, total)
    finally:
        if isinstance(chunks, Generator):
            chunks.close()
    return at


def _widen(file: IO[bytes]) -> None:
    """Let a pipe take a whole piece at once: otherwise both of its ends wait for one another sixteen times."""
    if sys.platform == "linux":
        with suppress(OSError):  # it is no pipe, or this user's pipes hold as much as they may
            fcntl.fcntl(file.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
