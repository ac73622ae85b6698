"""From the path in an address to a directory below the root, whatever the path tries."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

from takeout.archive.home.entry import shown
from takeout.server.refusal import Refusal

_HIDDEN_REASON = "the administrator keeps hidden files out of downloads"


@dataclass(frozen=True, slots=True)
class Place:
    """A directory that may be taken along.

    Attributes:
        directory: Its real path, with no link in it.
        below: Its path below the root as it was asked for; empty for the root.
    """

    directory: bytes
    below: bytes

    @property
    def name(self) -> bytes:
        """Its own name, as it was asked for."""
        return (self.below or self.directory).rpartition(b"/")[2]


def find_directory(root: bytes, path: str, *, hidden: bool) -> Place:
    """Return the directory that a path means.

    The path is decoded once, by the caller. A link is followed as long as it leads to a place below the root.

    Args:
        root: The directory that the server shows.
        path: Path below it, with ``/``; bytes that are not UTF-8 as surrogate escapes.
        hidden: Whether what begins with a dot may be taken.

    Raises:
        Refusal: 400 for a path that is none, or a file; 403 when it leads out of the root or is unreadable; 404
            when nothing is there.
    """
    try:
        parts = [part for part in os.fsencode(path).split(b"/") if part]
    except UnicodeEncodeError as error:
        raise Refusal(400, "path", "the path is not one that a file system can have") from error
    for part in parts:
        if part in (b".", b"..") or b"\0" in part:
            raise Refusal(400, "path", "a path has no '.', no '..' and no NUL", "name the directory itself")
        if part.startswith(b".") and not hidden:
            raise Refusal(404, "path", f"{_shown(parts)} is hidden: {_HIDDEN_REASON}")
    below = b"/".join(parts)
    return Place(_resolve(root, below, parts), below)


def _resolve(root: bytes, below: bytes, parts: list[bytes]) -> bytes:
    try:
        top = os.path.realpath(root, strict=True)
        real = os.path.realpath(top + b"/" + below, strict=True)
        inside = real == top or real.startswith(top.rstrip(b"/") + b"/")
        if not inside:
            hint = "take a directory of the home itself; links are kept as links inside the archive"
            raise Refusal(403, "path", f"{_shown(parts)} leads out of the home", hint)
        mode = os.stat(real).st_mode  # noqa: PTH116 - names are bytes here
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Refusal(404, "path", f"there is no directory {_shown(parts)}") from error
    except PermissionError as error:
        raise Refusal(403, "path", f"{_shown(parts)} may not be read: permission denied") from error
    except OSError as error:
        text = error.strerror or str(error)
        raise Refusal(404, "path", f"{_shown(parts)} cannot be found: {text[:1].lower()}{text[1:]}") from error
    if not stat.S_ISDIR(mode):
        hint = "a single file is downloaded with the file browser's own Download"
        raise Refusal(400, "path", f"{_shown(parts)} is a file, not a directory", hint)
    return real


def _shown(parts: list[bytes]) -> str:
    return repr(shown(b"/".join(parts))) if parts else "the home"
