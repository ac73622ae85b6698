"""Two pods' manifests side by side; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from takeout.adapt.rule import same
from takeout.values.path import format_path

Place = tuple[str, ...]
"""Where something stands in a manifest: keys, and items of lists as ``[name]``, outermost first."""

Leaves = dict[Place, Any]

_IDENTITIES = ("mountPath", "name", "key")
"""What tells the items of Kubernetes' lists apart; their order means nothing where one of these is unique."""

_MADE_ANEW = frozenset({"JUPYTERHUB_API_TOKEN", "JPY_API_TOKEN"})
"""Variables that are another random text each time."""

HIDDEN = "(secret)"


def leaves_of(manifest: Any) -> Leaves:
    """Return every leaf by its place; a list whose items nothing tells apart is one leaf."""
    return dict(_leaves(manifest, ()))


def written(place: Place) -> str:
    """Return the written form of a place, such as ``spec.containers[notebook].image``."""
    text = ""
    for step in place:
        if step.startswith("["):
            text += step
        else:
            text += ("." if text else "") + format_path((step,))
    return text


def at(leaves: Leaves, place: Place) -> Any:
    """Return the leaf at ``place``, or the mapping of all below it; None where there is nothing."""
    if place in leaves:
        return leaves[place]
    below: dict[str, Any] = {}
    for path, value in leaves.items():
        if path[: len(place)] == place:
            *way, last = path[len(place) :]
            inner = below
            for step in way:
                inner = inner.setdefault(step, {})
            inner[last] = value
    return below or None


def differing(before: Leaves, after: Leaves) -> Iterator[Place]:
    """Yield the places at which two manifests differ, each once; what is on one side alone is named as a whole."""
    seen = set()
    known = [{path[:length] for path in side for length in range(len(path) + 1)} for side in (before, after)]
    for path in dict.fromkeys((*after, *before)):
        if path in before and path in after:
            if not same(before[path], after[path]):
                yield path
            continue
        there = known[0] if path not in before else known[1]
        whole = next((path[:length] for length in range(1, len(path)) if path[:length] not in there), path)
        if whole not in seen:
            seen.add(whole)
            yield whole


def settled(manifest: Any, hidden: Iterable[str]) -> Any:
    """Return the manifest without what is made anew each time, and with secrets hidden.

    Args:
        manifest: A manifest, or a part of it.
        hidden: Texts that nobody should read, wherever they stand.
    """
    hidden = tuple(hidden)
    if isinstance(manifest, dict):
        if manifest.get("name") in _MADE_ANEW and "value" in manifest:
            return {**manifest, "value": "(made anew each time)"}
        return {key: settled(child, hidden) for key, child in manifest.items()}
    if isinstance(manifest, list):
        return [settled(item, hidden) for item in manifest]
    if isinstance(manifest, str):
        for text in hidden:
            manifest = manifest.replace(text, HIDDEN)
    return manifest


def _leaves(value: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    if isinstance(value, dict) and value:
        for key, child in value.items():
            yield from _leaves(child, (*place, str(key)))
        return
    identity = _identity(value) if isinstance(value, list) else ""
    if not identity:
        if value != []:  # an empty list asks for nothing
            yield place, value
        return
    for item in value:
        rest = {key: child for key, child in item.items() if key != identity}
        # An item with nothing but its name would have no leaf.
        yield from _leaves(rest or {identity: item[identity]}, (*place, f"[{item[identity]}]"))


def _identity(items: list[Any]) -> str:
    for key in _IDENTITIES:
        names = [item.get(key) if isinstance(item, dict) else None for item in items]
        if items and all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
            return key
    return ""
