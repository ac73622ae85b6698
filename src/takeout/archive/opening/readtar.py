"""Read a compressed tar as a stream."""

from __future__ import annotations

import gzip
import tarfile
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from takeout.archive.contents.zstandard import zstd
from takeout.archive.opening.members import CHUNK_BYTES, Found, damaged
from takeout.errors import ArchiveError

_BROKEN = (tarfile.TarError, zstd.ZstdError, zlib.error, EOFError, gzip.BadGzipFile)


def members(path: Path) -> Iterator[Found]:
    """Yield the members of a tar; see ``takeout.archive.opening.read.members``."""
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path) if zipped else zstd.open(path) as stream:
            yield from _members(path, stream)
            while stream.read(CHUNK_BYTES):
                pass  # the checksum comes after the last byte
    except _BROKEN as error:
        raise damaged(path, f"the archive is damaged or ends too early: {error}") from error


def _members(path: Path, stream: gzip.GzipFile | zstd.ZstdFile) -> Iterator[Found]:
    with tarfile.open(fileobj=stream, mode="r|", encoding="utf-8", errors="surrogateescape") as tar:
        while (info := tar.next()) is not None:
            vars(tar)["members"] = []  # tarfile keeps every member that it has seen
            yield _found(path, tar, info)


def _found(path: Path, tar: tarfile.TarFile, info: tarfile.TarInfo) -> Found:
    if info.isdir():
        kind = "directory"
    elif info.issym():
        kind = "symlink"
    elif info.islnk():
        kind = "link"
    elif info.isreg():
        kind = "file"
    else:
        raise damaged(path, f"{info.name!r} is neither file nor directory nor link")
    data = partial(_data, path, tar, info)
    size = info.size if kind == "file" else 0
    name = info.name.rstrip("/") or "/"
    return Found(_bytes(name), kind, info.mode & 0o7777, info.mtime, size, _bytes(info.linkname), data)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _data(path: Path, tar: tarfile.TarFile, info: tarfile.TarInfo) -> Iterator[bytes]:
    size = 0
    try:
        file = tar.extractfile(info)
        while file is not None and (chunk := file.read(CHUNK_BYTES)):
            size += len(chunk)
            yield chunk
    except _BROKEN as error:
        raise damaged(path, f"the archive is damaged or ends too early: {error}") from error
    if size != info.size:
        raise ArchiveError(f"{info.name!r} ends too early")
