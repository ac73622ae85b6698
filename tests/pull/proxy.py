"""A proxy that is as bad as real ones are, at moments that a test chooses."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import BinaryIO

from pull.messages import read_body, read_head


@dataclass(frozen=True)
class Request:
    """A request on its way.

    Attributes:
        method: The method.
        path: Path and query, as sent.
        headers: Headers, names in lower case.
        number: How many requests came before it.
        same: How many requests for the same path came before it.
    """

    method: str
    path: str
    headers: dict[str, str]
    number: int
    same: int

    @property
    def for_file(self) -> bool:
        return "/files/" in self.path

    @property
    def for_archive(self) -> bool:
        return "/takeout/archive" in self.path


@dataclass(frozen=True)
class Answer:
    """What the proxy answers itself."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"<html>a proxy says something</html>"


@dataclass(frozen=True)
class Bend:
    """What the proxy does to an answer that it passes on.

    Attributes:
        cut_after: Close the connection after so many bytes of the body.
        headers: Headers to put in place of the server's; an empty one is taken out.
        drop: Request headers to take out.
        at: Called when so many bytes of the body were passed on.
        then: What is called.
    """

    cut_after: int = -1
    headers: dict[str, str] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    at: int = -1
    then: Callable[[], None] | None = None


Rule = Callable[[Request], Answer | Bend | None]


def once(rule: Callable[[Request], Answer | Bend | None]) -> Rule:
    """Return a rule for the first request for the archive alone."""
    done: list[Request] = []

    def first(request: Request) -> Answer | Bend | None:
        if request.for_archive and not done:
            done.append(request)
            return rule(request)
        return None

    return first


def login_page(request: Request) -> Answer:
    del request
    return Answer(200, {"Content-Type": "text/html"}, b"<!DOCTYPE html><html><body>Please log in</body></html>")


class Proxy:
    """The proxy.

    Args:
        port: Port of the server behind it.
        rule: Says what happens to a request; None for nothing.
    """

    def __init__(self, port: int, rule: Rule = lambda _: None, latency_seconds: float = 0.0) -> None:
        self.rule = rule
        self.behind = port
        self.latency_seconds = latency_seconds
        self.requests: list[Request] = []
        self.file_bytes = 0
        self.cuts = 0
        self.together = self._now = 0
        self._seen: dict[str, int] = {}
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = int(self._listener.getsockname()[1])
        self._open: set[socket.socket] = set()
        self._closed = False
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def close(self) -> None:
        """End every connection, and wait until each thread has closed its own: no other may do that for it."""
        with self._lock:
            self._closed = True
            for each in (self._listener, *self._open):
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()

    @contextlib.contextmanager
    def _opened(self, link: socket.socket) -> Iterator[tuple[socket.socket, BinaryIO]]:
        """Give a connection and what comes out of it; ``close`` ends it, and the end of the block closes it."""
        with link, link.makefile("rb") as stream:
            with self._lock:
                if self._closed:
                    raise ConnectionAbortedError
                self._open.add(link)
            try:
                yield link, stream
            finally:
                with self._lock:
                    self._open.discard(link)

    def _accept(self) -> None:
        with self._listener, contextlib.suppress(OSError):
            while True:
                link, _ = self._listener.accept()
                self._threads.append(threading.Thread(target=self._serve, args=(link,), daemon=True))
                self._threads[-1].start()

    def _serve(self, link: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as behind, self._opened(link) as (near, client):
            upstream: tuple[socket.socket, BinaryIO] | None = None
            while (head := read_head(client)) is not None:
                request, lines, body = self._read(head, client)
                if self.latency_seconds:
                    time.sleep(self.latency_seconds)
                done = self.rule(request)
                if isinstance(done, Answer):
                    near.sendall(_written(done))
                    continue
                bend = done or Bend()
                sent = [line for line in lines[1:] if line.partition(":")[0].lower() not in bend.drop]
                try:
                    if upstream is None:
                        far = socket.create_connection(("127.0.0.1", self.behind), timeout=30)
                        upstream = behind.enter_context(self._opened(far))
                    upstream[0].sendall("\r\n".join([lines[0], *sent, "", ""]).encode("latin-1") + body)
                    answer = read_head(upstream[1])
                except OSError:
                    answer = None
                if answer is None or upstream is None:
                    behind.close()
                    upstream = None
                    near.sendall(_written(Answer(502)))
                    continue
                with self._under_way():
                    if not self._pass(near, answer, upstream[1], request, bend):
                        return

    @contextlib.contextmanager
    def _under_way(self) -> Iterator[None]:
        with self._lock:
            self._now += 1
            self.together = max(self.together, self._now)
        try:
            yield
        finally:
            with self._lock:
                self._now -= 1

    def _read(self, head: list[str], client: BinaryIO) -> tuple[Request, list[str], bytes]:
        method, path, _ = head[0].split(" ", 2)
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])
        }
        length = int(headers.get("content-length", "0"))
        body = client.read(length) if length else b""
        with self._lock:
            same = self._seen.get(path, 0)
            self._seen[path] = same + 1
            request = Request(method, path, headers, len(self.requests), same)
            self.requests.append(request)
        return request, head, body

    def _pass(self, link: socket.socket, head: list[str], answers: BinaryIO, request: Request, bend: Bend) -> bool:
        """Pass an answer on; return whether the connection goes on."""
        headers = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in head[1:]}
        told = [
            line for line in head[1:] if line.partition(":")[0].lower() not in {k.lower() for k in bend.headers}
        ]
        told += [f"{name}: {value}" for name, value in bend.headers.items() if value]
        link.sendall("\r\n".join([head[0], *told, "", ""]).encode("latin-1"))
        sent = 0
        for chunk in read_body(head, headers, answers):
            piece = chunk
            if bend.cut_after >= 0:
                piece = chunk[: bend.cut_after - sent]
            link.sendall(piece)
            sent += len(piece)
            if request.for_file or request.for_archive:
                with self._lock:
                    self.file_bytes += len(piece)
            if bend.then is not None and 0 <= bend.at <= sent:
                bend.then()
                bend = Bend(bend.cut_after)
            if 0 <= bend.cut_after <= sent:
                with self._lock:
                    self.cuts += 1
                return False
        if request.method != "HEAD" and sent < int(headers.get("content-length", "0")):
            return False
        return not bend.headers and headers.get("connection", "").lower() != "close"


def _written(answer: Answer) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}", f"Content-Length: {len(answer.body)}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + answer.body
