"""Changes of the source that the owners' own values hide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from takeout.errors import ValuesError
from takeout.replica.model import LOCAL, VALUES
from takeout.replica.shorten import HIDDEN, is_secret, short
from takeout.values.node import Mapping, Node, find, to_data, walk
from takeout.values.path import Path, format_path
from takeout.values.read import read_yaml


@dataclass(frozen=True, slots=True)
class Hidden:
    """A value that changed in the source while the owners have one of their own there.

    Attributes:
        path: Dotted path in the values.
        before: The value of the last run, short; empty where there was none.
        after: The value now, short; empty where there is none any more.
        local: The owners' value, short.
    """

    path: str
    before: str
    after: str
    local: str


def hidden_changes(before: bytes | None, after: Mapping, local: bytes | None) -> tuple[Hidden, ...]:
    """Return what ``local.values.yaml`` hides of the difference between two runs.

    Args:
        before: ``values.yaml`` as it was; None where there was none.
        after: The values now.
        local: ``local.values.yaml``; None where there is none.

    Raises:
        ValuesError: When ``local.values.yaml`` cannot be read.
    """
    if before is None or local is None:
        return ()
    own = read_yaml(local, LOCAL).values
    if not own.entries:
        return ()
    try:
        old = read_yaml(before, VALUES).values
    except ValuesError:
        return ()  # the owners broke it; writing puts the new version beside
    found = []
    for path, node in _entries(own):
        was, now = find(old, path), find(after, path)
        if _data(was) != _data(now):
            found.append(Hidden(format_path(path), _shown(path, was), _shown(path, now), _shown(path, node)))
    return tuple(found)


def _entries(own: Mapping) -> Iterator[tuple[Path, Node]]:
    """Yield the leaves with lists whole, as Helm replaces them."""
    for path, node in walk(own):
        is_table = isinstance(node, Mapping) and bool(node.entries)
        if path and not is_table and not any(isinstance(step, int) for step in path):
            yield path, node


def _data(node: Node | None) -> object:
    return None if node is None else (to_data(node),)


def _shown(path: Path, node: Node | None) -> str:
    return HIDDEN if is_secret(path, node) else short(node)
