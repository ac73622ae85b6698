"""An HTTP answer as it comes out of a socket: its head, then its body in pieces.

A home is tens of thousands of small answers. Python's own client reads each head with the parser of its mail
library, which takes longer than the request, the file and the journal together; so answers go through llhttp, the
parser of Node.js.

Source: RFC 9112; https://github.com/MagicStack/httptools (its callbacks).
"""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Iterator

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

_PIECE_BYTES = 256 << 10
_MOST_HEAD_BYTES = 256 << 10
_FINAL = 200


class WireError(Exception):
    """What came is no answer, or it ended early."""


class Message:
    """The final answer to one request; interim ones before it are passed over.

    Args:
        sock: The connection.
        method: The request's method; the answer to ``HEAD`` has no body, whatever it announces.

    Attributes:
        status: The status.
        headers: The headers, names in lower case; of several with one name the last.
        keeps: Whether another request may follow on the connection.
        excess: Whether more came than the answer.
    """

    __slots__ = (
        "_bodiless",
        "_ended",
        "_headed",
        "_parser",
        "_ready",
        "_received_bytes",
        "_sock",
        "excess",
        "headers",
        "keeps",
        "status",
    )

    def __init__(self, sock: socket.socket, method: str) -> None:
        self._sock = sock
        self._bodiless = method == "HEAD"
        self._ready: deque[bytes] = deque()
        self._received_bytes = 0
        self._headed = self._ended = False
        self.status = 0
        self.headers: dict[str, str] = {}
        self.keeps = self.excess = False
        self._parser = HttpResponseParser(self)
        # Old proxies fold headers, and end lines as Unix does.
        self._parser.set_dangerous_leniencies(lenient_headers=True, lenient_optional_cr_before_lf=True)
        while not self._headed:
            self._receive()

    def pieces(self) -> Iterator[bytes]:
        """Yield the body.

        Raises:
            WireError: When it ends before its announced length.
        """
        while True:
            while self._ready:
                yield self._ready.popleft()
            if self._ended:
                return
            self._receive()

    def _receive(self) -> None:
        data = self._sock.recv(_PIECE_BYTES)
        if not data:
            # Where no length was announced, the end of the connection is that of the answer.
            if not self._headed or "content-length" in self.headers or "transfer-encoding" in self.headers:
                raise WireError("the connection was cut")
            self._ended = True
            return
        self._received_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            if not self._ended:
                raise WireError("an answer that is not HTTP") from error
            self.excess = True
        if not self._headed and self._received_bytes > _MOST_HEAD_BYTES:
            raise WireError("an answer that is not HTTP")

    # What the parser calls

    def on_message_begin(self) -> None:
        """Note that an answer begins, or one too many."""
        self.excess = self.excess or self._ended

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note a header."""
        if not self._headed:
            self.headers[name.decode("latin-1").lower()] = value.decode("latin-1").strip()

    def on_headers_complete(self) -> None:
        """Note the head; that of an interim answer is forgotten."""
        if self._headed:
            return
        self.status = self._parser.get_status_code()
        self._headed = self.status >= _FINAL
        if self._headed:
            self.keeps = self._parser.should_keep_alive()
            self._ended = self._bodiless
        else:
            self.headers.clear()

    def on_body(self, body: bytes) -> None:
        """Note a piece of the body."""
        if self._ended:
            self.excess = True
        elif self._headed:
            self._ready.append(body)

    def on_message_complete(self) -> None:
        """Note the end."""
        self._ended = self._ended or self._headed
