"""A home as a deflated zip, written in one go on all cores; what does not get smaller is stored."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from zlib import decompress

from takeout.archive.contents.checksum import DEFLATE_END, crc32, deflate, deflate_piece, is_dense
from takeout.archive.contents.content import Chunk
from takeout.archive.contents.large import Checkpoints
from takeout.archive.contents.reading import Reading
from takeout.archive.contents.results import Results
from takeout.archive.contents.shape import Frameless, Part
from takeout.archive.formats.layout import WHOLE_BYTES, Layout
from takeout.archive.formats.tables import sums_chunks, tag_of
from takeout.archive.home.entry import Kind
from takeout.archive.home.inventory import Inventory
from takeout.archive.records import zipend, zipformat
from takeout.archive.records.heads import LIMIT_32
from takeout.archive.records.zipformat import DEFLATED, STORED, Member

_SPILL_BYTES = 1 << 20
_NEARLY_32 = LIMIT_32 - (64 << 20)
"""Deflate may make data a little longer; from here on sizes are 64 bits wide to be sure."""


@dataclass(frozen=True, slots=True)
class _Packed:
    """An entry ready to be written: everything but its place is known."""

    member: Member
    crc: int
    size: int
    data: bytes


class DeflatedZip:
    """A deflated zip of a home. The length is not known beforehand.

    Args:
        inventory: The home.

    Attributes:
        results: Checksums and states of what was read so far.
        length: None: it depends on what the files hold.
    """

    media_type = "application/zip"
    suffix = ".zip"
    length: int | None = None

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.results = Results(len(inventory))
        self._layout = Layout(inventory)

    @property
    def tag(self) -> str:
        """What tells this archive from that of a changed home."""
        return tag_of(self.inventory, self._layout.prefix, "deflated1")

    def read(self) -> Iterator[bytes]:
        """Yield the archive; closing the iterator stops all work.

        Raises:
            DiskError: When the home cannot be read any more.
        """
        self.results = Results(len(self.inventory))
        yield from _Writer(self.inventory, self._layout, self.results).run()


class _Writer(Frameless):
    quick = False

    def __init__(self, inventory: Inventory, layout: Layout, results: Results) -> None:
        self._inventory = inventory
        self._layout = layout
        self._results = results
        self._at = 0
        self._members = 0
        # Records of the central directory, kept compressed: a million take about 20 MB in place of 120.
        self._central: list[bytes] = []
        self._recent = bytearray()

    def run(self) -> Iterator[bytes]:
        checkpoints: Checkpoints = {}
        with Reading(self._inventory, self._results, checkpoints, WHOLE_BYTES) as reading:
            parts = reading.parts(0, len(self._inventory), self)
            large = _Large(_NO_MEMBER)
            for part in parts:
                if part.offset < 0:
                    yield b"".join(self._place(packed) for packed in part.data)
                else:
                    yield self._place_piece(part, large)
        yield from self._tables()
        yield from self._end()

    def whole(self, view: memoryview, span: range) -> list[_Packed]:
        """Compress entries, each for itself; headers tell how long that made them."""
        columns, at = self._inventory.columns, 0
        packed = []
        for index, path in zip(span, self._inventory.paths(span.start), strict=False):
            data: Chunk = columns.targets.get(index, b"")
            if columns.kinds[index] == Kind.FILE:
                data = view[at : at + columns.sizes[index]]
                at += len(data)
            member = self._layout.member(index, path)._replace(descriptor=False, wide=False)
            packed.append(_pack(member, self._results.crc(index), data))
        return packed

    @staticmethod
    def piece(index: int, offset: int, view: memoryview) -> list[_Packed]:
        """Compress a piece of a large file."""
        del index, offset
        return [_Packed(_NO_MEMBER, 0, len(view), deflate_piece(view))]

    def _place(self, packed: _Packed) -> bytes:
        compressed = len(packed.data)
        head = zipformat.local_header(packed.member, packed.crc, packed.size, compressed)
        self._record(packed.member, packed.crc, packed.size, compressed)
        self._at += len(head) + compressed
        return head + packed.data

    def _record(self, member: Member, crc: int, size: int, compressed: int) -> None:
        self._recent += zipformat.central_header(member, crc, size, compressed, self._at)
        self._members += 1
        if len(self._recent) > _SPILL_BYTES:
            self._central.append(deflate(bytes(self._recent)))
            self._recent = bytearray()

    def _place_piece(self, part: Part[list[_Packed]], large: _Large) -> bytes:
        """Return a piece of a large file, with the header before the first and the descriptor after the last."""
        index, (piece,) = part.first, part.data
        out = b""
        if part.offset == 0:
            size = self._inventory.columns.sizes[index]
            wide = size >= _NEARLY_32 or self._at >= LIMIT_32
            member = self._layout.member(index, self._inventory.path(index))
            large.member = member._replace(method=DEFLATED, descriptor=True, wide=wide)
            large.compressed = 0
            out = zipformat.local_header(large.member, 0, 0, 0)
            large.head_bytes = len(out)
        large.compressed += len(piece.data)
        out += piece.data
        if part.final:
            large.compressed += len(DEFLATE_END)
            size, crc = self._inventory.columns.sizes[index], self._results.crc(index)
            after = zipformat.descriptor(large.member, crc, size, large.compressed)
            self._record(large.member, crc, size, large.compressed)
            self._at += large.head_bytes + large.compressed + len(after)
            out += DEFLATE_END + after
        return out

    def _tables(self) -> Iterator[bytes]:
        layout = self._layout
        sums = b"".join(sums_chunks(self._inventory, layout.prefix, self._results))
        for member, text in (
            (layout.sums_member, sums),
            (layout.report_member, layout.report.text(self._results)),
        ):
            plain = member._replace(descriptor=False, wide=False)
            yield self._place(_pack(plain, crc32(text, 0), text))

    def _end(self) -> Iterator[bytes]:
        start, length = self._at, 0
        for block in [*self._central, deflate(bytes(self._recent))]:
            data = decompress(block, -15)
            length += len(data)
            yield data
        yield zipend.end_records(self._members, start, length)


@dataclass(slots=True)
class _Large:
    """The large file that is being written."""

    member: Member
    head_bytes: int = 0
    compressed: int = 0


_NO_MEMBER = Member(b"", 0, 0, 0, 0)
_LEAST_BYTES = 64
"""Shorter content is not worth trying."""


def _pack(member: Member, crc: int, data: Chunk) -> _Packed:
    """Compress an entry's content where that makes it smaller."""
    if len(data) >= _LEAST_BYTES and stat.S_ISREG(member.mode) and not is_dense(data):
        smaller = deflate(data)
        if len(smaller) < len(data):
            return _Packed(member._replace(method=DEFLATED), crc, len(data), smaller)
    return _Packed(member._replace(method=STORED), crc, len(data), bytes(data))
