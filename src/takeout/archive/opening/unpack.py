"""Unpack an archive below one directory: nothing outside is touched, nothing that is there is overwritten."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from takeout.archive.home.entry import shown
from takeout.archive.home.listing import reason
from takeout.archive.opening.members import Found
from takeout.archive.opening.names import UnsafeNameError, checked
from takeout.archive.opening.place import Destination, create, is_done, status_of
from takeout.archive.opening.read import members
from takeout.archive.opening.verify import Problem
from takeout.errors import ArchiveError, DirectoryError, DiskError, Where
from takeout.progress import Progress, silent

_PERMISSIONS = 0o777
_HOLE = bytes(1 << 16)
_MOST_SECONDS = 1 << 33
_HOPELESS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What was written.

    Attributes:
        files: Files written.
        already: Files that an earlier run had written.
        size_bytes: Bytes written.
        problems: What could not be written, and why.
    """

    files: int
    already: int
    size_bytes: int
    problems: tuple[Problem, ...]


def unpack(archive: Path, destination: Path, *, strip: bool = False, progress: Progress = silent) -> Unpacked:
    """Unpack an archive; running it again goes on where it stopped.

    A file is written under another name and takes its own only when its checksum was right. Links are made after
    the last file, so that nothing can be written through them; permissions of directories come last.

    Args:
        archive: A zip, tar.zst or tar.gz.
        destination: A directory; it is made where it is not there.
        strip: Leave out the first part of every name, so that the home's content comes right below the
            destination; what has one part only, such as the sums, is left out.
        progress: Told the bytes written.

    Raises:
        ArchiveError: When it is no archive, or so damaged that its members cannot be told apart.
        DirectoryError: When ``destination`` is not a directory.
        DiskError: When the disk is full or cannot be written to.
    """
    try:
        with Destination(os.fsencode(destination)) as place:
            return _Unpacking(place, strip).run(archive, progress)
    except (FileExistsError, NotADirectoryError) as error:
        raise DirectoryError("not a directory", where=Where(str(destination))) from error
    except OSError as error:
        hint = "make room and run it again; it goes on where it stopped"
        raise DiskError(f"writing failed: {reason(error)}", where=Where(str(destination)), hint=hint) from error


