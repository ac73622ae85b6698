"""Keys that a chart's schema does not know; Helm refuses them, or swallows them without a word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from takeout.chart.tree import ChartTree
from takeout.errors import Fault, Where
from takeout.values.node import Mapping, Node, Scalar, Sequence
from takeout.values.node import find as find_node
from takeout.values.path import Path, format_path

_GLOBAL = "global"  # Helm hands it to every chart; no schema need know it


def unknown_keys(tree: ChartTree, values: Mapping) -> list[Fault]:
    """Return the keys of ``values`` that no chart knows, each with its file, line and the nearest known key.

    A subchart's values are held against the subchart's schema. A chart without a schema is only looked at
    where it has no templates of its own: then a key that is not a subchart's name reaches nobody.

    Args:
        tree: The chart.
        values: Values for it; those of subcharts below their keys.
    """
    faults: list[Fault] = []
    for path, chart in tree.walk():
        node = find_node(values, path)
        if not isinstance(node, Mapping):
            continue
        if chart.schema is not None:
            own = frozenset(chart.children) | {_GLOBAL}
            faults += _Schema(chart).unknown(node, chart.schema, path, own)
        elif not chart.has_templates and not chart.values.strip():
            faults += _stray(chart, node, path)
    return faults


def place(values: Node | None, path: Path) -> Where:
    """Return where ``path`` is written, or else the nearest thing around it that is."""
    for end in range(len(path), -1, -1):
        node = find_node(values, path[:end]) if values is not None else None
        if node is not None and node.mark.file:
            return Where(node.mark.file, node.mark.line, path=format_path(path))
    return Where(path=format_path(path))


def _stray(chart: ChartTree, node: Mapping, path: Path) -> Iterator[Fault]:
    known = [str(d.get("alias") or d.get("name")) for d in chart.dependencies] + list(chart.children)
    for key in node.entries:
        if key not in known and key != _GLOBAL:
            yield _fault(chart, (*path, key), known, node, f"the chart {chart.name} has no subchart {key!r}")


def _fault(chart: ChartTree, path: Path, known: list[str], around: Mapping, message: str = "") -> Fault:
    key = str(path[-1])
    near = get_close_matches(key, known, n=1)
    where = place(around, path[-1:])
    return Fault(
        "unknown-key",
        message or f"the chart {chart.name} {chart.version} does not know the key {key!r}",
        Where(where.file, where.line, path=format_path(path)),
        f"did you mean {near[0]!r}?" if near else "remove it, or move it to where the chart reads it",
    )


class _Schema:
    """One chart's schema."""

    def __init__(self, chart: ChartTree) -> None:
        self._chart = chart

    def unknown(
        self, node: Node, schema: Any, path: Path, allowed: frozenset[str] = frozenset()
    ) -> Iterator[Fault]:
        """Yield the keys at and below ``node`` that ``schema`` rules out; ``allowed`` are passed over."""
        schema = self._resolved(schema)
        if not isinstance(schema, dict):
            return
        for part in schema.get("allOf") or ():
            yield from self.unknown(node, part, path, allowed)
        for kind in ("anyOf", "oneOf"):
            yield from self._of_any(node, schema.get(kind), path, allowed)
        if isinstance(node, Mapping):
            yield from self._of_mapping(node, schema, path, allowed)
        elif isinstance(node, Sequence):
            for index, item in enumerate(node.items):
                yield from self.unknown(item, schema.get("items"), (*path, index))

    def _of_any(self, node: Node, parts: Any, path: Path, allowed: frozenset[str]) -> Iterator[Fault]:
        """Of several forms the one that fits best speaks; the others were not meant."""
        fitting = [part for part in parts or () if _fits(node, self._resolved(part))]
        results = [list(self.unknown(node, part, path, allowed)) for part in fitting]
        if results:
            yield from min(results, key=len)

    def _of_mapping(
        self, node: Mapping, schema: dict[str, Any], path: Path, allowed: frozenset[str]
    ) -> Iterator[Fault]:
        properties = schema.get("properties") or {}
        patterns = schema.get("patternProperties") or {}
        additional = schema.get("additionalProperties")
        for key, child in node.entries.items():
            if key in allowed:
                continue
            below = (*path, key)
            fitting = [part for pattern, part in patterns.items() if re.search(pattern, key)]
            if key in properties:
                yield from self.unknown(child, properties[key], below)
            elif fitting:
                for part in fitting:
                    yield from self.unknown(child, part, below)
            elif additional is False:
                yield _fault(self._chart, below, list(properties), node)
            else:
                yield from self.unknown(child, additional, below)

    def _resolved(self, schema: Any) -> Any:
        """Follow references inside the document; those that leave it are not followed."""
        for _ in range(16):  # a reference to itself never ends
            reference = schema.get("$ref") if isinstance(schema, dict) else None
            if not isinstance(reference, str) or not reference.startswith("#/"):
                return schema
            found: Any = self._chart.schema
            for step in reference[2:].split("/"):
                key = step.replace("~1", "/").replace("~0", "~")
                found = found.get(key) if isinstance(found, dict) else None
            schema = found
        return None


_KINDS: dict[str, type[Any] | tuple[type[Any], ...]] = {
    "object": Mapping, "array": Sequence, "string": str, "boolean": bool, "number": (int, float), "integer": int,
    "null": type(None),
}  # fmt: skip


def _fits(node: Node, schema: Any) -> bool:
    """Whether ``node`` is of a type that ``schema`` allows."""
    kinds = schema.get("type") if isinstance(schema, dict) else None
    if kinds is None:
        return True
    value = node.value if isinstance(node, Scalar) else node
    return any(isinstance(value, _KINDS.get(kind, ())) for kind in ([kinds] if isinstance(kinds, str) else kinds))
