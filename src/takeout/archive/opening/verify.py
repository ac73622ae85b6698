"""Check an archive: structure, every CRC, every line of ``SHA256SUMS``, and if asked a directory's files."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from takeout.archive.formats.report import REPORT_NAME, SUMS_NAME, unescaped
from takeout.archive.home.entry import Kind, shown
from takeout.archive.home.walk import take_inventory
from takeout.archive.opening.members import CHUNK_BYTES, Found
from takeout.archive.opening.names import UnsafeNameError, checked
from takeout.archive.opening.place import Destination
from takeout.archive.opening.read import members
from takeout.archive.opening.readsums import Sums, key_of
from takeout.errors import ArchiveError
from takeout.progress import Progress, silent

_HEX = 64


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as promised.

    Attributes:
        code: ``damaged``, ``unsafe-name``, ``checksum``, ``unlisted``, ``missing``, ``not-whole``, ``differs``,
            ``not-in-archive`` or ``not-in-directory``.
        path: Name in the archive, as a person can read it.
        message: What was found.
    """

    code: str
    path: str
    message: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found out about an archive.

    Attributes:
        files: Files in it.
        size_bytes: Their length.
        problems: Everything that is wrong, in the archive's order.
        changed: Files that changed while the archive was made, and are whole.
    """

    files: int
    size_bytes: int
    problems: tuple[Problem, ...]
    changed: tuple[str, ...]


def verify(archive: Path, *, against: Path | None = None, progress: Progress = silent) -> Verification:
    """Check an archive.

    Args:
        archive: A zip, tar.zst or tar.gz that Takeout made.
        against: A directory to compare every file with.
        progress: Told the bytes of content that were read.

    Raises:
        ArchiveError: When it is no archive, or so damaged that its members cannot be told apart.
        DiskError: When it cannot be read.
        DirectoryError: When ``against`` is not a directory.
    """
    check = _Check(against)
    try:
        for found in members(archive):
            check.member(found)
            progress("bytes", check.size, 0)
        return check.finish()
    finally:
        check.close()


class _Check:
    def __init__(self, against: Path | None) -> None:
        self._inventory = take_inventory(against) if against is not None else None
        self._against = Destination(os.fsencode(against)) if against is not None else None
        self._problems: list[Problem] = []
        self._changed: list[str] = []
        self._sums = Sums()
        self._names: set[bytes] = set()
        self._prefix = b""
        self._listed = False
        self.files = 0
        self.size = 0

    def _problem(self, code: str, name: bytes, message: str) -> None:
        self._problems.append(Problem(code, shown(name), message))

    def member(self, found: Found) -> None:
        try:
            checked(found.name)
        except UnsafeNameError as error:
            self._problem("unsafe-name", found.name, str(error))
        if not self._prefix:
            self._prefix = found.name.split(b"/")[0] + b"/"
        if found.name == SUMS_NAME:
            self._compare_sums(found)
        elif found.kind == "file":
            self._file(found)
        elif found.kind == "link":
            self._sums.put_link(found.name, found.link)
            self.files += 1
        if found.name.startswith(self._prefix) and self._inventory is not None:
            self._names.add(key_of(found.name[len(self._prefix) :]))
            if found.kind == "symlink":
                self._compare_link(found)

    def _file(self, found: Found) -> None:
        sha = hashlib.sha256()
        try:
            for chunk in found.data():
                sha.update(chunk)
                self.size += len(chunk)
        except ArchiveError as error:
            self._problem("damaged", found.name, error.message)
            return
        if found.name == REPORT_NAME:
            return
        self.files += 1
        self._sums.put(found.name, sha.digest())
        if found.name.startswith(self._prefix) and self._against is not None:
            self._compare_file(found, sha.digest())

    def _compare_sums(self, found: Found) -> None:
        """Hold every line against what was read; a line with ``#`` tells of a file that is not whole."""
        self._listed = True
        try:
            for line in _lines(found):
                self._compare_line(line)
        except ArchiveError as error:
            self._problem("damaged", found.name, error.message)
            return
        if self._sums:
            message = f"{len(self._sums)} files are in the archive and not in the sums"
            self._problem("unlisted", SUMS_NAME, message)

    def _compare_line(self, line: bytes) -> None:
        if line.startswith(b"#"):
            self._not_whole(line)
            return
        special = line.startswith(b"\\")
        text = line[special:]
        digest, mark, name = text[:_HEX], text[_HEX : _HEX + 2], text[_HEX + 2 :]
        name = unescaped(name) if special else name
        actual = self._sums.pop(name)
        if actual is None:
            self._problem("missing", name, "it is in the sums and not in the archive")
        elif actual and actual.hex().encode() != digest:
            self._problem("checksum", name, "its SHA-256 is not the one in the sums")
        elif mark == b" *":
            self._changed.append(shown(name))

    def _not_whole(self, line: bytes) -> None:
        """Take in a line that tells of a file that is not whole; an escaped name begins one byte later."""
        name, words = line[_HEX + 2 :], line[2:_HEX].decode("ascii", "replace").strip()
        if self._sums.pop(name) is None:
            name = unescaped(line[_HEX + 3 :])
            self._sums.pop(name)
        self._problem("not-whole", name, words)

    def _compare_file(self, found: Found, sha: bytes) -> None:
        assert self._against is not None  # noqa: S101 - the caller looked
        *above, name = found.name[len(self._prefix) :].split(b"/")
        try:
            fd = self._against.enter(above, make=False)
            status = os.stat(name, dir_fd=fd, follow_symlinks=False)
            same = stat.S_ISREG(status.st_mode) and status.st_size == found.size_bytes and _sha_of(fd, name) == sha
        except FileNotFoundError:
            self._problem("not-in-directory", found.name, "it is in the archive and not in the directory")
            return
        except OSError as error:
            self._problem("differs", found.name, f"the directory's file cannot be read: {error.strerror}")
            return
        if not same:
            self._problem("differs", found.name, "the directory has other content")

    def _compare_link(self, found: Found) -> None:
        assert self._against is not None  # noqa: S101 - the caller looked
        *above, name = found.name[len(self._prefix) :].split(b"/")
        try:
            same = os.readlink(name, dir_fd=self._against.enter(above, make=False)) == found.link
        except OSError:
            same = False
        if not same:
            self._problem("differs", found.name, "the directory has no such link")

    def close(self) -> None:
        if self._against is not None:
            self._against.close()

    def finish(self) -> Verification:
        if not self._listed:
            self._problem(
                "missing", SUMS_NAME, "the archive has no sums; it is not one of Takeout's, or not whole"
            )
        if self._inventory is not None:
            for entry in self._inventory:
                if entry.path and key_of(entry.path) not in self._names:
                    what = "directory" if entry.kind is Kind.DIRECTORY else "file"
                    self._problem(
                        "not-in-archive", self._prefix + entry.path, f"a {what} that the archive has not"
                    )
        return Verification(self.files, self.size, tuple(self._problems), tuple(self._changed))


def _lines(found: Found) -> Iterator[bytes]:
    rest = b""
    for chunk in found.data():
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
    if rest:
        yield rest


def _sha_of(fd: int, name: bytes) -> bytes:
    sha = hashlib.sha256()
    file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=fd)
    try:
        while chunk := os.read(file, CHUNK_BYTES):
            sha.update(chunk)
    finally:
        os.close(file)
    return sha.digest()
