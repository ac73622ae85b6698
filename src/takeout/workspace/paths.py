"""Absolute paths of the hub in a home's files, and how each can be kept working."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from takeout.workspace.model import Captured, HubPath
from takeout.workspace.requirements import below_home


@dataclass(frozen=True, slots=True)
class Advice:
    """An absolute path of the hub, and what to do about it.

    Attributes:
        path: The path.
        files: Where it stands, as ``file:line`` or ``file, cell 3, line 1``.
        here: Where that is in this copy, from the file that names it; empty where it did not come along.
        works: Whether the path works on this machine as it stands.
        way: A sentence.
    """

    path: str
    files: tuple[str, ...]
    here: str
    works: bool
    way: str


def advise(captured: Captured, home: Path) -> tuple[Advice, ...]:
    """Return every absolute path of the hub in the home's notebooks and scripts, by path."""
    found: dict[str, list[HubPath]] = {}
    for each in captured.paths:
        found.setdefault(each.path, []).append(each)
    return tuple(_advice(path, uses, captured, home) for path, uses in sorted(found.items()))


def keep_all(captured: Captured, home: Path) -> str:
    """Return the commands that keep every path below the hub's home working; nothing where all work."""
    names = {
        name for each in captured.paths for name in captured.homes if PurePosixPath(each.path).is_relative_to(name)
    }
    missing = sorted(name for name in names if not Path(name).exists())
    lines = [
        f"sudo mkdir -p {PurePosixPath(name).parent} && sudo ln -s {home.absolute()} {name}" for name in missing
    ]
    return "\n".join(lines)


def _advice(path: str, uses: Iterable[HubPath], captured: Captured, home: Path) -> Advice:
    uses = list(uses)
    below = below_home(path, captured.homes)
    works = Path(path).exists()
    if below is None:
        way = "it is outside of the home: bring it along and change the path"
        return Advice(path, _places(uses), "", works, "" if works else way)
    target = home / below
    if not _is_there(target):
        way = f"{below} is not in this copy: it was not there, or was left out" if not works else ""
        return Advice(path, _places(uses), "", works, way)
    here = os.path.relpath(target, (home / uses[0].file).parent)
    way = f"write {here!r}, which works on the hub as well" if not works else ""
    return Advice(path, _places(uses), here, works, way)


def _is_there(target: Path) -> bool:
    """Whether a path, or the folder that a pattern or a new file would be in, is in the copy."""
    try:
        return target.exists() or target.parent.is_dir()
    except OSError:
        return False


def _places(uses: Iterable[HubPath]) -> tuple[str, ...]:
    return tuple(
        f"{each.file}, cell {each.cell}, line {each.line}" if each.cell else f"{each.file}:{each.line}"
        for each in uses
    )
