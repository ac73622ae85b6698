"""An inventory in the form that the page draws: totals, and a tree in which only what is large is named."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import nlargest
from typing import Any
from urllib.parse import quote

from takeout.archive import Inventory, Kind
from takeout.archive.home.entry import shown
from takeout.server.config import literal
from takeout.server.formats import FORMATS, Archive, make, seekable

MOST_NODES = 400
MOST_LISTED = 200
LARGEST = 25
_SMALL = 400
"""A node that has less than this part of the whole is not drawn."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Files and bytes below each entry, itself included."""

    sizes: array[int]
    files: array[int]


def sums_of(inventory: Inventory) -> Sums:
    """Return what is below each entry; a parent's index is lower than its children's, so one pass does."""
    columns = inventory.columns
    count = len(inventory)
    sizes, files = array("Q", columns.sizes), array("Q", bytes(8 * count))
    kinds, parents = columns.kinds, columns.parents
    for index in range(count - 1, 0, -1):
        if kinds[index] == Kind.FILE:
            files[index] = 1
        parent = parents[index]
        sizes[parent] += sizes[index]
        files[parent] += files[index]
    return Sums(sizes, files)


def summary(inventory: Inventory, formats: Iterable[str]) -> dict[str, object]:
    """Return an inventory for the page.

    Args:
        inventory: The home.
        formats: The formats on offer.
    """
    totals, findings = inventory.totals, inventory.findings
    sums = sums_of(inventory)
    left_out = nlargest(MOST_LISTED, findings.left_out, key=lambda item: item.size_bytes)
    return {
        "totals": {
            "files": totals.files,
            "directories": totals.directories,
            "symlinks": totals.symlinks,
            "bytes": totals.size_bytes,
            "hole_bytes": totals.hole_bytes,
            "twins": totals.twins,
            "twin_bytes": totals.twin_bytes,
        },
        "formats": {name: _offer(name, inventory) for name in formats},
        "tree": _Tree(inventory, sums).root(),
        "largest": _largest(inventory, sums),
        "not_taken": {
            "count": len(findings.not_taken),
            "first": [
                {"path": shown(item.path), "reason": item.reason, "bytes": item.size_bytes}
                for item in findings.not_taken[:MOST_LISTED]
            ],
        },
        "left_out": {
            "count": len(findings.left_out),
            "first": [
                {"path": shown(item.path), "rule": item.rule, "files": item.files, "bytes": item.size_bytes}
                for item in left_out
            ],
        },
        "slim": {name: {"files": files, "bytes": size} for name, (files, size) in findings.slim.items()},
        "mounts": [{"path": shown(path), "exclude": pattern_of(path)} for path in findings.mounts[:MOST_LISTED]],
    }


def _offer(name: str, inventory: Inventory) -> dict[str, object]:
    """Return what is known of an archive before it is made; a compressed one has no length yet."""
    kind: Any = FORMATS[name]
    # A class may say so much by itself; laying out a home of a million files takes seconds.
    archive: Archive = kind if getattr(kind, "length", 0) is None else make(name, inventory)
    offer: dict[str, object] = {"suffix": archive.suffix, "media_type": archive.media_type}
    if seekable(archive):
        offer |= {"length": archive.length, "tag": archive.tag}
    return offer


def pattern_of(path: bytes) -> str:
    """Return the value of ``exclude``, ready for an address, that leaves out a directory or file."""
    return quote(literal(b"/" + path).encode("utf-8", "surrogateescape"), safe="/")


def _largest(inventory: Inventory, sums: Sums) -> list[dict[str, object]]:
    kinds = inventory.columns.kinds
    directories = (index for index in range(1, len(inventory)) if kinds[index] == Kind.DIRECTORY)
    return [
        {"path": shown(inventory.path(index)), "files": sums.files[index], "bytes": sums.sizes[index]}
        for index in nlargest(LARGEST, directories, key=lambda index: sums.sizes[index])
        if sums.sizes[index]
    ]


class _Tree:
    """The entries that are large enough to be drawn, below their parents; the rest is counted, not named."""

    def __init__(self, inventory: Inventory, sums: Sums) -> None:
        self._inventory = inventory
        self._sums = sums
        least = max(1, sums.sizes[0] // _SMALL)
        large = (index for index in range(1, len(inventory)) if sums.sizes[index] >= least)
        self._children: dict[int, list[int]] = {}
        # A parent is never smaller than its child and comes before it: none is chosen without its own.
        for index in sorted(nlargest(MOST_NODES, large, key=lambda index: (sums.sizes[index], -index))):
            self._children.setdefault(inventory.columns.parents[index], []).append(index)
        home = set(self._children.get(0, ()))
        top = (i for i in range(1, len(inventory)) if inventory.columns.parents[i] == 0 and i not in home)
        for index in nlargest(LARGEST, top, key=lambda index: sums.sizes[index]):
            self._children.setdefault(0, []).append(index)

    def root(self) -> dict[str, object]:
        return self._node(0)

    def _node(self, index: int) -> dict[str, object]:
        columns, sums = self._inventory.columns, self._sums
        path = self._inventory.path(index)
        node: dict[str, object] = {
            "name": shown(columns.name(index)) if index else "",
            "path": shown(path) if index else "",
            "exclude": pattern_of(path) if index else "",
            "directory": columns.kinds[index] == Kind.DIRECTORY,
            "files": sums.files[index],
            "bytes": sums.sizes[index],
        }
        children = sorted(self._children.get(index, ()), key=lambda child: -sums.sizes[child])
        if children:
            node["children"] = [self._node(child) for child in children]
        return node
