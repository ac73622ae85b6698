"""What runs on the server, in a kernel or a terminal started for it: Python 3.6 or newer, its own library alone.

Its text is sent there as it stands. It reads, and writes nothing.
"""

# ruff: noqa: PTH115, PTH118, PTH123, PTH208, UP031 - names stay as they are; old Pythons must read this

import base64
import json
import os
import stat
import time
import zlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_TURNS = 3
_TICK_SECONDS = 0.02
LOST = "-"
"""The answer where the first pieces of a listing were sent by an agent that has ended since."""
_listings = {}  # type: dict[str, bytes]


def takeout_walk(root: str, piece: int, piece_bytes: int) -> str:
    """Return a piece of the listing of a tree, in base64; made with the first piece, forgotten with the last."""
    if piece == 0:
        text = json.dumps(list(_directories(root)), separators=(",", ":")).encode("ascii")
        _listings[root] = zlib.compress(text, 1)
    if root not in _listings:
        return LOST
    data = _listings[root][piece * piece_bytes : (piece + 1) * piece_bytes]
    if len(data) < piece_bytes:
        del _listings[root]
    return base64.b64encode(data).decode("ascii")


def takeout_read(root: str, wanted: "list[tuple[str, int, int]]") -> str:
    """Return pieces of files: first a line of JSON, each file's size and time, the piece's length, its error."""
    heads, pieces = [], []
    for path, start, length in wanted:
        try:
            size, mtime, data = _piece(os.path.join(root, path), start, length)
            heads.append([size, mtime, len(data), ""])
            pieces.append(data)
        except OSError as error:
            heads.append([-1, -1, 0, error.strerror or str(error)])
    text = json.dumps(heads, separators=(",", ":")).encode("ascii")
    return base64.b64encode(zlib.compress(text + b"\n" + b"".join(pieces), 1)).decode("ascii")


def _piece(path: str, start: int, length: int) -> "tuple[int, int, bytes]":
    """Return a file's size and time and a piece of it; a time of -1 where it changed every time it was read."""
    for _ in range(_TURNS):
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(descriptor, "rb") as stream:
            before = os.fstat(descriptor)
            if not stat.S_ISREG(before.st_mode):
                raise OSError("it is not a file any more")
            stream.seek(start)
            data = stream.read(length)
            if 0 <= time.time() - before.st_mtime < _TICK_SECONDS:
                # Two changes within one tick of the system's clock give a file the same time.
                time.sleep(_TICK_SECONDS)
            after = os.fstat(descriptor)
        if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns):
            return after.st_size, after.st_mtime_ns, data
    return after.st_size, -1, data


def _directories(root: str) -> "Iterator[list[object]]":
    """Yield every directory below a root: path, entries, ignored patterns, whether it is a cache, error."""
    stack = [""]
    while stack:
        path = stack.pop()
        where = os.path.join(root, path) if path else root
        entries, below = [], []
        try:
            names = sorted(os.listdir(where))
        except OSError as error:
            yield [path, [], "", False, error.strerror or str(error)]
            continue
        for name in names:
            entry, descend = _entry(where, name)
            entries.append(entry)
            if descend:
                below.append(path + "/" + name if path else name)
        ignore = _start(os.path.join(where, ".takeoutignore"), 1 << 20) if ".takeoutignore" in names else b""
        tag = _start(os.path.join(where, "CACHEDIR.TAG"), 64) if "CACHEDIR.TAG" in names else b""
        cache = tag.startswith(b"Signature: 8a477f597d28d172789f06886806bc55")
        yield [path, entries, base64.b64encode(ignore).decode("ascii"), cache, ""]
        stack.extend(reversed(below))


def _entry(where: str, name: str) -> "tuple[list[object], bool]":
    """Return an entry: name, kind, size, time, mode, target, inode where there are more names, error."""
    path = os.path.join(where, name)
    try:
        status = os.lstat(path)
        mode, kind, target = stat.S_IMODE(status.st_mode), "", ""
        if stat.S_ISDIR(status.st_mode):
            kind = "d"
        elif stat.S_ISREG(status.st_mode):
            kind = "f"
        elif stat.S_ISLNK(status.st_mode):
            kind, target = "l", os.readlink(path)
        else:
            return [name, "", 0, 0, 0, "", "", "it is a socket, a pipe or a device"], False
        twin = "%d:%d" % (status.st_dev, status.st_ino) if kind == "f" and status.st_nlink > 1 else ""
        error = "" if kind != "f" or os.access(path, os.R_OK) else "permission denied"
    except OSError as problem:
        return [name, "", 0, 0, 0, "", "", problem.strerror or str(problem)], False
    return [name, kind, status.st_size, status.st_mtime_ns, mode, target, twin, error], kind == "d"


def _start(path: str, length: int) -> bytes:
    try:
        with open(path, "rb") as stream:
            return stream.read(length)
    except OSError:
        return b""
