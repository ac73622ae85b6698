"""Walk plain values, and leave out what takes no effect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from takeout.adapt.context import Context
from takeout.values.path import Path

Entry = tuple[Path, Any, Any]
"""A place, what stands there, and the mapping or list around it."""

# Of these siblings only the one that `type` names takes effect.
_CHOICES: dict[str, frozenset[str]] = {
    "storage": frozenset({"static", "dynamic"}),
    "https": frozenset({"manual", "letsencrypt", "secret"}),
}


def every(data: Any, path: Path = ()) -> Iterator[Entry]:
    """Yield everything below ``data``, in the document's order, parents first."""
    return _walk(data, path, lambda _path, _mapping: ())


def live(values: Mapping[str, Any], context: Context) -> Iterator[Entry]:
    """Yield what takes effect in ``values``, in the document's order, parents first.

    Left out are companions whose condition is false, mappings that say ``enabled: false``, kinds of storage and
    of https that were not chosen, and the claim of a database that is elsewhere.
    """
    off = frozenset(
        key for key, dependency in context.hub.dependencies.items() if is_off(values, dependency.condition)
    )

    def inert(path: Path, mapping: dict[str, Any]) -> frozenset[str] | tuple[str, ...]:
        if not path:
            return off
        if mapping.get("enabled") is False:
            return tuple(mapping)
        if path == ("jupyterhub", "ingress") and "enabled" not in mapping:
            return tuple(mapping)
        last = path[-1]
        kind = mapping.get("type")
        if last in _CHOICES and kind is not None:
            return _CHOICES[str(last)] - {str(kind)}
        if last == "db" and kind not in (None, "sqlite-pvc"):
            return ("pvc",)
        return ()

    return _walk(values, (), inert)


def _walk(data: Any, path: Path, inert: Any) -> Iterator[Entry]:
    # A stack of its own: a generator that delegates to itself pays for every level at every step.
    stack: list[Entry] = list(_children(data, path, inert))[::-1]
    while stack:
        entry = stack.pop()
        yield entry
        if isinstance(entry[1], dict | list):
            stack += list(_children(entry[1], entry[0], inert))[::-1]


def _children(data: Any, path: Path, inert: Any) -> Iterator[Entry]:
    if isinstance(data, dict):
        skip = inert(path, data)
        for key, child in data.items():
            if key not in skip:
                yield (*path, key), child, data
    elif isinstance(data, list):
        for index, child in enumerate(data):
            yield (*path, index), child, data


def is_off(values: Mapping[str, Any], condition: str) -> bool:
    """Whether a dependency's condition, comma-separated paths of which the first that is there counts, says no."""
    for path in filter(None, (part.strip() for part in condition.split(","))):
        found: Any = values
        for step in path.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
        if isinstance(found, bool):
            return not found
    return False
