"""The destination: parts, files put in place at once, directories, links, and never a write through a link."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from pathlib import Path
from typing import NoReturn

from takeout.errors import DirectoryError, Where
from takeout.pull.disk import FULL, disk_error, flush_file_system
from takeout.pull.model import UNKNOWN

OWN = ".takeout-pull"
"""The directory in the destination that holds the journal, the parts and the report."""
_PART_FOLDERS = 16
"""Threads that make files in one directory wait for each other, and for whoever moves files out of it."""


class CannotKeepError(Exception):
    """One file cannot be kept here; the others can."""


class Store:
    """A destination.

    Args:
        root: Its path; made where it is not there.
        write: Whether it is written to, and not only looked at.

    Raises:
        DirectoryError: When it is something else than a directory.
        DiskError: When it cannot be made or written to.
    """

    def __init__(self, root: Path, *, write: bool = True) -> None:
        self.root = root
        # Joining texts costs a tenth of joining paths, and every file needs some of them.
        self._base = f"{root}{os.sep}"
        self._parts = f"{self._base}{OWN}{os.sep}parts{os.sep}"
        self._known: set[str] = {""}
        if not write:
            return
        try:
            root.mkdir(parents=True, exist_ok=True)
            for number in range(_PART_FOLDERS):
                (root / OWN / "parts" / str(number)).mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise DirectoryError("not a directory", where=Where(str(root)), hint="give a directory") from error
        except OSError as error:
            raise disk_error(error, root) from error

    @classmethod
    def unwritten(cls, root: Path) -> Store:
        """Return a destination that is only looked at."""
        return cls(root, write=False)

    @property
    def journal(self) -> Path:
        """Where the journal is."""
        return self.root / OWN / "journal.sqlite"

    def part(self, number: int) -> Path:
        """Return where the part of an entry's file is."""
        return Path(f"{self._parts}{number % _PART_FOLDERS}{os.sep}{number}.part")

    def own_part(self, name: str) -> Path:
        """Return where a part is that is no file of the home."""
        return self.root / OWN / "parts" / f"{name}.own"

    def forget_parts(self, begun: set[int]) -> None:
        """Remove the parts of all entries but some; a pull that was killed may have left them."""
        kept = {self.part(number) for number in begun}
        for folder, _, names in os.walk(self._parts):
            for path in (Path(folder, name) for name in names):
                if path not in kept:
                    path.unlink(missing_ok=True)

    def free_bytes(self) -> int:
        """Return how much room there is."""
        return shutil.disk_usage(self.root).free

    def flush(self) -> None:
        """Wait until the disk has all that was written here, where the system can be asked for that.

        Raises:
            DiskError: When the disk is full or broken: some file systems tell it only now.
        """
        try:
            flush_file_system(self.root)
        except OSError as error:
            raise disk_error(error, self.root) from error

    def state(self, local: str) -> os.stat_result | None:
        """Return what is at a path now, links not followed; None where nothing is."""
        try:
            return os.lstat(f"{self._base}{local}")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise CannotKeepError(error.strerror or str(error)) from error

    def make_directory(self, local: str) -> None:
        """Make a directory and those above it, each a real one.

        Raises:
            CannotKeepError: When a file or a link is in the way.
            DiskError: When the disk is full or broken.
        """
        if local in self._known:
            return
        above = local.rpartition("/")[0]
        self.make_directory(above)
        path = self.root / local
        try:
            path.mkdir()
        except FileExistsError:
            if not stat.S_ISDIR(os.lstat(path).st_mode):
                raise CannotKeepError("a file or a link is here in place of its directory") from None
        except OSError as error:
            self._raise(error, path)
        self._known.add(local)

    def place(self, part: Path, local: str, mtime_ns: int, mode: int) -> tuple[int, int]:
        """Put a complete part in its place, in one step.

        Returns:
            Length and time of the file.

        Raises:
            CannotKeepError: When a directory or a link is in the way.
            DiskError: When the disk is full or broken.
        """
        self.make_directory(local.rpartition("/")[0])
        path, fresh = f"{self._base}{local}", str(part)
        try:
            if mode != UNKNOWN:
                os.chmod(fresh, mode & 0o777)  # noqa: PTH101 - paths cost more than the calls
            if mtime_ns != UNKNOWN:
                os.utime(fresh, ns=(mtime_ns, mtime_ns))
            os.replace(fresh, path)  # noqa: PTH105 - the same
            status = os.lstat(path)
        except IsADirectoryError:
            raise CannotKeepError("a directory is here in its place") from None
        except OSError as error:
            self._raise(error, Path(path))
        return status.st_size, status.st_mtime_ns

    def link(self, local: str, target: str) -> None:
        """Make a symbolic link, also in place of an older one.

        Raises:
            CannotKeepError: When something else is in the way, or the system makes no links.
            DiskError: When the disk is full or broken.
        """
        self.make_directory(local.rpartition("/")[0])
        path = self.root / local
        there = self.state(local)
        try:
            if there is not None:
                if stat.S_ISLNK(there.st_mode) and str(path.readlink()) == target:
                    return
                if stat.S_ISDIR(there.st_mode):
                    # Empty where an earlier run took the link for a directory.
                    path.rmdir()
                else:
                    path.unlink()
            path.symlink_to(target)
        except OSError as error:
            self._raise(error, path)

    def twin(self, local: str, first: str) -> tuple[int, int]:
        """Make a file another name of one that is here, or a copy where the file system has no such names.

        Returns:
            Length and time of the file.

        Raises:
            CannotKeepError: When something else is in the way.
            DiskError: When the disk is full or broken.
        """
        self.make_directory(local.rpartition("/")[0])
        fresh = self.root / OWN / "parts" / "twin"
        path = self.root / local
        try:
            fresh.unlink(missing_ok=True)
            try:
                os.link(self.root / first, fresh)
            except OSError:
                shutil.copy2(self.root / first, fresh, follow_symlinks=False)
            fresh.replace(path)
            # Where both are names of one file already, replacing does nothing.
            fresh.unlink(missing_ok=True)
            status = os.lstat(path)
        except OSError as error:
            self._raise(error, path)
        return status.st_size, status.st_mtime_ns

    def finish_directory(self, local: str, mtime_ns: int, mode: int) -> None:
        """Give a directory its time and permissions; what cannot be given is left."""
        path = self.root / local
        try:
            if not stat.S_ISDIR(os.lstat(path).st_mode):
                return
            if mode != UNKNOWN:
                path.chmod((mode & 0o777) | stat.S_IRWXU)
            if mtime_ns != UNKNOWN:
                os.utime(path, ns=(mtime_ns, mtime_ns))
        except OSError:
            return

    def remove(self, local: str) -> bool:
        """Remove a file, a link or an empty directory; return whether it is gone."""
        path = self.root / local
        try:
            above = local.rpartition("/")[0]
            if above and (self.root / above).resolve() != self.root.resolve() / above:
                return False
            if stat.S_ISDIR(os.lstat(path).st_mode):
                path.rmdir()
            else:
                path.unlink()
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return True

    def _raise(self, error: OSError, path: Path) -> NoReturn:
        if error.errno in FULL or error.errno in (errno.EIO, errno.EROFS):
            raise disk_error(error, path) from error
        raise CannotKeepError(error.strerror or str(error)) from error
