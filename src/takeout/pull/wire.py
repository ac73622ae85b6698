"""An HTTP answer as it comes out of a socket: its head, then its body in pieces.

A home is tens of thousands of small answers. Python's own client reads each head with the parser of its mail
library, which takes longer than the request, the file and the journal together; so heads are read here.

Source: RFC 9112, sections 4 to 7.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass

_HEAD_BYTES = 64 << 10
_BODY_BYTES = 256 << 10
_MOST_HEAD_BYTES = 256 << 10
_MOST_LINE_BYTES = 64 << 10
_STATUS = re.compile(r"HTTP/1\.([01]) ([1-9][0-9]{2})(?: |\r?$)")
_BLANK = re.compile(rb"\r?\n\r?\n")
_FINAL = 200
_BODILESS = frozenset({204, 304})


class WireError(Exception):
    """What came is no answer, or it ended early."""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of an answer.

    Attributes:
        status: The status.
        headers: The headers, names in lower case; of several with one name the last.
        closes: Whether the server closes the connection after the answer.
    """

    status: int
    headers: dict[str, str]
    closes: bool


class Source:
    """The bytes of a connection, in order.

    Args:
        sock: The connection.
    """

    __slots__ = ("_rest", "_sock")

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._rest = b""

    @property
    def left(self) -> int:
        """How many bytes were received and not taken."""
        return len(self._rest)

    def some(self, most: int) -> bytes:
        """Return some bytes, at most so many; none at the end of the connection."""
        rest = self._rest
        if not rest:
            return self._sock.recv(min(most, _BODY_BYTES))
        self._rest = rest[most:]
        return rest[:most]

    def head(self) -> bytes:
        """Return what is before the next blank line.

        Raises:
            WireError: When the connection ends before, or none comes.
        """
        data = self._rest
        while (end := _BLANK.search(data)) is None:
            if len(data) > _MOST_HEAD_BYTES:
                raise WireError("an answer that is not HTTP")
            piece = self._sock.recv(_HEAD_BYTES)
            if not piece:
                raise WireError("the connection was cut")
            data = data + piece if data else piece
        self._rest = data[end.end() :]
        return data[: end.start()]

    def line(self) -> bytes:
        """Return the next line.

        Raises:
            WireError: When the connection ends before, or none comes.
        """
        data = self._rest
        while (end := data.find(b"\n")) < 0:
            piece = self._sock.recv(_HEAD_BYTES)
            if not piece or len(data) > _MOST_LINE_BYTES:
                raise WireError("the connection was cut")
            data += piece
        self._rest = data[end + 1 :]
        return data[:end]


def read_head(source: Source) -> Head:
    """Return the head of the next answer that is final.

    Raises:
        WireError: When there is none.
    """
    while True:
        head = _parsed(source.head().decode("latin-1"))
        if head.status >= _FINAL:
            return head


def _parsed(text: str) -> Head:
    first, *lines = text.split("\n")
    status = _STATUS.match(first)
    if status is None:
        raise WireError("an answer that is not HTTP")
    headers: dict[str, str] = {}
    name = ""
    for line in lines:
        if line[:1] in " \t" and name:
            # A header that goes on in the next line, as old proxies write it.
            headers[name] = f"{headers[name]} {line.strip()}".strip()
            continue
        name, _, value = line.partition(":")
        name = name.lower()
        headers[name] = value.strip()
    kept = headers.get("connection", "").lower()
    closes = "close" in kept or (status[1] == "0" and "keep-alive" not in kept)
    return Head(int(status[2]), headers, closes)


def read_body(source: Source, head: Head, method: str) -> Iterator[bytes]:
    """Yield the body of an answer.

    Raises:
        WireError: When it ends before its announced length.
    """
    if method == "HEAD" or head.status in _BODILESS:
        return iter(())
    if head.headers.get("transfer-encoding", "").lower().endswith("chunked"):
        return _chunked(source)
    length = head.headers.get("content-length")
    if length is None:
        return _until_closed(source)
    if not (length.isascii() and length.isdecimal()):
        raise WireError("an answer without a length")
    return _counted(source, int(length))


def ends_by_itself(head: Head) -> bool:
    """Return whether the end of an answer can be known without the connection's end."""
    told = head.headers
    return head.status in _BODILESS or "content-length" in told or "transfer-encoding" in told


def _counted(source: Source, left: int) -> Iterator[bytes]:
    while left:
        data = source.some(left)
        if not data:
            raise WireError("the connection was cut")
        left -= len(data)
        yield data


def _until_closed(source: Source) -> Iterator[bytes]:
    while data := source.some(_BODY_BYTES):
        yield data


def _chunked(source: Source) -> Iterator[bytes]:
    while size := _size(source.line()):
        yield from _counted(source, size)
        if source.line().strip():
            raise WireError("a chunk that is longer than announced")
    while source.line().strip():
        pass


def _size(line: bytes) -> int:
    digits = line.partition(b";")[0].strip()
    if not re.fullmatch(rb"[0-9a-fA-F]{1,15}", digits):
        raise WireError("a chunk without a length")
    return int(digits, 16)
