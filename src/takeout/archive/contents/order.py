"""Orders: what of a home is read together, taken out of its inventory as plain data."""

from __future__ import annotations

from array import array
from collections.abc import Container
from typing import Any

from takeout.archive.contents.batch import COLUMNS, Order
from takeout.archive.contents.checksum import crc32
from takeout.archive.contents.shape import Shape
from takeout.archive.home.entry import Kind
from takeout.archive.home.files import GOOD, UNREAD
from takeout.archive.home.inventory import Inventory


def order_of(inventory: Inventory, span: range, shape: Shape[Any], unread: Container[int]) -> Order:
    """Return the order for some entries; the files among them are small enough to be read whole.

    Args:
        inventory: The home.
        span: The entries' indexes.
        shape: What stands around them.
        unread: Files that are not read, because another name of each is.
    """
    columns = inventory.columns
    first, last = span.start, span.stop
    begin = columns.ends[first - 1] if first else 0
    ends = columns.ends[first:last]
    parents = columns.parents[first:last]
    skipped = {
        number: (UNREAD, 0) if kind == Kind.FILE else (GOOD, crc32(columns.targets.get(number + first, b""), 0))
        for number, kind in enumerate(columns.kinds[first:last])
        if kind != Kind.FILE or number + first in unread
    }
    return (
        shape.form,
        shape.prefix,
        {index: inventory.place(index) for index in set(parents)},
        columns.owner_table,
        {index - first: shape.frame(index)[0] for index in shape.unusual(span)},
        skipped,
        bytes(columns.names[begin : ends[-1]]),
        (array("I", [end - begin for end in ends]) if begin else ends).tobytes(),
        [getattr(columns, name)[first:last].tobytes() for name in COLUMNS],
    )
