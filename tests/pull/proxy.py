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

CHUNK_BYTES = 16 << 10


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
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def close(self) -> None:
        self._listener.close()
        for link in list(self._open):
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            self._open.add(link)
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link: socket.socket) -> None:  # noqa: C901, PLR0912 - one connection's life in order
        upstream: socket.socket | None = None
        answers: BinaryIO | None = None
        client = link.makefile("rb")
        try:
            while True:
                head = _head(client)
                if head is None:
                    return
                request, lines, body = self._read(head, client)
                if self.latency_seconds:
                    time.sleep(self.latency_seconds)
                done = self.rule(request)
                if isinstance(done, Answer):
                    link.sendall(_written(done))
                    continue
                bend = done or Bend()
                sent = [line for line in lines[1:] if line.partition(":")[0].lower() not in bend.drop]
                try:
                    if upstream is None:
                        upstream = socket.create_connection(("127.0.0.1", self.behind), timeout=30)
                        answers = upstream.makefile("rb")
                    upstream.sendall("\r\n".join([lines[0], *sent, "", ""]).encode("latin-1") + body)
                    answer = _head(answers)
                except OSError:
                    answer = None
                if answer is None:
                    if upstream is not None:
                        upstream.close()
                    upstream = None
                    link.sendall(_written(Answer(502)))
                    continue
                with self._lock:
                    self._now += 1
                    self.together = max(self.together, self._now)
                try:
                    if not self._pass(link, answer, answers, request, bend):
                        return
                finally:
                    with self._lock:
                        self._now -= 1
        except OSError:
            return
        finally:
            for stream in (client, answers):
                if stream is not None:
                    stream.close()
            for one in (link, upstream):
                if one is not None:
                    with contextlib.suppress(OSError):
                        one.shutdown(socket.SHUT_RDWR)
                    one.close()
            self._open.discard(link)

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
        for chunk in _body(head, headers, answers):
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


def _head(stream: BinaryIO) -> list[str] | None:
    lines: list[str] = []
    while True:
        line = stream.readline()
        if not line:
            return None
        text = line.decode("latin-1").rstrip("\r\n")
        if not text:
            return lines
        lines.append(text)


def _body(head: list[str], headers: dict[str, str], stream: BinaryIO) -> Iterator[bytes]:
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


def _written(answer: Answer) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}", f"Content-Length: {len(answer.body)}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + answer.body
