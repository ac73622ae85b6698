"""What takes the space in a home."""

from __future__ import annotations

from array import array

from takeout.archive.home.entry import Kind
from takeout.archive.home.inventory import Inventory


def tree_sizes(inventory: Inventory) -> array[int]:
    """Return for every entry the bytes of the files in and below it."""
    columns = inventory.columns
    sizes = array(
        "Q",
        (size if kind == Kind.FILE else 0 for kind, size in zip(columns.kinds, columns.sizes, strict=True)),
    )
    for index in range(len(sizes) - 1, 0, -1):  # a parent comes before its children
        sizes[columns.parents[index]] += sizes[index]
    return sizes


def largest(inventory: Inventory, count: int) -> list[tuple[bytes, int]]:
    """Return the largest entries right below the home, largest first."""
    sizes, parents = tree_sizes(inventory), inventory.columns.parents
    top = [index for index in range(1, len(inventory)) if parents[index] == 0 and sizes[index]]
    top.sort(key=lambda index: -sizes[index])
    return [(inventory.path(index), sizes[index]) for index in top[:count]]
