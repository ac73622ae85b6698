"""Names that the file system here cannot hold: what they are called instead.

Every name is judged on its own where it can be, so that it is called the same in every pull; names that differ in
case alone keep what an earlier pull gave them.
"""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_RESERVED = frozenset(
    {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"}
    | {f"{device}{number}" for device in ("COM", "LPT") for number in "0123456789¹²³"}
)
"""Source: https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file"""
_FORBIDDEN_ON_WINDOWS = frozenset('<>:"/\\|?*') | {chr(code) for code in range(32)}
_HASH_LETTERS = 8


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file system holds.

    Attributes:
        case_sensitive: Whether ``a`` and ``A`` are two files.
        normalises: Whether two spellings of ``é`` are one file.
        windows: Whether Windows' rules for names hold.
        bytes_only: Whether names that are not UTF-8 can be kept.
        most_name_bytes: The longest name.
        most_path_bytes: The longest path below the destination.
    """

    case_sensitive: bool = True
    normalises: bool = False
    windows: bool = False
    bytes_only: bool = True
    most_name_bytes: int = 255
    most_path_bytes: int = 3500


def probe(directory: Path) -> Limits:
    """Return what the file system of an existing, writable directory holds, by trying.

    Raises:
        OSError: When nothing can be written there.
    """
    trial = directory / ".takeout-Try-é"
    trial.touch()
    try:
        folded = (directory / ".takeout-try-é").exists()
        other = (directory / unicodedata.normalize("NFD", trial.name)).exists()
    finally:
        trial.unlink()
    windows = os.name == "nt"
    return Limits(
        case_sensitive=not folded,
        normalises=other,
        windows=windows,
        bytes_only=os.name == "posix" and not other,
        most_path_bytes=max(64, (240 if windows else 4000) - len(os.fsencode(directory.resolve()))),
    )


class Names:
    """Gives every path on the server its path here.

    Args:
        limits: What the file system here holds.
        earlier: What an earlier pull called paths that could not keep their names.

    Attributes:
        renamed: Paths that have another name here, with the reason.
    """

    def __init__(self, limits: Limits, earlier: Mapping[str, str], taken: tuple[str, ...] = ()) -> None:
        self._limits = limits
        self._earlier = earlier
        self._used: dict[str, str] = {self._folded(name): "" for name in taken}
        self._earlier_local = {self._folded(local): path for path, local in earlier.items()}
        self._local: dict[str, str] = {"": ""}
        self.renamed: dict[str, tuple[str, str]] = {}

    def local(self, path: str) -> str:
        """Return the path here for a path there; a parent must have been asked for before what is in it."""
        above, _, name = path.rpartition("/")
        kept, reason = self._fitting(name)
        base = self._local.get(above, above)
        here = f"{base}/{kept}" if base else kept
        if len(os.fsencode(here)) > self._limits.most_path_bytes:
            here = f"long-paths-{_mark(above)}/{kept}"
            reason = reason or "the path is too long for the file system here"
        here, reason = self._alone(path, here, reason)
        if name != here.rpartition("/")[2] or reason:
            self.renamed[path] = (here, reason or "it is in a directory that has another name")
        self._used[self._folded(here)] = path
        if here != path:
            self._local[path] = here
        return here

    def _alone(self, path: str, here: str, reason: str) -> tuple[str, str]:
        """Return a name that no other path has here."""
        earlier = self._earlier.get(path)
        key = self._folded(here)
        if earlier is not None and self._used.get(self._folded(earlier), path) == path:
            return earlier, reason or "its name differs from another one in case or spelling alone"
        other = self._used.get(key) if key in self._used else self._earlier_local.get(key, path)
        if other == path:
            return here, reason
        above, slash, name = here.rpartition("/")
        return f"{above}{slash}{_marked(name, path, self._limits.most_name_bytes)}", (
            reason or "its name differs from another one in case or spelling alone"
        )

    def _folded(self, path: str) -> str:
        """Return what the file system compares."""
        if self._limits.normalises:
            path = unicodedata.normalize("NFC", path)
        return path if self._limits.case_sensitive else path.casefold()

    def _fitting(self, name: str) -> tuple[str, str]:
        """Return a name that the file system can hold, and why it is another one."""
        limits = self._limits
        kept, reason = name, ""
        if limits.windows:
            kept = "".join("_" if c in _FORBIDDEN_ON_WINDOWS else c for c in name)
            if kept.endswith((".", " ")):
                kept = kept[:-1] + "_"
            if kept.partition(".")[0].rstrip().upper() in _RESERVED:
                kept = f"_{kept}"
            if kept != name:
                reason = "Windows cannot hold its name"
        if not limits.bytes_only and not _is_utf8(kept):
            kept = kept.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            reason = "the file system holds only names in UTF-8"
        if len(os.fsencode(kept)) > limits.most_name_bytes:
            reason = "its name is too long for the file system here"
        return (_marked(kept, name, limits.most_name_bytes), reason) if reason else (name, "")


def _is_utf8(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _mark(text: str) -> str:
    raw = text.encode("utf-8", "surrogateescape")
    return hashlib.blake2b(raw, digest_size=_HASH_LETTERS // 2).hexdigest()


def _marked(name: str, path: str, most_bytes: int) -> str:
    """Return a name with a mark of what it stands for before its suffix, cut to a length."""
    stem, dot, suffix = name.rpartition(".")
    if not stem or len(suffix) > _HASH_LETTERS:
        stem, dot, suffix = name, "", ""
    end = f"~{_mark(path)}{dot}{suffix}"
    room = most_bytes - len(os.fsencode(end))
    raw = os.fsencode(stem)[:room]
    return os.fsdecode(raw).encode("utf-8", "surrogateescape").decode("utf-8", "ignore") + end
