"""One kept connection to a server, for one thread."""

from __future__ import annotations

import contextlib
import http.client
import select
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from takeout.errors import NetworkError, Where
from takeout.pull.site import Site
from takeout.pull.wire import Message, WireError

_IDLE_SECONDS = 15.0
"""A connection that was idle for longer is not trusted: proxies forget it without a word."""
_CUT = "the connection was cut"
_CERTIFICATE = "where the site has an authority of its own, name the file with its certificate in SSL_CERT_FILE"
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_BROKEN = (OSError, http.client.HTTPException, WireError, ValueError)
"""What a connection that ends raises; the last where another thread has closed it at the end of a pull."""


class CutError(Exception):
    """The connection was cut, or never made."""


class SilentError(Exception):
    """Nothing came for too long."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, whose body is still to be read.

    Attributes:
        status: The status.
        headers: The headers, names in lower case.
        body: The body, in pieces as they come; each is there once.
    """

    status: int
    headers: Mapping[str, str]
    body: Body

    def read(self) -> bytes:
        """Return the rest of the body."""
        return b"".join(self.body)


class Body:
    """What comes after the head of an answer.

    Args:
        pieces: The bytes.
        origin: Where they come from.

    Attributes:
        ended: Whether all of it was read.
    """

    __slots__ = ("_failed", "_origin", "_pieces", "ended")

    def __init__(self, pieces: Iterator[bytes], origin: str) -> None:
        self._pieces = pieces
        self._origin = origin
        self._failed = False
        self.ended = False

    def __iter__(self) -> Iterator[bytes]:
        """Return itself."""
        return self

    def __next__(self) -> bytes:
        """Return the next piece.

        Raises:
            CutError: When the connection is cut.
            SilentError: When nothing comes for too long.
        """
        try:
            return next(self._pieces)
        except StopIteration:
            if self._failed:
                raise CutError(_CUT) from None
            self.ended = True
            raise
        except _BROKEN as error:
            self._failed = True
            raise _translated(error, self._origin) from error


class Line:
    """A connection that is made when it is needed, and anew when it was closed.

    It belongs to one thread. Another one may ``end`` it at any moment; it is then closed by its own thread if that
    is at it, for a descriptor that is closed under a thread's hands may be somebody else's a moment later.

    Args:
        site: Where it leads.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._own = site.headers()
        self._kept: socket.socket | None = None
        self._message: Message | None = None
        self._used = 0.0
        self._busy = self._ended = False
        self._lock = threading.Lock()

    def ask(
        self, method: str, path: str, headers: dict[str, str], *, body: bytes | None, seconds: tuple[float, float]
    ) -> Answer:
        """Send a request and return its answer.

        Args:
            method: The method.
            path: The path, quoted.
            headers: All headers but those of the connection.
            body: What to send.
            seconds: The longest silence to bear, before the answer begins and while it comes.

        Raises:
            CutError: When the connection cannot be made or is cut.
            SilentError: When nothing comes for too long.
            NetworkError: When the server's certificate is not good.
        """
        if self._busy:
            # Somebody left an answer without reading it; what follows on its connection would be its rest.
            self._close()
        request = _written(method, self._site.target(path), {**self._own, **headers}, body)
        with self._lock:
            if self._ended:
                raise CutError(_CUT)
            self._busy = True
        try:
            sock = self._ready()
            sock.settimeout(seconds[0])
            sock.sendall(request)
            message = self._message = Message(sock, method)
            sock.settimeout(seconds[1])
        except _BROKEN as error:
            raise _translated(error, self._site.origin) from error
        return Answer(message.status, message.headers, Body(message.pieces(), self._site.origin))

    def done(self, answer: Answer | None) -> None:
        """Keep the connection if an answer was read to its end; let it go if not."""
        message, self._message = self._message, None
        good = answer and answer.body.ended and message and message.keeps and not message.excess
        with self._lock:
            self._busy = False
            if good and not self._ended:
                self._used = time.monotonic()
                return
        self._close()

    def end(self) -> None:
        """Let the connection go, for good; a thread that waits for an answer hears at once that none comes."""
        with self._lock:
            self._ended = True
            if self._busy:
                if self._kept is not None:
                    with contextlib.suppress(OSError):
                        self._kept.shutdown(socket.SHUT_RDWR)
                return
        self._close()

    def _close(self) -> None:
        with self._lock:
            kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()

    def _ready(self) -> socket.socket:
        """Return the connection.

        Raises:
            OSError: When it cannot be made.
            CutError: When it was ended meanwhile.
        """
        kept = self._kept
        if kept is not None and (time.monotonic() - self._used > _IDLE_SECONDS or _has_news(kept)):
            self._close()
            kept = None
        if kept is None:
            made = self._site.connect()
            with self._lock:
                kept = self._kept = made
                if self._ended:
                    raise CutError(_CUT)
        return kept


def _written(method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
    """Return a request as it is sent.

    Raises:
        ValueError: When it would be another one than was meant.
    """
    if not (target.isascii() and target.isprintable()) or " " in target:
        raise ValueError(target)
    lines = [f"{method} {target} HTTP/1.1"]
    if "Accept-Encoding" not in headers:
        lines.append("Accept-Encoding: identity")
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body is not None or method in _WITH_BODY:
        lines.append(f"Content-Length: {len(body or b'')}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")


def _translated(error: Exception, origin: str) -> Exception:
    """Return what an error of the connection means."""
    match error:
        case ssl.SSLCertVerificationError():
            reason = f"the server's certificate is not good: {error.verify_message}"
            return NetworkError(reason, where=Where(origin), hint=_CERTIFICATE)
        case TimeoutError():
            return SilentError()
        case ConnectionRefusedError() | socket.gaierror():
            return CutError(f"no connection: {error.strerror}")
        case WireError():
            return CutError(str(error))
    return CutError(_CUT)


def _has_news(sock: socket.socket) -> bool:
    """Whether an idle connection has something to say, which can only be that it ends."""
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        return bool(poll.poll(0))
    return bool(select.select([sock], [], [], 0)[0])
