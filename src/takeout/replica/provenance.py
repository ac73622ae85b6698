"""Where each leaf came from, in a form short enough for the lock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from takeout.replica.shorten import shown
from takeout.values.node import Mapping, Mark, Node, Scalar, Sequence, find, leaves, walk
from takeout.values.path import Path, format_path

LayerIndex = int


@dataclass(frozen=True, slots=True)
class Link:
    """One writer of a value.

    Attributes:
        mark: Where it was written.
        value: What was written, short; empty for the value that is there now.
        why: The reason, where a rule wrote it.
    """

    mark: Mark
    value: str
    why: str = ""


@dataclass(slots=True)
class Layers:
    """The names of the layers, each with a number that stands for it in the lock."""

    names: list[str] = field(default_factory=list)
    _numbers: dict[str, LayerIndex] = field(default_factory=dict)

    def number(self, name: str) -> LayerIndex:
        """Return the number of the layer ``name``, which is a new one where it was not seen before."""
        if name not in self._numbers:
            self._numbers[name] = len(self.names)
            self.names.append(name)
        return self._numbers[name]


def chain(root: Mapping, path: Path, known: frozenset[Path] = frozenset()) -> list[Link]:
    """Return who wrote the value at ``path``, the last writer first.

    What a parent replaced counts as well: a rule that wrote a whole mapping replaced its leaves.

    Args:
        root: The values.
        path: The place; it exists.
        known: The paths of secrets, whose values are not shown.
    """
    node = find(root, path)
    if node is None:
        return []
    links = [Link(node.mark, shown(path, node, known), _why(root, path))]
    links += [Link(old.mark, shown(path, old, known), old.why) for old in _older(node)]
    for length in range(len(path) - 1, -1, -1):
        parent = find(root, path[:length])
        for old in _older(parent) if parent is not None else ():
            below = find(old, path[length:])
            if below is not None:
                links += [Link(n.mark, shown(path, n, known), n.why) for n in (below, *_older(below))]
    return links


def provenance(values: Mapping, layers: Layers, known: frozenset[Path]) -> dict[str, list[object]]:
    """Return, for each leaf's written path, ``[layer, line]`` or ``[layer, line, [[layer, line, value], …]]``.

    Args:
        values: The replica's values.
        layers: The names of the layers so far; new ones are added.
        known: The paths of secrets, whose values are not shown.
    """
    found: dict[str, list[object]] = {}
    for path, node in leaves(values):
        first, *rest = _marked(values, path, node, known)
        entry: list[object] = [layers.number(first.mark.file), first.mark.line]
        if rest:
            entry.append([[layers.number(link.mark.file), link.mark.line, link.value] for link in rest])
        found[format_path(path)] = entry
    return found


def removals(values: Mapping, layers: Layers, known: frozenset[Path]) -> dict[str, list[object]]:
    """Return what was taken out: for each written path ``[layer, line, value, why]``."""
    found: dict[str, list[object]] = {}
    for path, node in walk(values):
        if isinstance(node, Mapping):
            for key, removal in node.removed.items():
                where = (*path, key)
                value = shown(where, removal.node, known)
                mark = removal.mark
                found[format_path(where)] = [layers.number(mark.file), mark.line, value, removal.why]
    return found


def _marked(root: Mapping, path: Path, node: Node, known: frozenset[Path]) -> list[Link]:
    """Return the chain, quickly for the many leaves that nothing was ever replaced for."""
    if node.replaced is None and not _parents_replaced(root, path):
        return [Link(node.mark, "")]
    return chain(root, path, known)


def _parents_replaced(root: Mapping, path: Path) -> bool:
    node: Node = root
    for step in path:
        if node.replaced is not None:
            return True
        if isinstance(node, Mapping) and isinstance(step, str):
            node = node.entries[step]
        elif isinstance(node, Sequence) and isinstance(step, int):
            node = node.items[step]
    return False


def _older(node: Node) -> Iterator[Node]:
    old = node.replaced
    while old is not None:
        if not (isinstance(old, Scalar) and old.mark.file == "" and old.value is None):
            yield old
        old = old.replaced


def _why(root: Mapping, path: Path) -> str:
    """Return the reason of the nearest node at or above ``path`` that has one."""
    for length in range(len(path), -1, -1):
        node = find(root, path[:length])
        if node is not None and node.why:
            return node.why
    return ""
