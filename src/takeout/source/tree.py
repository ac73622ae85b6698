"""A tree of files that is only ever read: a directory, or a commit.

Paths are relative to the root, with ``/``, and never leave it: neither by ``..`` nor through a symbolic link.
"""

from __future__ import annotations

import os
import stat
from abc import ABC, abstractmethod
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from takeout.errors import DirectoryError, DiskError, SourceError, Where

Kind = Literal["file", "directory", "link", "other"]

LINKS_MAX = 40
"""Symbolic links followed in one path before it is called a loop, as Linux has it (path_resolution(7))."""

FILE_SIZE_MAX_BYTES = 64 * 1024 * 1024
"""No configuration is larger; a file that is would only fill the memory."""


class Tree(ABC):
    """Files below one root.

    Attributes:
        label: How to name the tree to a person.
        revision: The commit, or empty for a directory.
        owner: Who the repository belongs to, as its remote address says; empty where unknown.
        told: What is worth a word about how the tree was come by, such as the age of a copy.
    """

    label: str = ""
    revision: str = ""
    owner: str = ""
    told: str = ""

    @abstractmethod
    def kind(self, path: str) -> Kind | None:
        """Return what is at ``path`` itself, no link followed; None where there is nothing."""

    @abstractmethod
    def _names(self, path: str) -> list[str]:
        """Return the names in the directory ``path``."""

    @abstractmethod
    def _content(self, path: str) -> bytes:
        """Return the content of the regular file ``path``."""

    @abstractmethod
    def _target(self, path: str) -> str:
        """Return where the symbolic link ``path`` points to, as it is written."""

    def real(self, path: str) -> str | None:
        """Return ``path`` with every link followed; None where it leads nowhere.

        Raises:
            SourceError: When the path leaves the root or goes in circles.
        """
        pending = list(reversed(path.split("/")))
        done: list[str] = []
        links = 0
        while pending:
            step = pending.pop()
            if step in ("", "."):
                continue
            if step == "..":
                if not done:
                    raise _outside(path)
                done.pop()
                continue
            here = "/".join((*done, step))
            kind = self.kind(here)
            if kind is None:
                return None
            if kind != "link":
                done.append(step)
                continue
            links += 1
            target = self._target(here)
            if links > LINKS_MAX:
                raise SourceError(f"the symbolic link {here} goes in circles", where=Where(path))
            if target.startswith("/"):
                raise _outside(path)
            pending += reversed(target.split("/"))
        return "/".join(done)

    def exists(self, path: str) -> bool:
        """Whether ``path``, links followed, is there."""
        return self.real(path) is not None

    def is_file(self, path: str) -> bool:
        """Whether ``path``, links followed, is a regular file."""
        real = self.real(path)
        return real is not None and self.kind(real) == "file"

    def is_directory(self, path: str) -> bool:
        """Whether ``path``, links followed, is a directory; the empty path is."""
        real = self.real(path)
        return real is not None and (not real or self.kind(real) == "directory")

    def link(self, path: str) -> str | None:
        """Return where the symbolic link ``path`` points to, as it is written; None when it is not a link."""
        return self._target(path) if self.kind(path) == "link" else None

    def list(self, path: str = "") -> tuple[str, ...]:
        """Return the names in the directory ``path``, sorted; nothing where there is no directory."""
        real = self.real(path)
        if real is None or (real and self.kind(real) != "directory"):
            return ()
        return tuple(sorted(self._names(real)))

    def glob(self, pattern: str) -> tuple[str, ...]:
        """Return the paths that ``pattern`` fits, sorted; ``*`` stays within one directory."""
        found = [""]
        for part in pattern.split("/"):
            found = [
                f"{directory}/{name}" if directory else name
                for directory in found
                for name in (self.list(directory) if _has_wildcard(part) else (part,))
                if fnmatchcase(name, part)
            ]
        return tuple(path for path in found if self.exists(path))

    def read(self, path: str) -> bytes:
        """Return the content of the file ``path``, links followed.

        Raises:
            SourceError: When there is no such file, or it is none that can be read.
        """
        real = self.real(path)
        if real is None:
            raise SourceError(
                f"there is no file {path} in {self.label}",
                where=Where(path),
                hint="Check the name, and that the copy of the source is complete.",
            )
        kind = self.kind(real) if real else "directory"
        if kind != "file":
            what = "a directory" if kind == "directory" else "not a regular file"
            raise SourceError(f"{path} is {what}, and a file was expected", where=Where(path))
        return self._content(real)


class DirectoryTree(Tree):
    """A plain directory.

    Args:
        root: The directory.

    Raises:
        DirectoryError: When it is not there, or not a directory.
    """

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            what = "is not a directory" if root.exists() else "is not there"
            raise DirectoryError(f"{root} {what}", hint="Give the root of the source: a directory or an address.")
        self.label = str(root)
        self._root = root.resolve()

    def kind(self, path: str) -> Kind | None:
        """Return what is at ``path`` itself."""
        try:
            mode = os.lstat(self._root / path).st_mode
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return None
        except OSError as error:
            raise _unreadable(path, error) from error
        if stat.S_ISREG(mode):
            return "file"
        if stat.S_ISDIR(mode):
            return "directory"
        return "link" if stat.S_ISLNK(mode) else "other"

    def _names(self, path: str) -> list[str]:
        try:
            return [entry.name for entry in (self._root / path).iterdir()]
        except OSError as error:
            raise _unreadable(path or ".", error) from error

    def _content(self, path: str) -> bytes:
        try:
            with (self._root / path).open("rb") as file:
                content = file.read(FILE_SIZE_MAX_BYTES + 1)
        except OSError as error:
            raise _unreadable(path, error) from error
        if len(content) > FILE_SIZE_MAX_BYTES:
            raise too_large(path)
        return content

    def _target(self, path: str) -> str:
        try:
            return str((self._root / path).readlink())
        except OSError as error:
            raise _unreadable(path, error) from error


def too_large(path: str) -> SourceError:
    """Return the error for a file that is no configuration by its size."""
    return SourceError(
        f"{path} is larger than {FILE_SIZE_MAX_BYTES // 1024 // 1024} MiB; that is not a values file",
        where=Where(path),
    )


def _outside(path: str) -> SourceError:
    return SourceError(
        f"{path} leads out of the source",
        where=Where(path),
        hint="Files are only read inside the source: put the file there.",
    )


def _unreadable(path: str, error: OSError) -> DiskError:
    return DiskError(f"{path} cannot be read: {error.strerror}", where=Where(path))


def _has_wildcard(part: str) -> bool:
    return any(character in part for character in "*?[")
