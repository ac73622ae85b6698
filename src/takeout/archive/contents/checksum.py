"""CRC-32 and deflate from ISA-L where it runs, from zlib elsewhere; ISA-L's CRC costs next to nothing."""

from __future__ import annotations

import zlib
from collections.abc import Callable

try:
    from isal import isal_zlib
except ImportError:  # no ISA-L for this processor: slower, and right all the same
    _FAST = False
    isal_file = ""
else:
    _FAST = True
    isal_file = isal_zlib.__file__

crc32: Callable[[bytes | bytearray | memoryview, int], int] = isal_zlib.crc32 if _FAST else zlib.crc32
"""CRC-32 of data, continuing from another."""

ISAL_LEVEL = 2
"""Of ISA-L's 0 to 3: the size of zlib's level 4 or so, at about eight times its speed."""
ZLIB_LEVEL = 4


def deflate(data: bytes | memoryview, *, last: bool = True) -> bytes:
    """Return raw deflate.

    Args:
        data: What to compress.
        last: Whether the stream ends here. Otherwise it ends on a whole byte and refers to nothing before it, so
            that pieces compressed side by side make one stream.
    """
    if _FAST:
        stream = isal_zlib.compressobj(ISAL_LEVEL, isal_zlib.DEFLATED, -15)
        return stream.compress(data) + stream.flush(isal_zlib.Z_FINISH if last else isal_zlib.Z_FULL_FLUSH)
    plain = zlib.compressobj(ZLIB_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return plain.compress(data) + plain.flush(zlib.Z_FINISH if last else zlib.Z_FULL_FLUSH)


_STORED_BYTES = 0xFFFF
_SAMPLE_BYTES = 16 << 10
_WORTH = 0.97


def is_dense(data: bytes | memoryview) -> bool:
    """Whether compressing would gain little: media, archives, encrypted files. A sample from the middle tells."""
    start = max(0, (len(data) - _SAMPLE_BYTES) // 2)
    sample = data[start : start + _SAMPLE_BYTES]
    return len(sample) > 0 and len(deflate(sample)) > _WORTH * len(sample)


def stored_blocks(data: bytes | memoryview) -> bytes:
    """Return deflate blocks that hold the data as it is. Source: RFC 1951, section 3.2.4."""
    pieces: list[bytes | memoryview] = []
    for start in range(0, len(data), _STORED_BYTES):
        block = data[start : start + _STORED_BYTES]
        pieces += (
            b"\0",
            len(block).to_bytes(2, "little"),
            (len(block) ^ _STORED_BYTES).to_bytes(2, "little"),
            block,
        )
    return b"".join(pieces)


def deflate_piece(data: bytes | memoryview) -> bytes:
    """Return a piece of a deflate stream that pieces before and after may join, dense data as it is."""
    return stored_blocks(data) if is_dense(data) else deflate(data, last=False)


DEFLATE_END = b"\x03\x00"
"""An empty last block with fixed codes: the end of a stream made of pieces. Source: RFC 1951, section 3.2.6."""

_POLYNOMIAL = 0xEDB88320
"""CRC-32's polynomial, lowest power in the highest bit."""
_ONE = 1 << 31
"""The polynomial 1 in that order of bits."""


def _multiply(a: int, b: int) -> int:
    """Return the product of two polynomials modulo CRC-32's."""
    product, mask = 0, _ONE
    while True:
        if a & mask:
            product ^= b
        if not a & (mask - 1):
            return product
        mask >>= 1
        b = (b >> 1) ^ _POLYNOMIAL if b & 1 else b >> 1


def _powers() -> tuple[int, ...]:
    """Return x to the power of 2**n, for every n that matters (the exponents repeat after 32)."""
    power = 1 << 30
    powers = []
    for _ in range(32):
        powers.append(power)
        power = _multiply(power, power)
    return tuple(powers)


_SQUARES = _powers()


def combine_slowly(first: int, second: int, second_bytes: int) -> int:
    """Return the CRC-32 of two pieces from the CRC of each and the second's length.

    Source: the method of zlib's ``crc32_combine``: the first CRC times x to the power of eight times the length.
    """
    shift, power, bit = _ONE, second_bytes, 3
    while power:
        if power & 1:
            shift = _multiply(_SQUARES[bit & 31], shift)
        power >>= 1
        bit += 1
    return _multiply(shift, first) ^ second


combine: Callable[[int, int, int], int] = isal_zlib.crc32_combine if _FAST else combine_slowly
"""CRC-32 of two pieces from the CRC of each and the second's length."""
