"""Compress a stream in pieces, side by side, so that the pieces joined are one stream for every reader."""

from __future__ import annotations

import struct
import sys
from dataclasses import dataclass
from typing import Protocol

from takeout.archive.checksum import DEFLATE_END, combine, crc32, deflate_piece

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ZSTD_LEVEL = 3
_ZSTD_OPTIONS: dict[int, int] = {
    zstd.CompressionParameter.compression_level: ZSTD_LEVEL,
    zstd.CompressionParameter.checksum_flag: 1,
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A compressed piece.

    Attributes:
        data: Compressed.
        crc: CRC-32 of what it was made from.
        size_bytes: Length of that.
    """

    data: bytes
    crc: int
    size_bytes: int


class Compressor(Protocol):
    """Makes a stream from pieces: ``piece`` in any thread, ``join`` in order."""

    suffix: str
    media_type: str

    def start(self) -> bytes:
        """Return how the stream begins."""

    def piece(self, data: bytes) -> Piece:
        """Compress a piece."""

    def join(self, piece: Piece) -> bytes:
        """Return what the stream has for a piece."""

    def end(self) -> bytes:
        """Return how the stream ends."""


class Zstd:
    """One frame for each piece; frames after one another are one stream. Source: RFC 8878, section 3."""

    suffix = ".tar.zst"
    media_type = "application/zstd"

    def start(self) -> bytes:
        """Return nothing: the first frame is the beginning."""
        return b""

    def piece(self, data: bytes) -> Piece:
        """Compress a piece into a frame with a checksum."""
        return Piece(zstd.compress(data, options=_ZSTD_OPTIONS), 0, len(data))

    def join(self, piece: Piece) -> bytes:
        """Return the frame."""
        return piece.data

    def end(self) -> bytes:
        """Return nothing."""
        return b""


class Gzip:
    """One member, of deflate blocks that refer to nothing before their piece. Source: RFC 1952, section 2.3."""

    suffix = ".tar.gz"
    media_type = "application/gzip"

    def __init__(self) -> None:
        self._crc = 0
        self._size = 0

    def start(self) -> bytes:
        """Return the header: deflate, no name, no time, Unix."""
        return b"\x1f\x8b\x08\0\0\0\0\0\0\x03"

    def piece(self, data: bytes) -> Piece:
        """Compress a piece into whole blocks."""
        return Piece(deflate_piece(data), crc32(data, 0), len(data))

    def join(self, piece: Piece) -> bytes:
        """Return the blocks, and take the piece's CRC into the whole's."""
        self._crc = combine(self._crc, piece.crc, piece.size_bytes)
        self._size += piece.size_bytes
        return piece.data

    def end(self) -> bytes:
        """Return the last block, the CRC and the length."""
        return DEFLATE_END + struct.pack("<II", self._crc, self._size & 0xFFFFFFFF)
