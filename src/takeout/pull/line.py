"""One kept connection to a server, for one thread.

Python's own client is half the work for a request of what larger ones are, and a home has many small files.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import select
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from takeout.errors import NetworkError, Where

_CONNECT_SECONDS = 20.0
_IDLE_SECONDS = 15.0
"""A connection that was idle for longer is not trusted: proxies forget it without a word."""
_CHUNK_BYTES = 256 << 10
_CUT = "the connection was cut"


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
        response: The answer.
        origin: Where it comes from.

    Attributes:
        ended: Whether all of it was read.
    """

    def __init__(self, response: http.client.HTTPResponse, origin: str) -> None:
        self._response = response
        self._origin = origin
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
        response = self._response
        if self.ended:
            raise StopIteration
        try:
            chunk = response.read1(_CHUNK_BYTES) if response.length != 0 else b""
        except (OSError, http.client.HTTPException, AttributeError, ValueError) as error:
            # The last two: another thread has closed the connection at the end of a pull.
            raise _translated(error, self._origin) from error
        if chunk:
            return chunk
        if response.length:
            raise CutError(_CUT)
        response.close()
        self.ended = True
        raise StopIteration


@dataclass(frozen=True, slots=True)
class Site:
    """Where the connections of a pull lead.

    Attributes:
        origin: Scheme, host and port.
        context: How certificates are checked; None without TLS.
        proxy: Address of the proxy that the environment names, or empty.
    """

    origin: str
    context: ssl.SSLContext | None
    proxy: str

    @classmethod
    def of(cls, origin: str) -> Site:
        """Return the way to an origin from here.

        Raises:
            NetworkError: When the proxy is of a kind that is not spoken.
        """
        parts = urlsplit(origin)
        proxies = getproxies()
        proxy = proxies.get(parts.scheme) or proxies.get("all") or ""
        if proxy and proxy_bypass(parts.hostname or ""):
            proxy = ""
        if proxy and "://" not in proxy:
            proxy = f"http://{proxy}"
        if proxy and urlsplit(proxy).scheme != "http":
            hint = "name one in https_proxy that is spoken to in HTTP, or take the server out with no_proxy"
            raise NetworkError(
                "the proxy that the environment names cannot be used", where=Where(origin), hint=hint
            )
        return cls(origin, ssl.create_default_context() if parts.scheme == "https" else None, proxy)


class Line:
    """A connection that is made when it is needed, and anew when it was closed.

    Args:
        site: Where it leads.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._kept: http.client.HTTPConnection | None = None
        self._used = 0.0
        self._will_close = self._busy = False

    def ask(
        self, method: str, path: str, headers: dict[str, str], *, body: bytes | None, seconds: tuple[float, float]
    ) -> Answer:
        """Send a request and return its answer.

        Args:
            method: The method.
            path: The path.
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
            self.close()
        kept, self._busy = self._ready(), True
        try:
            if kept.sock is None:
                kept.connect()
            kept.sock.settimeout(seconds[0])
            target, own = self._target(path)
            kept.request(method, target, body=body, headers={**headers, **own})
            sock = kept.sock
            response = kept.getresponse()
            sock.settimeout(seconds[1])
        except (OSError, http.client.HTTPException, AttributeError) as error:
            raise _translated(error, self._site.origin) from error
        self._will_close = response.will_close
        told = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, told, Body(response, self._site.origin))

    def done(self, answer: Answer | None) -> None:
        """Keep the connection if an answer was read to its end; let it go if not."""
        self._busy = False
        if answer is None or not answer.body.ended or self._will_close:
            self.close()
        else:
            self._used = time.monotonic()

    def close(self) -> None:
        """Let the connection go."""
        kept, self._kept = self._kept, None
        if kept is not None:
            if kept.sock is not None:
                # A thread that waits for it would otherwise wait on.
                with contextlib.suppress(OSError):
                    kept.sock.shutdown(socket.SHUT_RDWR)
            kept.close()

    def _ready(self) -> http.client.HTTPConnection:
        if self._kept is not None and (
            self._kept.sock is None or time.monotonic() - self._used > _IDLE_SECONDS or _has_news(self._kept.sock)
        ):
            self.close()
        if self._kept is None:
            self._kept = self._made()
        return self._kept

    def _made(self) -> http.client.HTTPConnection:
        site, there = self._site, urlsplit(self._site.origin)
        through = urlsplit(site.proxy) if site.proxy else there
        host, port = through.hostname or "", through.port
        if site.context is None:
            return http.client.HTTPConnection(host, port, timeout=_CONNECT_SECONDS)
        made = http.client.HTTPSConnection(host, port, timeout=_CONNECT_SECONDS, context=site.context)
        if site.proxy:
            made.set_tunnel(there.hostname or "", there.port or 443, _proxy_headers(site.proxy))
        return made

    def _target(self, path: str) -> tuple[str, dict[str, str]]:
        """Return what the request line names, and headers for a proxy on the way."""
        if self._site.proxy and self._site.context is None:
            return f"{self._site.origin}{path}", _proxy_headers(self._site.proxy)
        return path, {}


def _translated(error: Exception, origin: str) -> Exception:
    """Return what an error of the connection means."""
    match error:
        case ssl.SSLCertVerificationError():
            reason = f"the server's certificate is not good: {error.verify_message}"
            return NetworkError(reason, where=Where(origin))
        case TimeoutError():
            return SilentError()
        case ConnectionRefusedError() | socket.gaierror():
            return CutError(f"no connection: {error.strerror}")
    return CutError(_CUT)


def _has_news(sock: socket.socket) -> bool:
    """Whether an idle connection has something to say, which can only be that it ends."""
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        return bool(poll.poll(0))
    return bool(select.select([sock], [], [], 0)[0])


def _proxy_headers(proxy: str) -> dict[str, str]:
    parts = urlsplit(proxy)
    if parts.username is None:
        return {}
    secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Proxy-Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}
