"""``SHA256SUMS`` of a whole archive, and what tells archives apart."""

from __future__ import annotations

import hashlib
from binascii import hexlify
from collections.abc import Iterator

from takeout.archive.contents.results import Results, State
from takeout.archive.formats.report import sums_line, sums_line_bytes
from takeout.archive.home.entry import Kind
from takeout.archive.home.inventory import Inventory

_BLOCK = 2_048
"""So many entries make a chunk."""
_STATE_GOOD = int(State.GOOD)


def line_lengths(inventory: Inventory, prefix: bytes) -> Iterator[int]:
    """Yield how long the line of each entry in ``SHA256SUMS`` is, if it is a file that has one."""
    if _is_escaped(inventory, prefix):
        return (sums_line_bytes(prefix + b"/" + path) for path in inventory.paths())
    least = sums_line_bytes(prefix + b"/")
    return (least + length for length in inventory.path_lengths())


def _is_escaped(inventory: Inventory, prefix: bytes) -> bool:
    """Whether any name may have to be written in another way."""
    return any(each in text for each in (b"\\", b"\n") for text in (inventory.columns.names, prefix))


def sums_bytes(inventory: Inventory, prefix: bytes) -> int:
    """Return the length of ``SHA256SUMS``."""
    kinds = inventory.columns.kinds
    return sum(
        length for kind, length in zip(kinds, line_lengths(inventory, prefix), strict=True) if kind == Kind.FILE
    )


def sums_chunks(inventory: Inventory, prefix: bytes, results: Results, first: int = 0) -> Iterator[bytes]:
    """Yield ``SHA256SUMS``, from the line of one entry on, once every file is known."""
    kinds, escaped, file = inventory.columns.kinds, _is_escaped(inventory, prefix), Kind.FILE
    paths = inventory.paths(first)
    for start in range(first, len(inventory), _BLOCK):
        stop = min(start + _BLOCK, len(inventory))
        states, shas = results.states(start, stop), hexlify(results.shas(start, stop))
        lines = []
        for number, (kind, state, path) in enumerate(zip(kinds[start:stop], states, paths)):  # noqa: B905
            if kind != file:
                continue
            if state == _STATE_GOOD and not escaped:
                lines.append(b"%b  %b/%b\n" % (shas[64 * number : 64 * number + 64], prefix, path))
            else:
                index = start + number
                lines.append(sums_line(prefix + b"/" + path, results.state(index), results.sha(index)))
        yield b"".join(lines)


def tag_of(inventory: Inventory, prefix: bytes, form: str) -> str:
    """Return what tells an archive from that of a changed home, or of another form."""
    return f"{inventory.digest()}-{hashlib.blake2b(prefix, digest_size=4).hexdigest()}-{form}"
