"""Where the connections of a pull lead, and how one is made: with TLS, through a proxy of the environment."""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from takeout.errors import NetworkError, Where

_CONNECT_SECONDS = 20.0


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

    def connect(self) -> socket.socket:
        """Return a new connection.

        Raises:
            OSError: When it cannot be made.
            http.client.HTTPException: When the proxy does not speak HTTP.
        """
        there = urlsplit(self.origin)
        first = urlsplit(self.proxy) if self.proxy else there
        host, port = first.hostname or "", first.port
        if self.context is None:
            made = http.client.HTTPConnection(host, port, timeout=_CONNECT_SECONDS)
        else:
            made = http.client.HTTPSConnection(host, port, timeout=_CONNECT_SECONDS, context=self.context)
            if self.proxy:
                made.set_tunnel(there.hostname or "", there.port or 443, _proxy_headers(self.proxy))
        try:
            made.connect()
        except BaseException:
            made.close()
            raise
        sock: socket.socket = made.sock
        return sock

    def target(self, path: str) -> str:
        """Return what the request line names for a path: a proxy is told the whole address."""
        return f"{self.origin}{path}" if self.proxy and self.context is None else path

    def headers(self) -> dict[str, str]:
        """Return the headers that belong to the connection and not to the request."""
        own = _proxy_headers(self.proxy) if self.proxy and self.context is None else {}
        host = urlsplit(self.origin).netloc
        return {"Host": host if host.isascii() else host.encode("idna").decode("ascii"), **own}


def _proxy_headers(proxy: str) -> dict[str, str]:
    parts = urlsplit(proxy)
    if parts.username is None:
        return {}
    secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Proxy-Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}
