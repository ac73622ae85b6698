"""Heads and bodies of HTTP messages, read from a connection just well enough to pass them on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

CHUNK_BYTES = 16 << 10


def read_head(stream: BinaryIO) -> list[str] | None:
    lines: list[str] = []
    while True:
        line = stream.readline()
        if not line:
            return None
        text = line.decode("latin-1").rstrip("\r\n")
        if not text:
            return lines
        lines.append(text)


def read_body(head: list[str], headers: dict[str, str], stream: BinaryIO) -> Iterator[bytes]:
    status = int(head[0].split(" ")[1])
    if status in (204, 304):
        return
    if headers.get("transfer-encoding", "").lower() == "chunked":
        while True:
            line = stream.readline()
            size = int(line.split(b";")[0], 16)
            yield line + stream.read(size + 2)
            if size == 0:
                return
    left = int(headers.get("content-length", "0"))
    while left:
        chunk = stream.read(min(CHUNK_BYTES, left))
        if not chunk:
            return
        left -= len(chunk)
        yield chunk
