"""Read a zip strictly: every byte belongs to one record, so that nothing overlaps and nothing hides.

The central directory is read along with the members, a record at a time: memory does not grow with their number.
"""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from takeout.archive.contents.checksum import crc32
from takeout.archive.opening.members import CHUNK_BYTES, Found, damaged
from takeout.archive.records.heads import LIMIT_32
from takeout.archive.records.zipformat import DEFLATED, FLAG_DESCRIPTOR, LIMIT_16, STORED
from takeout.errors import ArchiveError

_END = struct.Struct("<4s4H2IH")
_END_64 = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR = struct.Struct("<4sIQI")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_LOCAL = struct.Struct("<4s5H3I2H")
_MOST_LINK_BYTES = 65_535
_DOS_YEAR, _MARCH = 1980, 3
_U64 = struct.Struct("<Q")
_TAG = struct.Struct("<HH")
_UT = struct.Struct("<Bi")
_NTFS = struct.Struct("<QQ")
_NTFS_EPOCH = 11_644_473_600


@dataclass(frozen=True, slots=True)
class _Record:
    """What the central directory says of a member."""

    name: bytes
    flags: int
    method: int
    crc: int
    compressed: int
    size: int
    mode: int
    offset: int
    mtime: float


def members(path: Path) -> Iterator[Found]:
    """Yield the members of a zip; see ``takeout.archive.opening.read.members``."""
    with path.open("rb") as file, path.open("rb") as table:
        entries, start, length, end = _end(path, file)
        table.seek(start)
        at, read = 0, 0
        for _ in range(entries):
            record, used = _central(path, table)
            read += used
            if record.offset != at or read > length:
                raise damaged(path, f"the records overlap or leave a gap at byte {at}")
            data_at = at + _local_bytes(path, file, record, at)
            at = data_at + record.compressed + _descriptor_bytes(path, file, record, data_at)
            if at > start:
                raise damaged(path, f"{record.name!r} reaches into the central directory")
            yield _found(path, file, record, data_at)
        if at != start or read != length or start + length != end:
            raise damaged(path, "there are bytes that belong to no member")


def _end(path: Path, file: BinaryIO) -> tuple[int, int, int, int]:
    """Return the number of members, the central directory's start and length, and where the end records begin."""
    size = file.seek(0, 2)
    where = size - _END.size
    file.seek(max(0, where))
    raw = file.read(_END.size)
    if len(raw) < _END.size or not raw.startswith(b"PK\x05\x06"):
        raise damaged(path, "the archive ends too early: its last record is missing")
    _, _, _, _, entries, length, start, _ = _END.unpack(raw)
    if entries == LIMIT_16 or LIMIT_32 in (length, start):
        file.seek(max(0, where - _LOCATOR.size))
        locator = file.read(_LOCATOR.size)
        if locator.startswith(b"PK\x06\x07"):
            where = _LOCATOR.unpack(locator)[2]
            file.seek(where)
            raw = file.read(_END_64.size)
            if len(raw) < _END_64.size or not raw.startswith(b"PK\x06\x06"):
                raise damaged(path, "the ZIP64 end record is not where it should be")
            entries, length, start = _END_64.unpack(raw)[7:]
    return entries, start, length, where


def _central(path: Path, table: BinaryIO) -> tuple[_Record, int]:
    """Return the next record of the central directory and its length."""
    raw = table.read(_CENTRAL.size)
    if len(raw) < _CENTRAL.size or not raw.startswith(b"PK\x01\x02"):
        raise damaged(path, "the central directory is damaged")
    fields = _CENTRAL.unpack(raw)
    flags, method, clock, date, crc, compressed, size = fields[3:10]
    name_bytes, extra_bytes, comment_bytes, attributes, offset = *fields[10:13], *fields[15:17]
    name = table.read(name_bytes)
    extra = _extra(table.read(extra_bytes))
    table.seek(comment_bytes, 1)
    size, compressed, offset = _widened(extra.get(1, b""), size, compressed, offset)
    record = _Record(
        name, flags, method, crc, compressed, size, attributes >> 16, offset, _mtime(extra, clock, date)
    )
    return record, _CENTRAL.size + name_bytes + extra_bytes + comment_bytes


def _widened(wide: bytes, *values: int) -> Iterator[int]:
    """Yield values with those that a 32-bit field could not hold taken from the ZIP64 field, in order."""
    for value in values:
        if value == LIMIT_32 and len(wide) >= _U64.size:
            yield _U64.unpack_from(wide)[0]
            wide = wide[_U64.size :]
        else:
            yield value


def _extra(raw: bytes) -> dict[int, bytes]:
    fields: dict[int, bytes] = {}
    while len(raw) >= _TAG.size:
        tag, length = _TAG.unpack_from(raw)
        fields.setdefault(tag, raw[4 : 4 + length])
        raw = raw[4 + length :]
    return fields


def _mtime(extra: dict[int, bytes], clock: int, date: int) -> float:
    ntfs, unix = extra.get(0x000A, b""), extra.get(0x5455, b"")
    if len(ntfs) >= _NTFS.size:
        return float(_NTFS.unpack_from(ntfs)[1] / 1e7 - _NTFS_EPOCH)
    if len(unix) >= _UT.size and unix[0] & 1:
        return float(_UT.unpack_from(unix)[1])
    days = _days(_DOS_YEAR + (date >> 9), date >> 5 & 15, date & 31)
    return days * 86_400 + (clock >> 11) * 3_600 + (clock >> 5 & 63) * 60 + (clock & 31) * 2


