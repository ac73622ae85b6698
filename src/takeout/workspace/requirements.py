"""Requirements that pip and uv accept, out of what was installed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from takeout.workspace.model import Captured, Package

TOOLS = frozenset(
    {"pip", "setuptools", "wheel", "distribute", "uv", "conda", "mamba", "libmambapy", "conda-libmamba-solver"}
)
"""What makes environments, and is nothing that a notebook needs at a version; a new environment brings its own."""
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.!_-]*")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One line of a lock.

    Attributes:
        name: The distribution.
        line: The line, as pip takes it.
        folder: The folder below the home that it is worked on in; ``line`` is then ``-e`` and that folder.
        differs: How it is not what the hub had, or empty.
    """

    name: str
    line: str
    folder: str = ""
    differs: str = ""


def normal(name: str) -> str:
    """Return a distribution's name as it is compared. Source: PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirements_of(
    packages: Iterable[Package], captured: Captured
) -> tuple[tuple[Requirement, ...], tuple[tuple[str, str], ...]]:
    """Return a lock, and what cannot stand in one: names with reasons.

    Addresses that only the hub can follow (``file:``, the folders in which conda builds) become versions; a folder
    below the home stays an editable one; local version labels (``+cu121``) stay: they name files of their own.
    """
    lines, left = [], []
    for package in packages:
        if normal(package.name) in TOOLS:
            continue
        found = _requirement(package, captured)
        if isinstance(found, Requirement):
            lines.append(found)
        else:
            left.append((package.name, found))
    return tuple(lines), tuple(left)


def _requirement(package: Package, captured: Captured) -> Requirement | str:
    """Return a package's line, or why there is none."""
    if package.editable:
        below = below_home(package.editable, captured.homes)
        if below is not None:
            return Requirement(package.name, f"-e ./{below}" if below != "." else "-e .", folder=below)
        if package.url:
            differs = f"{package.editable} on the hub, with its changes; here the commit {package.commit[:12]}"
            return Requirement(package.name, _direct(package), differs=differs)
        return f"worked on in {package.editable}, which is outside of the home and in no repository that is known"
    if package.url and not package.url.startswith("file:"):
        return Requirement(package.name, _direct(package))
    if not _VERSION.match(package.version):
        return f"its version {package.version!r} is none"
    differs = ""
    if package.url and package.installer != "conda" and not _is_conda_build(package.url):
        differs = (
            f"installed from {package.url.removeprefix('file://')} on the hub; here from the index, if it is there"
        )
    return Requirement(package.name, f"{package.name}=={package.version}", differs=differs)


def _direct(package: Package) -> str:
    # ``#`` ends an address; what follows are pip's own words.
    below = f"#subdirectory={package.subdirectory}" if package.subdirectory else ""
    return f"{package.name} @ {package.url}{below}"


def _is_conda_build(url: str) -> bool:
    return any(mark in url for mark in ("/feedstock_root/", "/conda-bld/", "/croot/", "/home/task_"))


def below_home(path: str, homes: Iterable[str]) -> str | None:
    """Return a path of the hub below the home, ``.`` for the home itself, or nothing where it is elsewhere."""
    for home in homes:
        if PurePosixPath(path).is_relative_to(home):
            return str(PurePosixPath(path).relative_to(home))
    return None
