"""Where every byte of a stored zip goes, from the inventory alone: pure arithmetic, no file is opened."""

from __future__ import annotations

import stat
from array import array
from bisect import bisect_right
from collections.abc import Iterator

from takeout.archive.formats.report import REPORT_NAME, SUMS_NAME, Report, prefix_of
from takeout.archive.formats.tables import line_lengths
from takeout.archive.home.entry import Kind
from takeout.archive.home.inventory import Inventory
from takeout.archive.records import zipend, zipformat
from takeout.archive.records.heads import LIMIT_32, common_extra_bytes, have_usual_extra
from takeout.archive.records.zipformat import Member

WHOLE_BYTES = 4 << 20
"""Files up to this length are read whole before their header is written, so that it can carry the CRC."""
STRIDE = 1_024
"""Every so many entries the layout remembers where it is in the tables at the end."""
_TYPES: dict[int, int] = {Kind.DIRECTORY: stat.S_IFDIR, Kind.FILE: stat.S_IFREG, Kind.SYMLINK: stat.S_IFLNK}
_TABLES_MODE = stat.S_IFREG | 0o644


class Layout:
    """The plan of a stored zip.

    Args:
        inventory: The home.

    Attributes:
        prefix: The directory that holds the home inside the archive.
        starts: Where each entry's local header begins.
        sums_at: Where the local header of ``SHA256SUMS`` begins.
        report_at: Where the local header of ``TAKEOUT.txt`` begins.
        central_at: Where the central directory begins.
        length: The archive's length in bytes.
    """

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.prefix = prefix_of(inventory.root)
        self.report = Report(inventory, self.prefix)
        self.starts = array("Q")
        self._sums_marks = array("Q")
        self._central_marks = array("Q")
        self._newest_ns = max(inventory.columns.ctimes, default=0)  # nobody can set it to the year 2200
        at, self.sums_bytes, central = self._place_entries()
        self.sums_at = at
        self.sums_member = self._table(SUMS_NAME, at, self.sums_bytes)
        at += self._table_bytes(self.sums_member, self.sums_bytes)
        self.report_at = at
        self.report_member = self._table(REPORT_NAME, at, self.report.size_bytes)
        self.central_at = at + self._table_bytes(self.report_member, self.report.size_bytes)
        for name, size, where in (
            (SUMS_NAME, self.sums_bytes, self.sums_at),
            (REPORT_NAME, self.report.size_bytes, self.report_at),
        ):
            central += zipformat.central_bytes(len(name), self._newest_ns, size, size, where)
        self.central_bytes = central
        self.members = len(inventory) + 2
        self.end_at = self.central_at + central
        self.length = self.end_at + zipend.end_bytes(self.members, self.central_at, central)

    def _place_entries(self) -> tuple[int, int, int]:
        """Fill in where entries begin; return the lengths of entries, sums and central records."""
        columns = self.inventory.columns
        usual = common_extra_bytes(0) if have_usual_extra(columns.mtimes) else 0
        lines = line_lengths(self.inventory, self.prefix)
        at = sums = central = 0
        before = len(self.prefix) + 1
        rows = zip(self.inventory.path_lengths(), columns.kinds, columns.sizes, columns.mtimes, lines, strict=True)
        directory, file = Kind.DIRECTORY, Kind.FILE
        for index, (path_bytes, kind, size, mtime, line_bytes) in enumerate(rows):
            if index % STRIDE == 0:
                self._sums_marks.append(sums)
                self._central_marks.append(central)
            self.starts.append(at)
            name_bytes = before + path_bytes + (1 if kind == directory and path_bytes else 0)
            extra = usual or common_extra_bytes(mtime)
            central += zipformat.CENTRAL_BYTES + name_bytes + extra
            if size >= LIMIT_32 or at >= LIMIT_32:
                central += zipformat.zip64_central_bytes(size, size, at)
            at += zipformat.LOCAL_BYTES + name_bytes + extra + size
            if kind == file:
                sums += line_bytes
                if size > WHOLE_BYTES:
                    at += self._after_bytes(wide=self._wide(size, self.starts[index]))
        return at, sums, central

    @staticmethod
    def _wide(size: int, at: int) -> bool:
        """Whether an entry with a descriptor has 64-bit sizes.

        Also where only its place needs 64 bits: Info-ZIP's unzip with the check for overlaps takes the length of
        the descriptor from the central record's ZIP64 field, which such an entry has.

        Source: https://github.com/madler/unzip/pull/9
        """
        return size >= LIMIT_32 or at >= LIMIT_32

    @staticmethod
    def _after_bytes(*, wide: bool) -> int:
        """Return what a large file has beyond a small one: a descriptor, and the field that makes it wide."""
        if wide:
            return zipformat.DESCRIPTOR_64_BYTES + zipformat.ZIP64_LOCAL_BYTES
        return zipformat.DESCRIPTOR_BYTES

    def _table(self, name: bytes, at: int, size: int) -> Member:
        wide = size > WHOLE_BYTES and self._wide(size, at)
        return Member(name, _TABLES_MODE, self._newest_ns, 0, 0, descriptor=size > WHOLE_BYTES, wide=wide)

    def _table_bytes(self, member: Member, size: int) -> int:
        head = zipformat.LOCAL_BYTES + len(member.name) + common_extra_bytes(member.mtime_ns)
        return head + size + (self._after_bytes(wide=member.wide) if member.descriptor else 0)

    def name(self, index: int, path: bytes) -> bytes:
        """Return an entry's name in the archive."""
        name = self.prefix + b"/" + path
        return name + b"/" if path and self.inventory.columns.kinds[index] == Kind.DIRECTORY else name

    def member(self, index: int, path: bytes) -> Member:
        """Return what the records say of an entry."""
        columns = self.inventory.columns
        kind, size = columns.kinds[index], columns.sizes[index]
        large = size > WHOLE_BYTES and kind == Kind.FILE
        _, uid, gid = columns.owner_table[columns.owners[index]]
        return Member(
            self.name(index, path),
            _TYPES[kind] | columns.modes[index],
            columns.mtimes[index],
            uid,
            gid,
            descriptor=large,
            wide=large and self._wide(size, self.starts[index]),
        )

    def end(self, index: int) -> int:
        """Return where an entry ends."""
        return self.starts[index + 1] if index + 1 < len(self.starts) else self.sums_at

    def entry_at(self, offset: int) -> int:
        """Return the entry that holds the byte at ``offset``, which lies before ``sums_at``."""
        return bisect_right(self.starts, offset) - 1

    def sums_mark(self, offset: int) -> tuple[int, int]:
        """Return an entry at or before ``offset`` in ``SHA256SUMS``, and where its line begins there."""
        return self._mark(self._sums_marks, offset)

    def central_mark(self, offset: int) -> tuple[int, int]:
        """Return an entry at or before ``offset`` in the central directory, and where its record begins there."""
        return self._mark(self._central_marks, offset)

    @staticmethod
    def _mark(marks: array[int], offset: int) -> tuple[int, int]:
        number = max(0, bisect_right(marks, offset) - 1)
        return number * STRIDE, marks[number]

    def tables(self) -> Iterator[tuple[Member, int, int]]:
        """Yield the last two members with where they begin and the length of their content."""
        yield self.sums_member, self.sums_at, self.sums_bytes
        yield self.report_member, self.report_at, self.report.size_bytes
