"""Where pods are described in a hub's values: profiles' overrides, selectors, and companions that are on."""

from __future__ import annotations

from collections.abc import Iterator

from takeout.adapt.rule import Draft
from takeout.values.node import Scalar, walk
from takeout.values.path import Path

SINGLEUSER: Path = ("jupyterhub", "singleuser")


def paths_to(draft: Draft, *keys: str) -> list[Path]:
    """Return every path whose last step is one of ``keys``, in the order of the document."""
    return [path for path, _ in walk(draft.values) if path and path[-1] in keys]


def texts(draft: Draft) -> Iterator[tuple[Path, str]]:
    """Yield every string of the values with its path."""
    for path, node in walk(draft.values):
        if isinstance(node, Scalar) and isinstance(node.value, str):
            yield path, node.value


def is_on(draft: Draft, name: str) -> bool:
    """Whether the source's chart has the subchart ``name`` and its condition holds, as Helm decides it."""
    dependency = draft.context.hub.dependencies.get(name)
    if dependency is None:
        return False
    for condition in filter(None, (part.strip() for part in dependency.condition.split(","))):
        node = draft.node(tuple(condition.split(".")))
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
    return name in draft.values.entries or name not in draft.values.removed


def is_off(draft: Draft, name: str) -> bool:
    """Whether the source's chart has the subchart ``name``, and it is not wanted."""
    return name in draft.context.hub.dependencies and not is_on(draft, name)


def empty_out(draft: Draft, path: Path, *, why: str = "") -> None:
    """Remove what is at ``path``, and the mapping or list that held it where nothing else is left in that."""
    draft.remove(path, why=why)
    if len(path) > 1 and draft.get(path[:-1]) in ({}, []):
        draft.remove(path[:-1], why="nothing is left in it")
