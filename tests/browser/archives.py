"""Compare an archive with the home that it was made of, knowing nothing of how it was made."""

from __future__ import annotations

import hashlib
import os
import stat
import zipfile
from pathlib import Path

SUMS, REPORT = "SHA256SUMS", "TAKEOUT.txt"
_UTF8_NAME = 0x800


def differences(archive: Path, home: Path, *, without: frozenset[str] = frozenset()) -> list[str]:
    """Return how a zip archive differs from a directory, in words; nothing where it has all of it.

    Args:
        archive: The zip archive: the directory by its name, the sums and the report.
        home: The directory.
        without: Paths below it that are not to be in the archive, with all below them.
    """
    with zipfile.ZipFile(archive) as opened:
        damaged = opened.testzip()
        if damaged:
            return [f"{damaged}: damaged"]
        found = {_name(entry).rstrip(b"/"): _described(opened, entry) for entry in opened.infolist()}
        sums = opened.read(SUMS)
    wanted = _tree(home, without)
    missing = [name for name in (SUMS.encode(), REPORT.encode()) if not found.pop(name, "")]
    lines = [f"{name!r}: not in the archive" for name in missing]
    lines += [
        f"{name!r}: in the archive {found.get(name)}, in the home {wanted.get(name)}"
        for name in sorted(wanted.keys() | found.keys())
        if wanted.get(name) != found.get(name)
    ]
    promised = {path: f"file {digest}" for digest, path in map(_unescaped, sums.splitlines())}
    files = {name: what for name, what in wanted.items() if what.startswith("file ")}
    lines += [f"{name!r}: in {SUMS} {promised.get(name)}" for name in files if promised.get(name) != files[name]]
    return lines


def _name(entry: zipfile.ZipInfo) -> bytes:
    return entry.orig_filename.encode("utf-8" if entry.flag_bits & _UTF8_NAME else "cp437")


def _described(opened: zipfile.ZipFile, entry: zipfile.ZipInfo) -> str:
    content = opened.read(entry)
    mode = entry.external_attr >> 16
    if stat.S_ISLNK(mode):
        return f"link {content!r}"
    if entry.filename.endswith("/"):
        return "directory"
    return f"file {hashlib.sha256(content).hexdigest()}"


def _tree(home: Path, without: frozenset[str]) -> dict[bytes, str]:
    top = os.fsencode(home)
    tree = {os.path.basename(top): "directory"}  # noqa: PTH119
    for folder, folders, files in os.walk(top):
        for name in [*folders, *files]:
            path = os.path.join(folder, name)  # noqa: PTH118 -- names of any bytes
            parts = os.path.relpath(path, top).split(b"/")
            if any(os.fsdecode(b"/".join(parts[: at + 1])) in without for at in range(len(parts))):
                continue
            below = os.path.join(os.path.basename(top), *parts)  # noqa: PTH118, PTH119
            if os.path.islink(path):  # noqa: PTH114
                tree[below] = f"link {os.readlink(path)!r}"  # noqa: PTH115
            elif os.path.isdir(path):  # noqa: PTH112
                tree[below] = "directory"
            else:
                tree[below] = f"file {hashlib.sha256(Path(os.fsdecode(path)).read_bytes()).hexdigest()}"
    return tree


def _unescaped(line: bytes) -> tuple[str, bytes]:
    """Return sum and path of a line of ``sha256sum``, which begins with a backslash where the path has escapes."""
    escaped = line.startswith(b"\\")
    digest, _, path = line.removeprefix(b"\\").partition(b"  ")
    if escaped:
        path = path.replace(b"\\n", b"\n").replace(b"\\r", b"\r").replace(b"\\\\", b"\\")
    return digest.decode(), path
