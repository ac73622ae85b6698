"""What the lines of the extension's listing say: the entries, and the archive that holds them.

Source: docs/reference/server.md, "The listing".
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from takeout.archive.home.entry import Kind
from takeout.pull.answers import FailedError
from takeout.pull.model import UNKNOWN, Named, RemoteEntry

_KINDS = {"d": Kind.DIRECTORY, "f": Kind.FILE, "l": Kind.SYMLINK}
_FIELDS = 8


@dataclass(frozen=True, slots=True)
class Archive:
    """The archive that the server would make.

    Attributes:
        address: Its path below the server's base, with the arguments.
        tag: What tells it from that of a changed home.
        length: Its length in bytes.
        prefix: The directory that holds the home in it.
        sums_at: Where the content of its ``SHA256SUMS`` begins.
        sums_bytes: How long that is.
    """

    address: str
    tag: str
    length: int
    prefix: str
    sums_at: int
    sums_bytes: int


@dataclass(slots=True)
class Listing:
    """What a listing holds beside its entries.

    Attributes:
        archive: The archive.
        not_taken: What is there and cannot be taken.
        left_out: What was asked to be left out.
    """

    archive: Archive
    not_taken: list[Named]
    left_out: list[Named]


@dataclass(slots=True)
class Reader:
    """Reads the lines of a listing; a server is not to be trusted with names."""

    address: str
    put: Callable[[RemoteEntry], None]
    served: Callable[[str], bool]
    archive: Archive | None = None
    not_taken: list[Named] = field(default_factory=list)
    left_out: list[Named] = field(default_factory=list)
    _folders: set[str] = field(default_factory=lambda: {""})

    def take(self, line: bytes) -> None:
        """Take one line in.

        Raises:
            FailedError: When this is no listing.
        """
        try:
            value = json.loads(line)
            match value:
                case {"archive": dict(about)}:
                    self._about(about)
                case list() if len(value) == _FIELDS:
                    self._entry(value)
        except (ValueError, TypeError, KeyError) as error:
            raise FailedError(200) from error

    def result(self) -> Listing:
        """Return what came.

        Raises:
            FailedError: When it is none.
        """
        if self.archive is None:
            raise FailedError(200)
        return Listing(self.archive, self.not_taken, self.left_out)

    def _about(self, about: dict[str, Any]) -> None:
        sums_at, sums_bytes = about["sums"]
        tag, prefix, length = str(about["tag"]), str(about["prefix"]), int(about["length"])
        if not (tag.isascii() and tag.isprintable() and '"' not in tag):
            raise ValueError(tag)
        self.archive = Archive(self.address, tag, length, prefix, int(sums_at), int(sums_bytes))
        self.not_taken += [Named(str(path), str(reason)) for path, reason in about["not_taken"]]
        self.left_out += [Named(str(path), str(reason)) for path, reason in about["left_out"]]

    def _entry(self, fields: list[Any]) -> None:
        path, letter, size, mtime, mode, target, twin, place = fields
        if path == "":
            return
        above, _, name = path.rpartition("/")
        kind = _KINDS[letter]
        if above not in self._folders or name in ("", ".", "..") or "\0" in path + target:
            self.not_taken.append(Named(path, "the server gave a name that is not one"))
            return
        if kind is Kind.DIRECTORY:
            self._folders.add(path)
        is_file = kind is Kind.FILE
        entry = RemoteEntry(
            path,
            kind,
            int(size) if is_file else UNKNOWN,
            int(mtime),
            int(mode) & 0o7777,
            target,
            self.served(path),
            twin,
            int(place) if is_file else UNKNOWN,
        )
        if is_file and not (entry.size_bytes >= 0 <= entry.place):
            raise ValueError(path)
        self.put(entry)
