"""Values that are encrypted in the source: what stands in the values in their place."""

from __future__ import annotations

from collections.abc import Iterator

from takeout.adapt.rule import Draft
from takeout.values import encrypted
from takeout.values.node import Data, Scalar, walk
from takeout.values.path import Path


def is_placeholder(value: Data) -> bool:
    """Whether a value stands for one that only the origin can decrypt."""
    return isinstance(value, str) and encrypted.is_placeholder(value)


def placeholders(draft: Draft) -> Iterator[Path]:
    """Yield the path of every such value, in the document's order."""
    for path, node in walk(draft.values):
        if isinstance(node, Scalar) and is_placeholder(node.value):
            yield path
