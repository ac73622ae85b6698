"""Compress a stream in pieces, side by side, so that the pieces joined are one stream for every reader."""

from __future__ import annotations

import struct
import sys
from dataclasses import dataclass
from typing import Protocol

from takeout.archive.checksum import DEFLATE_END, combine, crc32, deflate_piece
from takeout.archive.content import Chunk
from takeout.archive.processors import processors

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ZSTD_LEVEL = 1
ZSTD_WINDOW_LOG = 22
"""Beside the checksums that are made as well, level 3 would be slower than ``tar | zstd -T0``. What a quick level
misses, a window of 4 MiB, eight times what is usual for it, nearly makes up for."""
ZSTD_JOB_BYTES = 4 << 20
"""Each thread compresses so much for itself; the library's own choice takes twice the memory."""
ZSTD_MOST_WORKERS = 4
"""Each takes about 15 MB."""


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
        quick: Whether all the work is in ``join``.
    """

    suffix: str
    media_type: str
    quick: bool

    def start(self) -> bytes:
        """Return how the stream begins."""

    def piece(self, data: Chunk) -> Piece:
        """Compress a piece."""

    def join(self, piece: Piece) -> bytes:
        """Return what the stream has next; perhaps nothing yet."""

    def end(self) -> bytes:
        """Return how the stream ends."""


class Zstd:
    """One frame with a checksum; the library has threads of its own. Source: RFC 8878, section 3."""

    suffix = ".tar.zst"
    media_type = "application/zstd"
    quick = True

    def __init__(self) -> None:
        options: dict[int, int] = {
            zstd.CompressionParameter.compression_level: ZSTD_LEVEL,
            zstd.CompressionParameter.window_log: ZSTD_WINDOW_LOG,
            zstd.CompressionParameter.checksum_flag: 1,
        }
        most = min(processors(), ZSTD_MOST_WORKERS, zstd.CompressionParameter.nb_workers.bounds()[1])
        if most > 0:  # a library without threads allows none
            options[zstd.CompressionParameter.nb_workers] = most
            options[zstd.CompressionParameter.job_size] = ZSTD_JOB_BYTES
        self._stream = zstd.ZstdCompressor(options=options)

    def start(self) -> bytes:
        """Return nothing: the frame's header comes with its first block."""
        return b""

    def piece(self, data: Chunk) -> Piece:
        """Leave it as it is."""
        return Piece(data, 0, len(data))

    def join(self, piece: Piece) -> bytes:
        """Hand it to the library's threads, and return what they have done."""
        return self._stream.compress(piece.data)

    def end(self) -> bytes:
        """Return all that is left."""
        return self._stream.flush(zstd.ZstdCompressor.FLUSH_FRAME)


class Gzip:
    """One member, of deflate blocks that refer to nothing before their piece. Source: RFC 1952, section 2.3."""

    suffix = ".tar.gz"
    media_type = "application/gzip"
    quick = False

    def __init__(self) -> None:
        self._crc = 0
        self._size = 0

    def start(self) -> bytes:
        """Return the header: deflate, no name, no time, Unix."""
        return b"\x1f\x8b\x08\0\0\0\0\0\0\x03"

    def piece(self, data: Chunk) -> Piece:
        """Compress a piece into whole blocks."""
        return Piece(deflate_piece(data), crc32(data, 0), len(data))

    def join(self, piece: Piece) -> bytes:
        """Return the blocks, and take the piece's CRC into the whole's."""
        self._crc = combine(self._crc, piece.crc, piece.size_bytes)
        self._size += piece.size_bytes
        return bytes(piece.data)

    def end(self) -> bytes:
        """Return the last block, the CRC and the length."""
        return DEFLATE_END + struct.pack("<II", self._crc, self._size & 0xFFFFFFFF)
