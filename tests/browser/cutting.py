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
    with socket.create_server(("127.0.0.1", 0)) as listener:
        line = Line(f"http://127.0.0.1:{listener.getsockname()[1]}", cuts)

        def accept() -> None:
            while True:
                try:
                    near, _ = listener.accept()
                except OSError:
                    return
                far = socket.create_connection((parts.hostname, parts.port))
                _Connection(line, near, far).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield line
        finally:
            listener.shutdown(socket.SHUT_RDWR)


class _Connection:
    def __init__(self, line: Line, near: socket.socket, far: socket.socket) -> None:
        self.line, self.near, self.far = line, near, far
        self.left: int | None = None
        self.head = b""

    def start(self) -> None:
        for way in (self.there, self.back):
            threading.Thread(target=way, daemon=True).start()

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
        self.close()

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
        self.close()

    def close(self) -> None:
        for each in (self.near, self.far):
            # A socket that another thread waits at is closed only once that thread was woken.
            with suppress(OSError):
                each.shutdown(socket.SHUT_RD)
            each.close()
