"""Entries that are read together, into one buffer where each has its frame around it.

The processes that read load this module too: what a batch is made of is plain data, which can be sent to them.
"""

from __future__ import annotations

from array import array
from hashlib import sha256

from takeout.archive.home.files import UNREAD, clear, read_file
from takeout.archive.records.heads import put_crc, tar_header, zip_header
from takeout.archive.records.tarfields import padding

TYPE_CHECKING = False  # typing itself would be a large import
if TYPE_CHECKING:
    from collections.abc import Callable

SHA_BYTES = 32
COLUMNS = {"parents": "I", "modes": "H", "sizes": "Q", "mtimes": "q", "ctimes": "q", "inodes": "Q", "owners": "H"}
"""Attributes of the entries of a batch, and their types as arrays have them."""

Place = tuple[bytes, int, int]
"""A directory: its path below the home, device, inode."""
Order = tuple[
    str,
    bytes,
    dict[int, Place],
    list[tuple[int, int, int]],
    dict[int, bytes],
    dict[int, tuple[int, int]],
    bytes,
    bytes,
    list[bytes],
]
"""What a batch is to hold.

The form of its headers; the directory that the home is in; by the number of each parent, where that is; devices
with owners and groups; by their places in the batch, the headers of entries that are no usual file, and state and
CRC of those that are not read; names; where each of them ends (``I``); and ``COLUMNS``.
"""
Sums = tuple[bytes, bytes, bytes]
"""For all entries of a batch: states, CRC-32 (``I``) and SHA-256 of what the archive has of files."""


def _no_header(name: bytes, mode: int, owner: tuple[int, int], mtime_ns: int, size: int) -> bytes:
    del name, mode, owner, mtime_ns, size
    return b""


def _no_padding(size: int) -> bytes:
    del size
    return b""


_HEADERS = {"bare": _no_header, "zip": zip_header, "tar": tar_header}
_PADDINGS = {"bare": _no_padding, "zip": _no_padding, "tar": padding}


def _cut(names: bytes, ends: array[int]) -> list[bytes]:
    return [names[begin:end] for begin, end in zip([0, *ends[:-1]], ends, strict=True)]


class Batch:
    """Some entries.

    Args:
        order: What they are.

    Attributes:
        files: How many of them are to be read.
        size: Length of all of it in bytes.
    """

    def __init__(self, order: Order) -> None:
        form, self._prefix, self._places, owners, self._given, self._skipped, names, ends, columns = order
        self._owners = [owner[1:] for owner in owners]
        self._names = _cut(names, array("I", ends))
        self._columns = {
            name: array(code, data) for (name, code), data in zip(COLUMNS.items(), columns, strict=True)
        }
        self._sealed = form == "zip"
        self._frames: list[tuple[int, bytes]] = []
        self._files: list[tuple[int, int, int, int]] = []
        self.size = self._lay_out(_HEADERS[form], _PADDINGS[form])
        self.files = len(self._files)

    def _lay_out(
        self,
        header: Callable[[bytes, int, tuple[int, int], int, int], bytes],
        padded: Callable[[int], bytes],
    ) -> int:
        """Find out where everything goes; return how long it is together."""
        at, here, directory, each = 0, -1, b"", self._columns
        rows = zip(
            self._names, each["parents"], each["modes"], each["owners"], each["mtimes"], each["sizes"], strict=True
        )
        for number, (name, parent, mode, owner, mtime, size) in enumerate(rows):
            if parent != here:
                here, path = parent, self._places[parent][0]
                directory = b"%b/%b/" % (self._prefix, path) if path else self._prefix + b"/"
            head = self._given.get(number)
            if head is None:
                head = header(directory + name, mode, self._owners[owner], mtime, size)
            self._frames.append((at, head))
            start = at + len(head)
            if number in self._skipped:
                at = start
                continue
            self._files.append((number, at, start, start + size))
            at = start + size
            if after := padded(size):
                self._frames.append((at, after))
                at += len(after)
        return at

    def fill(
        self,
        view: memoryview,
        enter: Callable[[int, Place], tuple[int, int]],
        crc32: Callable[[memoryview, int], int],
    ) -> Sums:
        """Read the files into a buffer, and write what stands around them.

        Args:
            view: ``size`` bytes.
            enter: Gives a directory's descriptor; or -1 and what becomes of the files in it. It is not asked again
                before it is asked for another one.
            crc32: CRC-32 of data, continuing from another.
        """
        for at, data in self._frames:
            view[at : at + len(data)] = data
        parents, inodes = self._columns["parents"], self._columns["inodes"]
        mtimes, ctimes = self._columns["mtimes"], self._columns["ctimes"]
        count = len(parents)
        states, crcs, shas = bytearray(count), array("I", bytes(4 * count)), bytearray(SHA_BYTES * count)
        here, fd, state = -1, -1, UNREAD
        for number, at, start, stop in self._files:
            if parents[number] != here:
                here = parents[number]
                fd, state = enter(here, self._places[here])
            into = view[start:stop]
            if fd >= 0:
                state = read_file(fd, self._names[number], into, (mtimes[number], ctimes[number], inodes[number]))
            else:
                clear(into)
            # Right after it was read: it is still in the processor's cache.
            crc = crc32(into, 0)
            states[number], crcs[number] = state, crc
            shas[SHA_BYTES * number : SHA_BYTES * (number + 1)] = sha256(into).digest()
            if self._sealed:
                put_crc(view, at, crc)
        for number, (known, crc) in self._skipped.items():
            states[number], crcs[number] = known, crc
        return bytes(states), crcs.tobytes(), bytes(shas)
