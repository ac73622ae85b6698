"""What a walk over a home found, in about 70 bytes an entry: a million files must fit in little memory."""

from __future__ import annotations

import hashlib
import os
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate

from takeout.archive.home.entry import Entry, Kind, LeftOut, NotTaken, Totals


@dataclass(frozen=True, slots=True)
class Findings:
    """What a walk found beside the entries.

    Attributes:
        not_taken: What cannot be taken, by path.
        left_out: What was asked to be left out, by path.
        slim: For each category of the preset ``slim``: files and bytes that it leaves out, or would.
        mounts: Directories on another file system than the home.
    """

    not_taken: tuple[NotTaken, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    slim: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    mounts: tuple[bytes, ...] = ()


Row = tuple[bytes, os.stat_result, Kind, int]
"""A name, what is known of it, what it is, and the length of its content or of its target."""


class Columns:
    """The entries of a home, one array for each attribute, so that an entry costs bytes and not an object."""

    def __init__(self) -> None:
        self.names = bytearray()
        self.ends = array("I")
        self.parents = array("I")
        self.kinds = array("B")
        self.modes = array("H")
        self.sizes = array("Q")
        self.mtimes = array("q")
        self.ctimes = array("q")
        self.inodes = array("Q")
        self.owners = array("H")
        self.targets: dict[int, bytes] = {}
        self.twins: dict[int, int] = {}
        self.owner_table: list[tuple[int, int, int]] = []
        self._owner_numbers: dict[tuple[int, int, int], int] = {}

    def extend(self, parent: int, rows: list[Row]) -> None:
        """Append entries of one directory; column by column, for a home may have a million."""
        if not rows:
            return
        names, statuses, kinds, sizes = zip(*rows, strict=True)
        self.ends.extend(accumulate(map(len, names[1:]), initial=len(self.names) + len(names[0])))
        self.names += b"".join(names)
        self.parents.extend(array("I", [parent]) * len(rows))
        self.kinds.extend(kinds)
        self.modes.extend([each.st_mode & 0o7777 for each in statuses])
        self.sizes.extend(sizes)
        self.mtimes.extend([each.st_mtime_ns for each in statuses])
        self.ctimes.extend([each.st_ctime_ns for each in statuses])
        self.inodes.extend([each.st_ino for each in statuses])
        numbers = self._owner_numbers
        owners = [(each.st_dev, each.st_uid, each.st_gid) for each in statuses]
        for owner in dict.fromkeys(owners):
            if owner not in numbers:
                numbers[owner] = len(self.owner_table)
                self.owner_table.append(owner)
        self.owners.extend([numbers[owner] for owner in owners])

    def trim(self) -> None:
        """Give back what the arrays have in reserve: up to an eighth of their length."""
        self.names = bytearray(self.names)
        for name in ("ends", "parents", "kinds", "modes", "sizes", "mtimes", "ctimes", "inodes", "owners"):
            column: array[int] = getattr(self, name)
            setattr(self, name, column[:])

    def stamp(self, index: int) -> tuple[int, int, int, int, int]:
        """Return what changes with a file's content: device, inode, size, and times of content and entry."""
        device = self.owner_table[self.owners[index]][0]
        return device, self.inodes[index], self.sizes[index], self.mtimes[index], self.ctimes[index]

    def name(self, index: int) -> bytes:
        """Return the last part of an entry's path."""
        start = self.ends[index - 1] if index else 0
        return bytes(self.names[start : self.ends[index]])


class Inventory:
    """A home as it was at one moment.

    The order is that of the archive: an entry's parent comes before it, the entries of one directory stand
    together, sorted by the bytes of their names. The same tree gives the same inventory.

    Args:
        root: The home's path.
        columns: The entries.
        findings: What else was found.
        totals: The numbers.
    """

    def __init__(self, root: bytes, columns: Columns, findings: Findings, totals: Totals) -> None:
        self.root = root
        self.columns = columns
        self.findings = findings
        self.totals = totals
        self._digest = ""

    def __len__(self) -> int:
        """Return the number of entries, the home itself included."""
        return len(self.columns.kinds)

    def __getitem__(self, index: int) -> Entry:
        """Return an entry with its whole path."""
        return self._entry(index, self.path(index))

    def __iter__(self) -> Iterator[Entry]:
        """Yield every entry in the archive's order."""
        for index, path in enumerate(self.paths()):
            yield self._entry(index, path)

    def path(self, index: int) -> bytes:
        """Return an entry's path below the home."""
        parts = []
        while index:
            parts.append(self.columns.name(index))
            index = self.columns.parents[index]
        return b"/".join(reversed(parts))

    def paths(self, start: int = 0) -> Iterator[bytes]:
        """Yield the paths of the entries from ``start`` on; much cheaper than ``path`` for each."""
        parents, names, ends = self.columns.parents, self.columns.names, self.columns.ends
        parent, prefix = -1, b""
        begin = ends[start - 1] if start else 0
        for index in range(start, len(self)):
            end = ends[index]
            if parents[index] != parent:
                parent = parents[index]
                prefix = self.path(parent) + b"/" if parent else b""
            yield prefix + names[begin:end]
            begin = end

    def path_lengths(self) -> Iterator[int]:
        """Yield how long the path of each entry is, in bytes, without making it."""
        columns = self.columns
        here, above, begin = -1, 0, 0
        for end, parent in zip(columns.ends, columns.parents, strict=True):
            if parent != here:
                here, above = parent, len(self.path(parent)) + 1 if parent else 0
            yield above + end - begin
            begin = end

    def place(self, index: int) -> tuple[bytes, int, int]:
        """Return a directory's path and how to recognise it: device and inode."""
        columns = self.columns
        return self.path(index), columns.owner_table[columns.owners[index]][0], columns.inodes[index]

    def _entry(self, index: int, path: bytes) -> Entry:
        columns = self.columns
        device, uid, gid = columns.owner_table[columns.owners[index]]
        return Entry(
            index=index,
            path=path,
            kind=Kind(columns.kinds[index]),
            mode=columns.modes[index],
            size_bytes=columns.sizes[index],
            mtime_ns=columns.mtimes[index],
            ctime_ns=columns.ctimes[index],
            device=device,
            inode=columns.inodes[index],
            uid=uid,
            gid=gid,
            target=columns.targets.get(index, b""),
            twin=columns.twins.get(index),
        )

    def digest(self) -> str:
        """Return a digest of all that decides the archive's bytes; another tree has another one."""
        self._digest = self._digest or self._digested()  # asked for again with every piece that is sent
        return self._digest

    def _digested(self) -> str:
        columns = self.columns
        state = hashlib.blake2b(digest_size=20, person=b"takeout-home-1")
        for column in (
            columns.names, columns.ends, columns.parents, columns.kinds, columns.modes, columns.sizes,
            columns.mtimes, columns.ctimes, columns.inodes, columns.owners,
        ):  # fmt: skip
            state.update(memoryview(column).cast("B") if len(column) else b"")
            state.update(b"|")
        for index, target in columns.targets.items():
            state.update(b"%d:%s|" % (index, target))
        state.update(repr((columns.owner_table, self.findings.not_taken, self.findings.left_out)).encode())
        return state.hexdigest()
