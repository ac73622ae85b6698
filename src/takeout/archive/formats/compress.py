"""Compress a stream in pieces, side by side, so that the pieces joined are one stream for every reader."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Protocol

from takeout.archive.contents.checksum import DEFLATE_END, combine, crc32, deflate_piece
from takeout.archive.contents.content import Chunk
from takeout.archive.contents.processors import processors
from takeout.archive.contents.program import Packing
from takeout.archive.contents.zstandard import zstd

_PACKING: dict[int, int] = {
    int(zstd.CompressionParameter.compression_level): 1,
    int(zstd.CompressionParameter.window_log): 22,
    int(zstd.CompressionParameter.hash_log): 15,
    int(zstd.CompressionParameter.checksum_flag): 1,
}
"""Beside the checksums that are made as well, level 3 would be slower than ``tar | zstd -T0``. What a quick level
misses, a window of 4 MiB, eight times what is usual for it, and a larger table nearly make up for."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece, compressed where pieces are compressed each for itself.

    Attributes:
        data: What there is of it.
        crc: CRC-32 of what it was made from, where the stream has one.
        size_bytes: Length of that.
    """

    data: Chunk
    crc: int
    size_bytes: int


class Compressor(Protocol):
    """Makes a stream from pieces: ``piece`` in any thread, ``join`` in order.

    Attributes:
        suffix: How a file's name ends.
        media_type: Of the stream.
        packing: How a process that reads a piece can compress it as well; None where it cannot.
        scale: How long the pieces are, as a multiple of the usual length.
    """

    suffix: str
    media_type: str
    packing: Packing | None
    scale: int

    def start(self) -> bytes:
        """Return how the stream begins."""

    def piece(self, data: Chunk) -> Piece:
        """Compress a piece."""

    def join(self, piece: Piece) -> Chunk:
        """Return what the stream has next."""

    def end(self) -> bytes:
        """Return how the stream ends."""


class Zstd:
    """Frames with checksums, one for each piece; joined they are one stream. Source: RFC 8878, section 3."""

    suffix = ".tar.zst"
    media_type = "application/zstd"
    packing: Packing | None = _PACKING
    scale = 2  # as long as the window: shorter frames find less that repeats

    def __init__(self) -> None:
        # As many as can work at once; each takes a megabyte, and far more threads than that may wait for a disk.
        self._packers: SimpleQueue[zstd.ZstdCompressor] = SimpleQueue()
        for _ in range(processors()):
            self._packers.put(zstd.ZstdCompressor(options=_PACKING))

    def start(self) -> bytes:
        """Return nothing: each frame has a header of its own."""
        return b""

    def piece(self, data: Chunk) -> Piece:
        """Compress a piece to a frame."""
        packer = self._packers.get()
        try:
            return Piece(packer.compress(data, zstd.ZstdCompressor.FLUSH_FRAME), 0, len(data))
        finally:
            self._packers.put(packer)

    def join(self, piece: Piece) -> Chunk:
        """Return the frame."""
        return piece.data

    def end(self) -> bytes:
        """Return nothing: each frame has an end of its own."""
        return b""


class Gzip:
    """One member, of deflate blocks that refer to nothing before their piece. Source: RFC 1952, section 2.3."""

    suffix = ".tar.gz"
    media_type = "application/gzip"
    packing: Packing | None = None
    scale = 1

    def __init__(self) -> None:
        self._crc = 0
        self._size = 0

    def start(self) -> bytes:
        """Return the header: deflate, no name, no time, Unix."""
        return b"\x1f\x8b\x08\0\0\0\0\0\0\x03"

    def piece(self, data: Chunk) -> Piece:
        """Compress a piece into whole blocks."""
        return Piece(deflate_piece(data), crc32(data, 0), len(data))

    def join(self, piece: Piece) -> Chunk:
        """Return the blocks, and take the piece's CRC into the whole's."""
        self._crc = combine(self._crc, piece.crc, piece.size_bytes)
        self._size += piece.size_bytes
        return piece.data

    def end(self) -> bytes:
        """Return the last block, the CRC and the length."""
        return DEFLATE_END + struct.pack("<II", self._crc, self._size & 0xFFFFFFFF)
