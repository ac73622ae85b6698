"""A line between browser and server that breaks in the middle of a download."""

from __future__ import annotations

import re
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_ARCHIVE = re.compile(rb"GET [^ ]*/takeout/archive/[^\r]*\r\n(?:[^\r]+\r\n)*\r\n")
_PIECE = 16_384
_HANG_UP = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: what is not sent is dropped and the other side sees a reset, as when a line breaks."""


@dataclass(slots=True)
class Line:
    """What went over the line.

    Attributes:
        origin: Where it begins: scheme, host and port.
        cuts: After how many bytes of each download the line breaks; a download without one goes through.
        requests: The heads of the requests for an archive, in order.
    """

    origin: str
    cuts: list[int]
    requests: list[bytes] = field(default_factory=list)

    def ranges(self) -> list[str]:
        """Return the ``Range`` of each request for an archive; empty where it had none."""
        found = [re.search(rb"\r\nRange: ([^\r]*)", head, re.IGNORECASE) for head in self.requests]
        return [match[1].decode() if match else "" for match in found]


@contextmanager
def breaking(origin: str, cuts: list[int]) -> Iterator[Line]:
    """Relay to a server, and break the line in the middle of the first downloads.

    Args:
        origin: The server's scheme, host and port.
        cuts: After how many bytes of the first, second, … download.
    """
    parts = urlsplit(origin)
    there = parts.hostname or "", parts.port or 80
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sockets = _Sockets()
        line = Line(f"http://127.0.0.1:{listener.getsockname()[1]}", cuts)
        threads: list[threading.Thread] = []

        def accept() -> None:
            with suppress(OSError), sockets.opened(listener):
                while True:
                    near, _ = listener.accept()
                    threads.append(threading.Thread(target=_carry, args=(line, near, there, sockets), daemon=True))
                    threads[-1].start()

        threads.append(threading.Thread(target=accept, daemon=True))
        threads[0].start()
        try:
            yield line
        finally:
            sockets.end()
            for thread in threads:
                thread.join(60)
                assert not thread.is_alive()


class _Sockets:
    """The sockets that threads wait at; each is closed by the thread whose it is, and ended by whoever wants."""

    def __init__(self) -> None:
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._ended = False

    @contextmanager
    def opened(self, one: socket.socket) -> Iterator[None]:
        with one:
            with self._lock:
                if self._ended:
                    raise ConnectionAbortedError
                self._open.add(one)
            try:
                yield
            finally:
                with self._lock:
                    self._open.discard(one)

    def end(self) -> None:
        with self._lock:
            self._ended = True
            for one in self._open:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)


def _carry(line: Line, near: socket.socket, there: tuple[str, int], sockets: _Sockets) -> None:
    with suppress(OSError), sockets.opened(near):
        far = socket.create_connection(there)
        with sockets.opened(far):
            connection = _Connection(line, near, far)
            back = threading.Thread(target=connection.back, daemon=True)
            back.start()
            connection.there()
            back.join()


class _Connection:
    def __init__(self, line: Line, near: socket.socket, far: socket.socket) -> None:
        self.line, self.near, self.far = line, near, far
        self.left: int | None = None
        self.head = b""

    def there(self) -> None:
        """From the browser: watch for a request for an archive."""
        with suppress(OSError):
            while piece := self.near.recv(_PIECE):
                self.head = (self.head + piece)[-4 * _PIECE :]
                if match := _ARCHIVE.search(self.head):
                    number = len(self.line.requests)
                    self.line.requests.append(match[0])
                    self.head = self.head[match.end() :]
                    self.left = self.line.cuts[number] if number < len(self.line.cuts) else None
                self.far.sendall(piece)
        self.wake()

    def back(self) -> None:
        """From the server: let through as much as the line bears."""
        with suppress(OSError):
            while piece := self.far.recv(_PIECE):
                if self.left is not None:
                    piece = piece[: self.left]
                    self.left -= len(piece)
                self.near.sendall(piece)
                if self.left == 0:
                    self.near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _HANG_UP)
                    break
        self.wake()

    def wake(self) -> None:
        """Wake the other direction's thread; the browser hears nothing before the connection is closed."""
        for one, how in ((self.near, socket.SHUT_RD), (self.far, socket.SHUT_RDWR)):
            with suppress(OSError):
                one.shutdown(how)
