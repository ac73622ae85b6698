"""The end of a stored zip: two tables and the central directory, made of what reading brought to light."""

from __future__ import annotations

import stat
from collections.abc import Iterator

from takeout.archive.contents.checksum import crc32
from takeout.archive.contents.results import Results
from takeout.archive.formats.layout import WHOLE_BYTES, Layout
from takeout.archive.formats.tables import sums_chunks
from takeout.archive.home.entry import Kind
from takeout.archive.records import zipformat
from takeout.archive.records.zipformat import Member

_BLOCK = 2_048
"""So many entries make a piece of the central directory."""


class Ending:
    """What comes after the entries.

    Args:
        layout: Where everything goes.
        results: Checksums and states; every file's must be known when any of this is made.
    """

    def __init__(self, layout: Layout, results: Results) -> None:
        self._layout = layout
        self._results = results
        self._inventory = layout.inventory
        self._sums_crc: int | None = None

    def tables(self, start: int) -> Iterator[tuple[int, bytes]]:
        """Yield the two tables in pieces with their places, from near the archive's byte ``start`` on."""
        layout = self._layout
        if start < layout.report_at:
            yield from self._sums_member(start)
        text = layout.report.text(self._results)
        yield from self._member(layout.report_member, layout.report_at, text)

    def _sums_member(self, start: int) -> Iterator[tuple[int, bytes]]:
        layout = self._layout
        member, size = layout.sums_member, layout.sums_bytes
        # A long table has its CRC behind it; then it need not be made twice.
        head = zipformat.local_header(member, 0 if member.descriptor else self._crc_of_sums(), size, size)
        yield layout.sums_at, head
        for offset, data in self._sums(start):
            yield layout.sums_at + len(head) + offset, data
        if member.descriptor:
            after = zipformat.descriptor(member, self._crc_of_sums(), size, size)
            yield layout.sums_at + len(head) + size, after

    @staticmethod
    def _member(member: Member, at: int, text: bytes) -> Iterator[tuple[int, bytes]]:
        crc, size = crc32(text, 0), len(text)
        head = zipformat.local_header(member, crc, size, size)
        yield at, head
        yield at + len(head), text
        if member.descriptor:
            yield at + len(head) + size, zipformat.descriptor(member, crc, size, size)

    def _sums(self, start: int) -> Iterator[tuple[int, bytes]]:
        """Yield ``SHA256SUMS`` in chunks with their offsets, from near the archive's byte ``start`` on."""
        layout, results = self._layout, self._results
        head = len(zipformat.local_header(layout.sums_member, 0, 0, 0))
        index, at = layout.sums_mark(max(0, start - layout.sums_at - head))
        crc, whole = 0, at == 0
        for chunk in sums_chunks(self._inventory, layout.prefix, results, index):
            crc = crc32(chunk, crc)
            yield at, chunk
            at += len(chunk)
        if whole:
            self._sums_crc = crc

    def _crc_of_sums(self) -> int:
        if self._sums_crc is None:
            for _ in self._sums(0):
                pass
        assert self._sums_crc is not None  # noqa: S101 - whoever makes all of them knows it
        return self._sums_crc

    def central(self, start: int) -> Iterator[tuple[int, bytes]]:
        """Yield the central directory in pieces with their places, from near the archive's byte ``start`` on."""
        layout = self._layout
        index, offset = layout.central_mark(max(0, start - layout.central_at))
        at = layout.central_at + offset
        paths = self._inventory.paths(index)
        for first in range(index, len(self._inventory), _BLOCK):
            records = b"".join(self._records(first, min(first + _BLOCK, len(self._inventory)), paths))
            yield at, records
            at += len(records)
        yield at, self._central_of_tables()

    def _records(self, first: int, last: int, paths: Iterator[bytes]) -> Iterator[bytes]:
        layout, columns, prefix = self._layout, self._inventory.columns, self._layout.prefix + b"/"
        owners = [owner[1:] for owner in columns.owner_table]
        rows = zip(
            columns.kinds[first:last],
            columns.modes[first:last],
            columns.owners[first:last],
            columns.mtimes[first:last],
            self._results.crcs(first, last),
            columns.sizes[first:last],
            layout.starts[first:last],
            strict=True,
        )
        for index, (kind, mode, owner, mtime, *sums) in enumerate(rows, first):
            path = next(paths)
            crc, size, offset = sums
            if kind != Kind.FILE or size > WHOLE_BYTES:
                yield zipformat.central_header(layout.member(index, path), crc, size, size, offset)
            else:
                where = crc, size, offset
                yield zipformat.small_record(prefix + path, stat.S_IFREG | mode, owners[owner], mtime, where)

    def _central_of_tables(self) -> bytes:
        layout = self._layout
        text = layout.report.text(self._results)
        crcs = {layout.sums_at: self._crc_of_sums(), layout.report_at: crc32(text, 0)}
        return b"".join(
            zipformat.central_header(member, crcs[at], size, size, at) for member, at, size in layout.tables()
        )
