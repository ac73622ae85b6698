"""Merge layers exactly as Helm does."""

from __future__ import annotations

from dataclasses import dataclass

from takeout.values.node import Mapping


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
