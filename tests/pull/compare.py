"""Two trees, side by side."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

OWN = ".takeout-pull"
_ROUNDING_NS = 2_000


@dataclass(frozen=True)
class About:
    """A time; servers tell it through a floating-point number, which is a microsecond off at times."""

    ns: int

    def __eq__(self, other: object) -> bool:
        return isinstance(other, About) and abs(self.ns - other.ns) <= _ROUNDING_NS

    def __hash__(self) -> int:
        return 0


def tree(root: Path, *, times: bool = True) -> dict[str, tuple[object, ...]]:
    """Return what is in a tree; the pull's own directory is left out."""
    found: dict[str, tuple[object, ...]] = {}
    for folder, folders, files in os.walk(root):
        base = Path(folder)
        if base == root:
            folders[:] = [name for name in folders if name != OWN]
        for name in [*folders, *files]:
            path = base / name
            key = str(path.relative_to(root))
            if path.is_symlink():
                found[key] = ("link", str(path.readlink()))
            elif path.is_dir():
                found[key] = ("directory",)
            elif path.is_file():
                found[key] = ("file", path.read_bytes(), About(path.stat().st_mtime_ns) if times else 0)
    return found


def size_of(root: Path) -> int:
    """Return the length of all files of a tree."""
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file())


def parts(here: Path) -> list[Path]:
    """Return the parts that a pull has left in its destination."""
    return [path for path in (here / OWN / "parts").rglob("*") if path.is_file()]