def _days(year: int, month: int, day: int) -> int:
    """Return days since 1970 in the Gregorian calendar, for fields that need not be a date."""
    year -= month < _MARCH
    shifted = (month + 9) % 12
    return year * 365 + year // 4 - year // 100 + year // 400 + (153 * shifted + 2) // 5 + day - 1 - 719_468


def _local_bytes(path: Path, file: BinaryIO, record: _Record, at: int) -> int:
    """Return the length of a member's local header, which must say the same as the central directory."""
    file.seek(at)
    raw = file.read(_LOCAL.size)
    if len(raw) < _LOCAL.size or not raw.startswith(b"PK\x03\x04"):
        raise damaged(path, f"{record.name!r} has no header at byte {at}")
    _, _, flags, method, _, _, crc, compressed, size, name_bytes, extra_bytes = _LOCAL.unpack(raw)
    name = file.read(name_bytes)
    wide = _extra(file.read(extra_bytes)).get(1, b"")
    if size == LIMIT_32 and compressed == LIMIT_32 and len(wide) >= 2 * _U64.size:
        size, compressed = _widened(wide, size, compressed)
    told = (crc, compressed, size)
    expected = (0, 0, 0) if flags & FLAG_DESCRIPTOR else (record.crc, record.compressed, record.size)
    if (name, flags, method) != (record.name, record.flags, record.method) or told != expected:
        raise damaged(path, f"the two headers of {record.name!r} disagree")
    return _LOCAL.size + int(name_bytes) + int(extra_bytes)


def _descriptor_bytes(path: Path, file: BinaryIO, record: _Record, data_at: int) -> int:
    """Return the length of what follows a member's data, which must say the same as the central directory."""
    if not record.flags & FLAG_DESCRIPTOR:
        return 0
    file.seek(data_at + record.compressed)
    raw = file.read(24)
    for shape in ("<4sIQQ", "<4sIII"):
        if raw[: struct.calcsize(shape)] == struct.pack(
            shape, b"PK\x07\x08", record.crc, *_fit(shape, record.compressed, record.size)
        ):
            return struct.calcsize(shape)
    raise damaged(path, f"what follows the data of {record.name!r} is damaged")


def _fit(shape: str, *values: int) -> tuple[int, ...]:
    return tuple(value & LIMIT_32 for value in values) if shape.endswith("III") else values


def _found(path: Path, file: BinaryIO, record: _Record, data_at: int) -> Found:
    kind, link = "file", b""
    data = partial(_data, path, file, record, data_at)
    if stat.S_ISLNK(record.mode):
        if record.size > _MOST_LINK_BYTES:
            raise damaged(path, f"the target of the link {record.name!r} is too long")
        kind, link = "symlink", b"".join(data())
    elif record.name.endswith(b"/"):
        kind = "directory"
    elif stat.S_IFMT(record.mode) not in (0, stat.S_IFREG):
        raise damaged(path, f"{record.name!r} is neither file nor directory nor link")
    mode = record.mode or (0o755 if kind == "directory" else 0o644)
    return Found(record.name.rstrip(b"/"), kind, stat.S_IMODE(mode), record.mtime, record.size, link, data)


def _data(path: Path, file: BinaryIO, record: _Record, data_at: int) -> Iterator[bytes]:
    if record.method not in (STORED, DEFLATED) or (record.method == STORED and record.size != record.compressed):
        raise damaged(path, f"{record.name!r} is packed in a way that Takeout does not use")
    crc = size = 0
    raw = _raw(path, file, data_at, record.compressed)
    for chunk in _inflated(path, record, raw) if record.method == DEFLATED else raw:
        size += len(chunk)
        if size > record.size:
            raise damaged(path, f"{record.name!r} is longer than it says")
        crc = crc32(chunk, crc)
        yield chunk
    if (size, crc) != (record.size, record.crc):
        raise ArchiveError(f"the checksum of {record.name!r} is wrong")


def _raw(path: Path, file: BinaryIO, at: int, length: int) -> Iterator[bytes]:
    while length:
        file.seek(at)
        chunk = file.read(min(length, CHUNK_BYTES))
        if not chunk:
            raise damaged(path, "the archive ends too early")
        yield chunk
        at += len(chunk)
        length -= len(chunk)


def _inflated(path: Path, record: _Record, raw: Iterator[bytes]) -> Iterator[bytes]:
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for chunk in raw:
            rest = chunk
            while rest:
                if stream.eof:
                    raise damaged(path, f"there is more after the end of {record.name!r}")
                yield stream.decompress(rest, CHUNK_BYTES)
                rest = stream.unconsumed_tail
        while out := stream.decompress(b"", CHUNK_BYTES):
            yield out
    except zlib.error as error:
        raise ArchiveError(f"the data of {record.name!r} is damaged") from error
    if not stream.eof or stream.unused_data:
        raise damaged(path, f"the data of {record.name!r} ends in the wrong place")
