"""The hub's own pages: templates that an init container would clone from a git repository.

The container is not run here. What it would clone is fetched by the same means as sources, once, and laid where
the hub would see it.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

from takeout.errors import SourceError, TakeoutError
from takeout.local.mapping import getter
from takeout.progress import Progress, silent
from takeout.source.address import parse_address
from takeout.source.place import open_tree
from takeout.source.tree import Tree

_CLONE = re.compile(r"\bgit\s+clone\s+([^;&|\n]+)")
_BRANCH = re.compile(r"\borigin/([\w./+-]+)")
_WITH_VALUE = ("-b", "--branch", "--depth", "-o", "--origin", "-c", "--config", "-j", "--jobs")
_MOST_FILES = 2000
"""A repository of templates has a few dozen; something larger is something else."""

Open = Callable[[str, str, Progress], Tree]


@dataclass(frozen=True, slots=True)
class Clone:
    """What a container would clone.

    Attributes:
        url: The repository.
        branch: The branch; empty for the repository's own.
        mounts: Where the hub sees which folder of it.
    """

    url: str
    branch: str
    mounts: Mapping[str, str]


def clones_of(values: Mapping[str, Any]) -> list[Clone]:
    """Return what the hub's init containers would clone into volumes that the hub mounts."""
    get = getter(dict(values))
    mounts = _listed(get("hub.extraVolumeMounts", []))
    others = " ".join(_text(each) for each in _listed(get("hub.extraContainers", [])))
    found = []
    for container in _listed(get("hub.initContainers", [])):
        match = _CLONE.search(_text(container))
        url, place, branch = _cloned(match[1]) if match else ("", "", "")
        for mount in _listed(container.get("volumeMounts")) if url else ():
            inside = PurePosixPath(place)
            if not inside.is_relative_to(str(mount.get("mountPath"))):
                continue
            below = inside.relative_to(str(mount["mountPath"]))
            seen = _seen(mounts, mount["name"], below)
            # The branch is often named by the container that keeps the clone up to date.
            kept = _BRANCH.search(others)
            found.append(Clone(url, branch or (kept[1] if kept else ""), seen))
    return [clone for clone in found if clone.mounts]


def lay_out(
    clones: Iterable[Clone], folder: Path, progress: Progress = silent, opened: Open | None = None
) -> tuple[dict[str, str], list[str]]:
    """Fetch what would be cloned into ``folder``; return where the hub sees what, and what could not be fetched.

    Args:
        clones: What to fetch.
        folder: Where to; emptied before.
        progress: Told about fetching.
        opened: What opens a repository; the sources' own way where None.
    """
    shutil.rmtree(folder, ignore_errors=True)
    seen: dict[str, str] = {}
    notes = []
    for number, clone in enumerate(clones):
        place = folder / str(number)
        try:
            _write(place, (opened or _open)(clone.url, clone.branch, progress))
        except TakeoutError as error:
            notes.append(f"the hub's own pages come from {clone.url}, and JupyterHub's are shown: {error.message}")
            continue
        seen |= {path: str(place / below) for path, below in clone.mounts.items()}
    return seen, notes


def _open(url: str, branch: str, progress: Progress) -> Tree:
    if parse_address(url) is None:
        raise SourceError(f"{url!r} is no address of a repository")
    return open_tree(url, branch or None, progress=progress, offline=False)


def _write(place: Path, tree: Tree) -> None:
    for path in islice(_files(tree, ""), _MOST_FILES):
        file = place / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(tree.read(path))


def _files(tree: Tree, folder: str) -> Iterator[str]:
    for name in tree.list(folder):
        path = f"{folder}/{name}" if folder else name
        kind = tree.kind(path)  # links are left out: a page has no need of them
        if kind == "directory":
            yield from _files(tree, path)
        elif kind == "file":
            yield path


def _seen(mounts: Iterable[Mapping[str, Any]], volume: str, below: PurePosixPath) -> dict[str, str]:
    """Return where the hub sees which folder of what lies at ``below`` in a volume."""
    parts = {
        str(each["mountPath"]): PurePosixPath(each.get("subPath") or ".")
        for each in mounts
        if each.get("name") == volume
    }
    return {path: str(part.relative_to(below)) for path, part in parts.items() if part.is_relative_to(below)}


def _listed(items: Any) -> list[dict[str, Any]]:
    values = items.values() if isinstance(items, dict) else items if isinstance(items, list) else ()
    return [item for item in values if isinstance(item, dict)]


def _text(container: Mapping[str, Any]) -> str:
    """Return a container's command line, with its variables filled in."""
    words = [str(word) for key in ("command", "args") for word in container.get(key) or ()]
    # A command that is no script is one line of words.
    text = "\n".join(words) if any("\n" in word or " " in word for word in words) else shlex.join(words)
    if words[:1] == ["clone"]:
        text = f"git {text}"  # an image whose program is git
    for variable in container.get("env") or ():
        name, value = re.escape(str(variable.get("name"))), str(variable.get("value") or "")
        text = re.sub(rf"\$(?:{name}\b|{{{name}}}|\({name}\))", value.replace("\\", r"\\"), text)
    return text


def _cloned(line: str) -> tuple[str, str, str]:
    """Return address, directory and branch of what stands behind ``git clone``; empty where it is not plain."""
    try:
        words = shlex.split(line)
    except ValueError:
        return "", "", ""
    branch, plain = "", []
    while words:
        word = words.pop(0)
        name, _, value = word.partition("=")
        if word.startswith("-"):
            given = value or (words.pop(0) if name in _WITH_VALUE and words and not value else "")
            branch = given if name in ("-b", "--branch") else branch
        else:
            plain.append(word)
    return (plain[0], plain[1], branch) if len(plain) == 2 else ("", "", "")  # noqa: PLR2004 - whence and whither
