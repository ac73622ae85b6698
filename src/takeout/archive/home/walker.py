"""Walk over a home: many directories read at once, and the entries in one order all the same."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from takeout.archive.home.ahead import Ahead, Glance
from takeout.archive.home.entry import Kind, NotTaken
from takeout.archive.home.inventory import Columns, Inventory, Row
from takeout.archive.home.listing import Found, Listing, Place
from takeout.archive.home.patterns import Rules, read_rules, rules_of_options
from takeout.archive.home.presets import Preset, category_of_names, category_of_path
from takeout.archive.home.tally import Tally
from takeout.errors import DiskError
from takeout.progress import Progress

MOST_PATH_BYTES = 32_000
"""A zip's name holds 65,535 bytes; whoever has longer paths cannot open them anywhere else either."""
_SPECIAL = {
    stat.S_IFSOCK: "a socket",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFBLK: "a block device",
    stat.S_IFCHR: "a character device",
}


_IRREGULAR = 0o170000 & ~stat.S_IFREG


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a home is wanted.

    Attributes:
        preset: How much of it.
        exclude: Patterns of what to leave out, as in ``.gitignore``.
        one_file_system: Whether to leave out what is mounted inside the home.
        skip: Device and inode of entries that are not to be seen at all, such as the archive being written.
        aside: Device and inode of entries that are left out without a look inside, each with the reason.
    """

    preset: Preset = Preset.FULL
    exclude: tuple[str, ...] = ()
    one_file_system: bool = False
    skip: frozenset[tuple[int, int]] = frozenset()
    aside: Mapping[tuple[int, int], str] = field(default_factory=dict)


@dataclass(slots=True)
class _Pending:
    """A directory whose turn is to come.

    Attributes:
        place: The directory.
        index: Its index in the inventory; -1 below what is left out.
        rules: The patterns that hold there.
        category: The category of ``slim`` that it is in, or empty.
        left: The number under which what is left out is counted; -1 for what is taken.
        work: The reading of it, once begun.
        early: Whether it was begun together with the directory that it is in.
    """

    place: Place
    index: int
    rules: tuple[Rules, ...]
    category: str
    left: int
    work: Future[Glance] | None = None
    early: bool = False


class Walker:
    """One walk.

    Args:
        root_fd: The home, open.
        pool: Threads that read directories.
        threads: How many of them.
        wanted: What of the home is wanted.
    """

    def __init__(self, root_fd: int, pool: ThreadPoolExecutor, threads: int, wanted: Wanted) -> None:
        self._root_fd = root_fd
        self._ahead = Ahead(root_fd, pool, threads, wanted.aside.keys() | wanted.skip)
        self._wanted = wanted
        self._options = rules_of_options(wanted.exclude)
        self._columns = Columns()
        self._tally = Tally()
        self._stack: list[_Pending] = []
        self._rows: list[Row] = []
        self._marked = wanted.aside.keys() | wanted.skip
        self._first_names: dict[tuple[int, int], int] = {}

    def run(self, root: bytes, progress: Progress) -> Inventory:
        """Return the inventory of the home, whose path is given."""
        status = os.fstat(self._root_fd)
        self._columns.extend(0, [(b"", status, Kind.DIRECTORY, 0)])
        self._tally.taken(Kind.DIRECTORY, status, twin=False)
        self._stack.append(_Pending(Place(b"", status.st_dev, status.st_ino), 0, (), "", -1))
        while self._stack:
            self._read_ahead()
            self._enter(self._stack.pop())
            progress("entries", len(self._columns.kinds), 0)
        self._columns.trim()
        return Inventory(root, self._columns, self._tally.findings(), self._tally.totals())

    def _read_ahead(self) -> None:
        most = self._ahead.most
        for pending in reversed(self._stack[-most:] if most else []):
            if pending.work is None:
                pending.work = self._ahead.begin(pending.place)

    def _enter(self, here: _Pending) -> None:
        work = here.work
        glance = self._ahead.read(here.place) if work is None else self._ahead.end(work, early=here.early)
        listing = glance.listing
        if listing.error:
            if here.index == 0:
                raise DiskError(f"the directory cannot be read: {listing.error}")
            if here.left < 0:
                reason_text = f"the directory cannot be read: {listing.error}"
                self._tally.not_taken.append(NotTaken(here.place.path, reason_text))
            return
        self._classify(here, listing)
        below: list[_Pending] = []
        whole = len(glance.found) > 0 or not listing.names
        for chunk in [glance.found] if whole else self._ahead.look_up(here.place, listing.names):
            for found in self._but_plain(here, chunk):
                pending = self._take(here, found)
                if pending is not None:
                    pending.work = glance.below.pop(found.name, None)
                    pending.early = pending.work is not None
                    below.append(pending)
            self._columns.extend(here.index, self._rows)
            self._rows = []
        self._stack.extend(reversed(below))

    def _but_plain(self, here: _Pending, chunk: list[Found]) -> Iterator[Found]:
        """Take in the plain files, which most of all names are, and yield the rest; all in order."""
        if here.left >= 0 or self._options.patterns or any(r.patterns for r in here.rules):
            yield from chunk
            return
        room, plain, marked, rows = MOST_PATH_BYTES - len(here.place.path) - 1, [], self._marked, self._rows
        for found in chunk:
            name, status, _, error = found
            if (
                status is None
                or error
                or status.st_mode & _IRREGULAR
                or status.st_nlink > 1
                or len(name) > room
                or (marked and (status.st_dev, status.st_ino) in marked)
            ):
                yield found
            else:
                plain.append(status)
                rows.append((name, status, Kind.FILE, status.st_size))
        self._tally.files(plain, here.category)

    def _classify(self, here: _Pending, listing: Listing) -> None:
        """Learn from a directory's names what it is, and which patterns hold below."""
        if here.index and not here.category:
            here.category = "caches" if listing.cache else category_of_names(set(listing.names))
            if here.category and here.left < 0 and self._wanted.preset is Preset.SLIM:
                # The directory itself has its entry already and stays as an empty one, in sight of whoever looks.
                here.left = self._tally.leave_out(here.place.path, f"slim: {here.category}")
        if listing.ignore:
            base = here.place.path + b"/" if here.place.path else b""
            label = (base + b".takeoutignore").decode("utf-8", "replace")
            here.rules = (*here.rules, read_rules(label, listing.ignore, base))

    def _take(self, here: _Pending, found: Found) -> _Pending | None:
        """Take one name in; return it where it is a directory to walk."""
        path = here.place.path + b"/" + found.name if here.place.path else found.name
        status = found.status
        if status is None or len(path) > MOST_PATH_BYTES:
            if here.left < 0:
                why = found.error or f"the path is longer than {MOST_PATH_BYTES} bytes"
                self._tally.not_taken.append(NotTaken(path, why))
            return None
        if (status.st_dev, status.st_ino) in self._wanted.skip:
            return None
        if here.left < 0 and (reason_text := self._wanted.aside.get((status.st_dev, status.st_ino))):
            self._tally.leave_out(path, reason_text)
            return None
        if not stat.S_ISDIR(status.st_mode):
            left = self._decide(here, path, "", status) if here.left < 0 else here.left
            self._take_leaf(here, path, found, left)
            return None
        category = here.category or category_of_path(path)
        left = self._decide(here, path, category, status) if here.left < 0 else here.left
        if self._wanted.one_file_system and status.st_dev != here.place.device:
            return None  # a shared folder may be larger than all homes, or its server may not answer
        index = self._add(found.name, status, Kind.DIRECTORY) if left < 0 else -1
        return _Pending(Place(path, status.st_dev, status.st_ino), index, here.rules, category, left)

    def _decide(self, here: _Pending, path: bytes, category: str, status: os.stat_result) -> int:
        """Return the number under which a path is left out, or -1 where it is taken."""
        directory = stat.S_ISDIR(status.st_mode)
        for rules in (self._options, *reversed(here.rules)):
            decided = rules.decide(path, directory=directory) if rules.patterns else None
            if decided is not None:
                return self._tally.leave_out(path, decided[1]) if decided[0] else -1
        if category and not here.category and self._wanted.preset is Preset.SLIM:
            return self._tally.leave_out(path, f"slim: {category}")
        if directory and status.st_dev != here.place.device:
            self._tally.mounts.append(path)
            if self._wanted.one_file_system:
                return self._tally.leave_out(path, "on another file system; not looked into")
        return -1

    def _take_leaf(self, here: _Pending, path: bytes, found: Found, left: int) -> None:
        status = found.status
        assert status is not None  # noqa: S101 - the caller looked
        regular = stat.S_ISREG(status.st_mode)
        if regular:
            self._tally.seen(status.st_size, here.category, left)
        if left >= 0:
            return
        if found.error:
            self._tally.not_taken.append(NotTaken(path, found.error, status.st_size))
        elif regular:
            self._add(found.name, status, Kind.FILE, status.st_size)
        elif stat.S_ISLNK(status.st_mode):
            index = self._add(found.name, status, Kind.SYMLINK, len(found.target))
            self._columns.targets[index] = found.target
        else:
            what = _SPECIAL.get(stat.S_IFMT(status.st_mode), "neither file nor directory nor link")
            self._tally.not_taken.append(NotTaken(path, what))

    def _add(self, name: bytes, status: os.stat_result, kind: Kind, size: int = 0) -> int:
        index = len(self._columns.kinds) + len(self._rows)
        self._rows.append((name, status, kind, size))
        twin = False
        if kind is Kind.FILE and status.st_nlink > 1:
            first = self._first_names.setdefault((status.st_dev, status.st_ino), index)
            twin = first != index
            if twin:
                self._columns.twins[index] = first
        self._tally.taken(kind, status, twin=twin)
        return index
