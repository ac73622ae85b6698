"""What a walk counts beside the entries: what is not taken, what is left out, and what ``slim`` would save."""

from __future__ import annotations

import os
import stat

from takeout.archive.home.entry import Kind, LeftOut, NotTaken, Totals
from takeout.archive.home.inventory import Findings

_HOLE_UNIT = 512
"""``st_blocks`` counts blocks of this length, whatever the file system's own are."""


class Tally:
    """Counts while a walk goes on; ``findings`` and ``totals`` give the sums."""

    def __init__(self) -> None:
        self.not_taken: list[NotTaken] = []
        self.mounts: list[bytes] = []
        self._left: list[tuple[bytes, str]] = []
        self._left_sums: list[list[int]] = []
        self._slim: dict[str, list[int]] = {}
        self._counts = dict.fromkeys(Kind, 0)
        self._size = self._twins = self._twin_bytes = self._holes = 0

    def leave_out(self, path: bytes, rule: str) -> int:
        """Note that a path and what is below it are left out; return the number under which that is counted."""
        self._left.append((path, rule))
        self._left_sums.append([0, 0])
        return len(self._left) - 1

    def seen(self, size: int, category: str, left: int) -> None:
        """Count a file for the category of ``slim`` that it is in, and for what is left out, if it is."""
        if category:
            self._add(self._slim.setdefault(category, [0, 0]), size)
        if left >= 0:
            self._add(self._left_sums[left], size)

    @staticmethod
    def _add(pair: list[int], size: int) -> None:
        pair[0] += 1
        pair[1] += size

    def taken(self, kind: Kind, status: os.stat_result, *, twin: bool) -> None:
        """Count an entry that is taken."""
        self._counts[kind] += 1
        if stat.S_ISREG(status.st_mode):
            self._size += status.st_size
            self._holes += max(0, status.st_size - status.st_blocks * _HOLE_UNIT)
            if twin:
                self._twins += 1
                self._twin_bytes += status.st_size

    def files(self, statuses: list[os.stat_result], category: str) -> None:
        """Count files that are taken and have no other name, and are all in one category, or in none."""
        sizes = [each.st_size for each in statuses]
        size = sum(sizes)
        self._counts[Kind.FILE] += len(sizes)
        self._size += size
        blocks = [each.st_blocks * _HOLE_UNIT for each in statuses]
        self._holes += sum([length - there for length, there in zip(sizes, blocks, strict=True) if there < length])
        if category and sizes:
            pair = self._slim.setdefault(category, [0, 0])
            pair[0] += len(sizes)
            pair[1] += size

    def findings(self) -> Findings:
        """Return what was found, sorted by path."""
        left = [
            LeftOut(path, rule, files, size)
            for (path, rule), (files, size) in zip(self._left, self._left_sums, strict=True)
        ]
        return Findings(
            not_taken=tuple(sorted(self.not_taken, key=lambda item: item.path)),
            left_out=tuple(sorted(left, key=lambda item: item.path)),
            slim={category: (files, size) for category, (files, size) in sorted(self._slim.items())},
            mounts=tuple(sorted(self.mounts)),
        )

    def totals(self) -> Totals:
        """Return the inventory in numbers."""
        return Totals(
            files=self._counts[Kind.FILE],
            directories=self._counts[Kind.DIRECTORY],
            symlinks=self._counts[Kind.SYMLINK],
            size_bytes=self._size,
            twins=self._twins,
            twin_bytes=self._twin_bytes,
            hole_bytes=self._holes,
        )
