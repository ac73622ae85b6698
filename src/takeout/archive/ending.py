"""The end of a stored zip: two tables and the central directory, made of what reading brought to light."""

from __future__ import annotations

import stat
from collections.abc import Iterator

from takeout.archive import zipformat
from takeout.archive.checksum import crc32
from takeout.archive.entry import Kind
from takeout.archive.layout import WHOLE_BYTES, Layout
from takeout.archive.report import sums_line
from takeout.archive.results import Results
from takeout.archive.zipformat import Member

_CHUNK_BYTES = 256 << 10


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
        kinds = self._inventory.columns.kinds
        lines: list[bytes] = []
        length, crc, whole = 0, 0, at == 0
        for number, path in enumerate(self._inventory.paths(index), index):
            if kinds[number] != Kind.FILE:
                continue
            line = sums_line(layout.name(number, path), results.state(number), results.sha(number))
            lines.append(line)
            length += len(line)
            if length >= _CHUNK_BYTES:
                chunk = b"".join(lines)
                crc = crc32(chunk, crc)
                yield at, chunk
                at += length
                lines, length = [], 0
        chunk = b"".join(lines)
        if whole:
            self._sums_crc = crc32(chunk, crc)
        yield at, chunk

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
        records: list[bytes] = []
        length = 0
        for number, path in enumerate(self._inventory.paths(index), index):
            record = self._record(number, path)
            records.append(record)
            length += len(record)
            if length >= _CHUNK_BYTES:
                yield at, b"".join(records)
                at += length
                records, length = [], 0
        records.append(self._central_of_tables())
        yield at, b"".join(records)

    def _record(self, index: int, path: bytes) -> bytes:
        layout, columns = self._layout, self._inventory.columns
        size, crc, offset = columns.sizes[index], self._results.crc(index), layout.starts[index]
        if columns.kinds[index] != Kind.FILE or size > WHOLE_BYTES:
            return zipformat.central_header(layout.member(index, path), crc, size, size, offset)
        _, uid, gid = columns.owner_table[columns.owners[index]]
        mode = stat.S_IFREG | columns.modes[index]
        member = Member(layout.name(index, path), mode, columns.mtimes[index], uid, gid)
        return zipformat.small_record(member, crc, size, offset)

    def _central_of_tables(self) -> bytes:
        layout = self._layout
        text = layout.report.text(self._results)
        crcs = {layout.sums_at: self._crc_of_sums(), layout.report_at: crc32(text, 0)}
        return b"".join(
            zipformat.central_header(member, crcs[at], size, size, at) for member, at, size in layout.tables()
        )
