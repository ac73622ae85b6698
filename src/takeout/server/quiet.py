"""Compare two inventories of a home without what programs write all the time."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from takeout.archive import Inventory, Kind
from takeout.archive.home.patterns import rules_of_options


def quiet_digest(inventory: Inventory, volatile: Sequence[str]) -> str:
    """Return a digest of a home's entries but for volatile ones and all below them.

    The times of directories do not count: they change with what is written into them, and a name that came or
    went is seen in the entries.
    """
    rules = rules_of_options(volatile)
    columns = inventory.columns
    state = hashlib.blake2b(digest_size=20)
    skipped = bytearray(len(inventory))
    for index, path in enumerate(inventory.paths()):
        kind = columns.kinds[index]
        if index:
            decided = rules.decide(path, directory=kind == Kind.DIRECTORY)
            if skipped[columns.parents[index]] or (decided is not None and decided[0]):
                skipped[index] = 1
                continue
        what: tuple[object, ...] = (path, kind, columns.modes[index], columns.inodes[index])
        if kind != Kind.DIRECTORY:
            what += (columns.sizes[index], columns.mtimes[index], columns.ctimes[index])
        state.update(repr((what, columns.targets.get(index))).encode())
    return state.hexdigest()