class _Unpacking:
    def __init__(self, place: Destination, strip: bool) -> None:
        self._place = place
        self._strip = strip
        self._problems: list[Problem] = []
        self._links: list[tuple[list[bytes], bytes, int]] = []
        self._directories: list[tuple[list[bytes], int, int]] = []
        self._files = self._already = self._size = 0

    def run(self, archive: Path, progress: Progress) -> Unpacked:
        for found in members(archive):
            self._member(found)
            progress("bytes", self._size, 0)
        for parts, target, mtime_ns in self._links:
            self._guarded(parts, partial(self._symlink, parts, target, mtime_ns))
        for parts, mode, mtime_ns in reversed(self._directories):
            self._guarded(parts, partial(self._finish_directory, parts, mode, mtime_ns))
        return Unpacked(self._files, self._already, self._size, tuple(self._problems))

    def _member(self, found: Found) -> None:
        try:
            parts = checked(found.name)
            link = checked(found.link) if found.kind == "link" else []
        except UnsafeNameError as error:
            self._problem("unsafe-name", [found.name], str(error))
            return
        if self._strip:
            parts, link = parts[1:], link[1:]
            if not parts:
                return
        if found.kind == "directory":
            self._directories.append((parts, found.mode & _PERMISSIONS, _nanoseconds(found.mtime)))
            self._guarded(parts, partial(self._place.enter, parts))
        elif found.kind == "symlink":
            self._links.append((parts, found.link, _nanoseconds(found.mtime)))
        elif found.kind == "link":
            self._guarded(parts, partial(self._hard_link, parts, link))
        else:
            self._guarded(parts, partial(self._file, found, parts))

    def _problem(self, code: str, parts: list[bytes], message: str) -> None:
        self._problems.append(Problem(code, shown(b"/".join(parts)), message))

    def _guarded(self, parts: list[bytes], action: Callable[[], object]) -> None:
        """Do something for one member; note what goes wrong, unless the next would fail the same way."""
        try:
            action()
        except ArchiveError as error:
            self._problem("damaged", parts, error.message)
        except OSError as error:
            if error.errno in _HOPELESS:
                raise
            self._problem("not-written", parts, (error.strerror or str(error)).lower())

    def _file(self, found: Found, parts: list[bytes]) -> None:
        *above, name = parts
        fd = self._place.enter(above)
        there = status_of(fd, name)
        if there is not None:
            if is_done(there, found.size_bytes, found.mtime):
                self._already += 1
            else:
                self._problem("exists", parts, "something else is there; it was left alone")
            return
        part = b".takeout-%s.part" % hashlib.blake2b(name, digest_size=8).hexdigest().encode()
        file = create(fd, part)
        try:
            self._write(file, found)
            os.fchmod(file, found.mode & _PERMISSIONS)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(part, dir_fd=fd)
            raise
        finally:
            os.close(file)
        _set_time(fd, part, _nanoseconds(found.mtime))
        os.rename(part, name, src_dir_fd=fd, dst_dir_fd=fd)
        self._files += 1

    def _write(self, file: int, found: Found) -> None:
        """Write a file's content, with holes where there are long runs of zeros."""
        written = 0
        for chunk in found.data():
            for start in range(0, len(chunk), len(_HOLE)):
                block = chunk[start : start + len(_HOLE)]
                if block == _HOLE:
                    os.lseek(file, len(block), os.SEEK_CUR)
                else:
                    _write_all(file, block)
            written += len(chunk)
        if written != found.size_bytes:
            raise ArchiveError("its content is shorter than it says")
        os.ftruncate(file, written)
        self._size += written

    def _hard_link(self, parts: list[bytes], target: list[bytes]) -> None:
        source = os.dup(self._place.enter(target[:-1], make=False))
        try:
            fd = self._place.enter(parts[:-1])
            first, there = status_of(source, target[-1]), status_of(fd, parts[-1])
            if first is None or not stat.S_ISREG(first.st_mode):
                self._problem("not-written", parts, "the file that it is another name of was not written")
            elif there is None:
                os.link(target[-1], parts[-1], src_dir_fd=source, dst_dir_fd=fd, follow_symlinks=False)
                self._files += 1
            elif (there.st_dev, there.st_ino) == (first.st_dev, first.st_ino):
                self._already += 1
            else:
                self._problem("exists", parts, "something else is there; it was left alone")
        finally:
            os.close(source)

    def _symlink(self, parts: list[bytes], target: bytes, mtime_ns: int) -> None:
        fd = self._place.enter(parts[:-1])
        there = status_of(fd, parts[-1])
        if there is None:
            os.symlink(target, parts[-1], dir_fd=fd)
        elif not stat.S_ISLNK(there.st_mode) or os.readlink(parts[-1], dir_fd=fd) != target:
            self._problem("exists", parts, "something else is there; it was left alone")
            return
        _set_time(fd, parts[-1], mtime_ns)

    def _finish_directory(self, parts: list[bytes], mode: int, mtime_ns: int) -> None:
        fd = self._place.enter(parts, make=False)
        os.fchmod(fd, mode)
        os.utime(fd, ns=(mtime_ns, mtime_ns))


def _write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def _nanoseconds(seconds: float) -> int:
    """Return a time that a file system takes; what no clock can show becomes the nearest that it can."""
    return int(min(max(seconds, -_MOST_SECONDS), _MOST_SECONDS) * 1_000_000_000)


def _set_time(fd: int, name: bytes, mtime_ns: int) -> None:
    with contextlib.suppress(OSError, NotImplementedError):
        os.utime(name, ns=(mtime_ns, mtime_ns), dir_fd=fd, follow_symlinks=False)
