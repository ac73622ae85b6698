"""A home as a compressed tar, written in one go on all cores."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from takeout.archive.contents.content import Chunk
from takeout.archive.contents.large import Checkpoints
from takeout.archive.contents.reading import Reading
from takeout.archive.contents.results import Results
from takeout.archive.contents.shape import Frame
from takeout.archive.formats.compress import Compressor, Gzip, Piece, Zstd
from takeout.archive.formats.layout import WHOLE_BYTES
from takeout.archive.formats.report import REPORT_NAME, SUMS_NAME, Report, prefix_of
from takeout.archive.formats.tables import sums_bytes, sums_chunks, tag_of
from takeout.archive.home.entry import Kind
from takeout.archive.home.inventory import Inventory
from takeout.archive.records import tarformat
from takeout.archive.records.tarfields import DIRECTORY, HARD_LINK, REGULAR, SYMLINK, padding
from takeout.archive.records.tarformat import TarMember

_SECONDS = 1_000_000_000
_KINDS: dict[int, bytes] = {Kind.DIRECTORY: DIRECTORY, Kind.FILE: REGULAR, Kind.SYMLINK: SYMLINK}


class TarStream:
    """A compressed tar of a home.

    Hard links are links in it. The length is not known beforehand.

    Args:
        inventory: The home.
        compressor: Makes the compressor of one pass.

    Attributes:
        prefix: The directory that holds the home in the archive.
        results: Checksums and states of what was read so far.
        length: None: it depends on what the files hold.
    """

    length: int | None = None

    def __init__(self, inventory: Inventory, compressor: Callable[[], Compressor]) -> None:
        self.inventory = inventory
        self.results = Results(len(inventory))
        self._compressor = compressor
        self.prefix = prefix_of(inventory.root)
        self._report = Report(inventory, self.prefix)
        made = compressor()
        self.suffix, self.media_type = made.suffix, made.media_type
        self._newest = max(inventory.columns.ctimes, default=0) // _SECONDS
        self._parents = set(inventory.columns.parents[1:])

    @property
    def tag(self) -> str:
        """What tells this archive from that of a changed home."""
        return tag_of(self.inventory, self.prefix, f"{self.suffix.removeprefix('.')}1")

    def read(self) -> Iterator[Chunk]:
        """Yield the archive; closing the iterator stops all work.

        Raises:
            DiskError: When the home cannot be read any more.
        """
        compressor = self._compressor()
        self.results = Results(len(self.inventory))
        checkpoints: Checkpoints = {}
        twins = self.inventory.columns.twins
        yield compressor.start()
        with Reading(
            self.inventory, self.results, checkpoints, WHOLE_BYTES, twins, scale=compressor.scale
        ) as reading:
            for part in reading.parts(0, len(self.inventory), _Shape(self, compressor)):
                if data := compressor.join(part.data):
                    yield data
        for index, first in twins.items():
            self.results.put(index, self.results.state(first), self.results.crc(first), self.results.sha(first))
        for piece in self._tables(compressor):
            if data := compressor.join(piece):
                yield data
        yield compressor.end()

    def unusual(self, span: range) -> Iterator[int]:
        """Yield those of some entries that have more or other headers than a file of their own."""
        parents = self.inventory.columns.parents
        before = parents[span.start - 1] if span.start > 1 else -1
        for index, parent in zip(span, parents[span.start : span.stop], strict=True):
            if parent != before or not self._is_read(index):
                yield index
            before = parent if index else -1  # the home has no parent but itself

    def frame(self, index: int) -> Frame:
        """Return an entry's headers, and what fills its last block up."""
        size = self.inventory.columns.sizes[index] if self._is_read(index) else 0
        return self._head(index, self.inventory.path(index)), padding(size)

    def _is_read(self, index: int) -> bool:
        columns = self.inventory.columns
        return columns.kinds[index] == Kind.FILE and index not in columns.twins

    def _head(self, index: int, path: bytes) -> bytes:
        """Return the headers that come with an entry.

        The header of a directory comes with the first entry in it, not among its siblings: GNU tar gives it its
        permissions as soon as a member outside of it follows, and could write nothing into it afterwards.
        """
        parents = self.inventory.columns.parents
        heads = b""
        if index == 1 or (index > 1 and parents[index] != parents[index - 1]):
            above = parents[index]
            heads = tarformat.header(self._member(above, self.inventory.path(above)))
        if index in self._parents:
            return heads
        return heads + tarformat.header(self._member(index, path))

    def _member(self, index: int, path: bytes) -> TarMember:
        columns = self.inventory.columns
        kind = columns.kinds[index]
        _, uid, gid = columns.owner_table[columns.owners[index]]
        twin = columns.twins.get(index)
        name = self.prefix + b"/" + path
        link = columns.targets.get(index, b"")
        if twin is not None:
            link = self.prefix + b"/" + self.inventory.path(twin)
        return TarMember(
            name=name + b"/" if kind == Kind.DIRECTORY and path else name,
            kind=_KINDS[kind] if twin is None else HARD_LINK,
            mode=columns.modes[index],
            uid=uid,
            gid=gid,
            size_bytes=columns.sizes[index] if self._is_read(index) else 0,
            mtime=columns.mtimes[index] // _SECONDS,
            link=link,
        )

    def _tables(self, compressor: Compressor) -> Iterator[Piece]:
        size = sums_bytes(self.inventory, self.prefix)
        yield compressor.piece(tarformat.header(self._table(SUMS_NAME, size)))
        for chunk in sums_chunks(self.inventory, self.prefix, self.results):
            yield compressor.piece(chunk)
        text = self._report.text(self.results)
        report = tarformat.header(self._table(REPORT_NAME, len(text))) + text + padding(len(text))
        yield compressor.piece(padding(size) + report + tarformat.END)

    def _table(self, name: bytes, size: int) -> TarMember:
        return TarMember(name, REGULAR, 0o644, 0, 0, size, self._newest)


class _Shape:
    """Headers around each entry, and all of it through the compressor."""

    form = "tar"

    def __init__(self, archive: TarStream, compressor: Compressor) -> None:
        self._compressor = compressor
        self.prefix = archive.prefix
        self.unusual, self.frame = archive.unusual, archive.frame
        self.packing = compressor.packing
        self.quick = compressor.packing is not None

    def whole(self, view: memoryview, span: range) -> Piece:
        del span
        return self._compressor.piece(view)

    @staticmethod
    def packed(view: memoryview) -> Piece:
        return Piece(bytes(view), 0, 0)  # a third of a buffer, which others wait for

    def piece(self, index: int, offset: int, view: memoryview) -> Piece:
        del index, offset
        return self._compressor.piece(view)


def tar_zst(inventory: Inventory) -> TarStream:
    """Return a home as ``.tar.zst``."""
    return TarStream(inventory, Zstd)


def tar_gz(inventory: Inventory) -> TarStream:
    """Return a home as ``.tar.gz``."""
    return TarStream(inventory, Gzip)
