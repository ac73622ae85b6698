"""The last two files of every archive: ``SHA256SUMS`` and ``TAKEOUT.txt``.

Both have lengths that are known from the inventory alone. A file that could not be read as promised has a comment
in place of its checksum, of the same length; ``sha256sum -c`` passes over lines that begin with ``#``.
"""

from __future__ import annotations

from binascii import hexlify
from collections.abc import Iterable, Iterator

from takeout.archive.contents.results import BRIEF, WHOLE, WORDS, Results, State
from takeout.archive.home.entry import Kind, shown
from takeout.archive.home.inventory import Inventory

SUMS_NAME = b"SHA256SUMS"
REPORT_NAME = b"TAKEOUT.txt"
_HEX = 64
_EVENTS_LEAST = 2_048
_EVENTS_EACH = 128
_EVENTS_MOST = 65_536


def prefix_of(root: bytes) -> bytes:
    """Return the directory that holds the home in the archive: the home's own name, where it has a good one."""
    name = root.rstrip(b"/").rpartition(b"/")[2]
    if name in (b"", b".", b"..", SUMS_NAME, REPORT_NAME):
        return b"home"
    return name


def escaped(name: bytes) -> bytes:
    r"""Return a name as ``sha256sum`` writes it: ``\\`` and ``\n`` for a backslash and a line's end."""
    return name.replace(b"\\", b"\\\\").replace(b"\n", b"\\n")


def unescaped(name: bytes) -> bytes:
    """Undo ``escaped``."""
    return b"\\".join(part.replace(b"\\n", b"\n") for part in name.split(b"\\\\"))


def sums_line_bytes(name: bytes) -> int:
    """Return the length of a file's line in ``SHA256SUMS``."""
    special = b"\\" in name or b"\n" in name
    return special + _HEX + 2 + (len(escaped(name)) if special else len(name)) + 1


def sums_line(name: bytes, state: State, sha: bytes) -> bytes:
    """Return a file's line.

    Args:
        name: Name in the archive.
        state: What became of it. What was read whole, but changed meanwhile, is marked with ``*`` before its
            name; to ``sha256sum`` on Unix that is the same as a space.
        sha: SHA-256 of its content in the archive.
    """
    special = b"\\" in name or b"\n" in name
    if state is State.GOOD and not special:
        return b"%b  %b\n" % (hexlify(sha), name)
    text = escaped(name) if special else name
    if state not in WHOLE:
        comment = b"# " + BRIEF.get(state, "not read").encode()
        return comment.ljust(_HEX + special) + b"  " + text + b"\n"
    mark = b" " if state is State.GOOD else b"*"
    return (b"\\" if special else b"") + sha.hex().encode() + b" " + mark + text + b"\n"


class Report:
    """``TAKEOUT.txt`` of an archive.

    Args:
        inventory: The home.
        prefix: The directory that holds it inside the archive.
    """

    def __init__(self, inventory: Inventory, prefix: bytes) -> None:
        self._inventory = inventory
        self._head = "".join(f"{line}\n" for line in _head(inventory, prefix)).encode()
        self._events_bytes = min(_EVENTS_MOST, _EVENTS_LEAST + _EVENTS_EACH * inventory.totals.files)

    @property
    def size_bytes(self) -> int:
        """Its length, whatever happens while the files are read."""
        return len(self._head) + self._events_bytes

    def text(self, results: Results) -> bytes:
        """Return the whole, filled up with empty lines."""
        return self._head + self._events(results).ljust(self._events_bytes, b"\n")

    def _events(self, results: Results) -> bytes:
        troubles = sorted(results.troubles.items())
        if not troubles:
            return b"Every file was read whole, and none changed meanwhile.\n"
        lines: list[bytes] = []
        room = self._events_bytes - 256
        for number, (index, state) in enumerate(troubles):
            line = f"- {shown(self._inventory.path(index))}: {WORDS[state]}\n".encode()
            if len(line) > room:
                more = (
                    f"... and {len(troubles) - number} more: the lines with # or * in SHA256SUMS name them all.\n"
                )
                return b"".join(lines) + more.encode()
            room -= len(line)
            lines.append(line)
        return b"".join(lines)


def _head(inventory: Inventory, prefix: bytes) -> Iterator[str]:
    totals, findings = inventory.totals, inventory.findings
    yield "Takeout: what this archive holds, and what it does not"
    yield ""
    yield f"The home is in the directory {shown(prefix)}."
    yield f"{totals.files} files with {totals.size_bytes} bytes, {totals.directories} directories,"
    yield f"{totals.symlinks} links."
    yield "Permissions, times, owners and links are kept; access control lists and extended attributes are not."
    yield ""
    yield "Check it:       sha256sum --quiet -c SHA256SUMS    (macOS: shasum -a 256 -c SHA256SUMS)"
    yield "In SHA256SUMS a line with # is a file that could not be read as promised, a * before a name means that"
    yield "the file changed while it was read."
    if totals.twins:
        yield ""
        names = f"{totals.twins} files ({totals.twin_bytes} bytes)"
        yield f"{names} are hard links: other names of files that are here too."
    yield from _section("Not taken", [f"{shown(item.path)}: {item.reason}" for item in findings.not_taken])
    yield from _section(
        "Left out on request",
        [f"{shown(i.path)} ({i.files} files, {i.size_bytes} bytes): {i.rule}" for i in findings.left_out],
    )
    yield from _section("Links that lead out of the home", list(_outward(inventory)))
    yield ""
    yield "While it was read:"


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    listed = list(lines)
    yield ""
    yield f"{title}: {len(listed) or 'nothing'}"
    for line in listed:
        yield f"- {line}"


def _outward(inventory: Inventory) -> Iterator[str]:
    """Yield the symlinks whose target, by its text, is outside the home; they are kept as links."""
    for index, target in sorted(inventory.columns.targets.items()):
        path = inventory.path(index)
        if target.startswith(b"/") or _climbs(path, target):
            yield f"{shown(path)} -> {shown(target)}"


def _climbs(path: bytes, target: bytes) -> bool:
    depth = path.count(b"/")
    for part in target.split(b"/"):
        if part == b"..":
            depth -= 1
            if depth < 0:
                return True
        elif part not in (b"", b"."):
            depth += 1
    return False


def files_of(inventory: Inventory) -> Iterator[int]:
    """Yield the indexes of the regular files."""
    kinds = inventory.columns.kinds
    return (index for index in range(len(kinds)) if kinds[index] == Kind.FILE)
