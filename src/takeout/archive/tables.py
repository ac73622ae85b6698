"""The text of the two files at the end, for archives that are written in one go."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from takeout.archive.entry import Kind
from takeout.archive.inventory import Inventory
from takeout.archive.report import sums_line, sums_line_bytes
from takeout.archive.results import Results

_CHUNK_BYTES = 256 << 10


def sums_bytes(inventory: Inventory, prefix: bytes) -> int:
    """Return the length of ``SHA256SUMS``."""
    kinds = inventory.columns.kinds
    return sum(
        sums_line_bytes(prefix + b"/" + path)
        for index, path in enumerate(inventory.paths())
        if kinds[index] == Kind.FILE
    )


def sums_chunks(inventory: Inventory, prefix: bytes, results: Results) -> Iterator[bytes]:
    """Yield ``SHA256SUMS``, once every file is known."""
    lines: list[bytes] = []
    length = 0
    kinds = inventory.columns.kinds
    for index, path in enumerate(inventory.paths()):
        if kinds[index] == Kind.FILE:
            line = sums_line(prefix + b"/" + path, results.state(index), results.sha(index))
            lines.append(line)
            length += len(line)
            if length >= _CHUNK_BYTES:
                yield b"".join(lines)
                lines, length = [], 0
    yield b"".join(lines)


def tag_of(inventory: Inventory, prefix: bytes, form: str) -> str:
    """Return what tells an archive from that of a changed home, or of another form."""
    return f"{inventory.digest()}-{hashlib.blake2b(prefix, digest_size=4).hexdigest()}-{form}"
