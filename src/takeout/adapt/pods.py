"""Where pods are described in a hub's values: profiles' overrides, selectors, and companions that are on."""

from __future__ import annotations

from takeout.adapt.rule import Draft
from takeout.values.node import Mapping, Node, Scalar, Sequence
from takeout.values.path import Path

SINGLEUSER: Path = ("jupyterhub", "singleuser")


def paths_to(draft: Draft, *keys: str) -> list[Path]:
    """Return every path whose last step is one of ``keys``, in the order of the document."""
    found: list[Path] = []
    _collect(draft.values, (), frozenset(keys), found)
    return found


def _collect(node: Node, path: Path, keys: frozenset[str], found: list[Path]) -> None:
    # Lists that are filled in place of nested generators: a rule set asks for thirty walks over each hub.
    if isinstance(node, Mapping):
        for key, child in node.entries.items():
            if key in keys:
                found.append((*path, key))
            if not isinstance(child, Scalar):
                _collect(child, (*path, key), keys, found)
    elif isinstance(node, Sequence):
        for index, child in enumerate(node.items):
            if not isinstance(child, Scalar):
                _collect(child, (*path, index), keys, found)


def texts(draft: Draft, *words: str) -> list[tuple[Path, str]]:
    """Return every string that holds one of ``words``, with its path, in the order of the document."""
    found: list[tuple[Path, str]] = []
    if words:
        _collect_texts(draft.values, (), words, found)
    return found


def _collect_texts(node: Node, path: Path, words: tuple[str, ...], found: list[tuple[Path, str]]) -> None:
    if isinstance(node, Scalar):
        text = node.value
        if isinstance(text, str) and any(word in text for word in words):
            found.append((path, text))
    elif isinstance(node, Mapping):
        for key, child in node.entries.items():
            _collect_texts(child, (*path, key), words, found)
    else:
        for index, child in enumerate(node.items):
            _collect_texts(child, (*path, index), words, found)


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
