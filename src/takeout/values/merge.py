"""Merge layers exactly as Helm does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from takeout.values.node import Mapping, Node


@dataclass(frozen=True, slots=True)
class Chart:
    """A node of the tree of charts, as far as merging needs it.

    Attributes:
        name: The key its values sit under in its parent (the alias, where it has one).
        values: Its own defaults; an empty mapping where they are not at hand.
        children: Its subcharts.
    """

    name: str
    values: Mapping
    children: tuple[Chart, ...] = ()


def overlay(layers: Sequence[Mapping]) -> Mapping:
    """Return what several ``-f`` files are to Helm together, lowest first.

    Mappings merge; lists and scalars, nulls too, take the place of what was there.

    Source: https://github.com/helm/helm/blob/v4.2.3/pkg/chart/v2/loader/load.go (MergeMaps)
    """
    merged = Mapping()
    for position, layer in enumerate(layers):
        merged = _over(merged, layer) if position else layer
    return merged


def _over(lower: Mapping, upper: Mapping) -> Mapping:
    entries = dict(lower.entries)
    for key, new in upper.entries.items():
        old = entries.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            entries[key] = _over(old, new)
        else:
            entries[key] = new if old is None else succeed(old, new)
    return replace(lower, entries=entries)


def succeed(old: Node, new: Node) -> Node:
    """Return ``new`` as the node that took the place of ``old``."""
    comments = new.comments if new.comments.before else replace(new.comments, before=old.comments.before)
    return replace(new, replaced=old, comments=comments)
