"""A line on which every byte takes half a round trip, and no bandwidth is lost; in a process of its own.

Run as ``python delay.py PORT ROUND_TRIP_SECONDS``; it prints the port that it listens on.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import selectors
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

CHUNK_BYTES = 256 << 10
MOST_BYTES = 64 << 20
"""What a direction holds on its way; more than any line of this delay carries."""


class Direction:
    """One direction of a connection."""

    def __init__(self, source: socket.socket, sink: socket.socket) -> None:
        self.source = source
        self.sink = sink
        self.way: deque[tuple[float, memoryview]] = deque()
        self.held = 0
        self.ended = False


class Line:
    """All connections, in one thread.

    Args:
        port: Port of the server behind.
        half_seconds: How long a byte takes.
    """

    def __init__(self, port: int, half_seconds: float) -> None:
        self._port = port
        self._half = half_seconds
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = int(self._listener.getsockname()[1])
        self._events = selectors.DefaultSelector()
        self._events.register(self._listener, selectors.EVENT_READ, None)
        self._open: set[Direction] = set()
        self._due: list[tuple[float, int, Direction]] = []
        self._number = itertools.count()

    def run(self) -> None:
        """Pass bytes on, for ever."""
        while True:
            wait = max(0.0, self._due[0][0] - time.monotonic()) if self._due else None
            for key, _ in self._events.select(wait):
                if key.data is None:
                    self._accept()
                else:
                    self._read(key.data)
            now = time.monotonic()
            while self._due and self._due[0][0] <= now:
                self._deliver(heapq.heappop(self._due)[2], now)

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        far = socket.create_connection(("127.0.0.1", self._port))
        for link in (near, far):
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link.setblocking(False)
        for source, sink in ((near, far), (far, near)):
            direction = Direction(source, sink)
            self._open.add(direction)
            self._events.register(source, selectors.EVENT_READ, direction)

    def _read(self, direction: Direction) -> None:
        try:
            data = direction.source.recv(CHUNK_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        direction.way.append((time.monotonic() + self._half, memoryview(data)))
        if len(direction.way) == 1:
            self._wait_for(direction)
        direction.held += len(data)
        direction.ended = not data
        if direction.ended or direction.held > MOST_BYTES:
            self._events.unregister(direction.source)

    def _wait_for(self, direction: Direction) -> None:
        heapq.heappush(self._due, (direction.way[0][0], next(self._number), direction))

    def _deliver(self, direction: Direction, now: float) -> None:
        while direction.way and direction.way[0][0] <= now:
            data = direction.way[0][1]
            if not data:
                self._end(direction)
                return
            try:
                sent = direction.sink.send(data)
            except BlockingIOError:
                direction.way[0] = (now + 0.0005, data)
                break
            except OSError:
                sent = len(data)
            full = direction.held > MOST_BYTES
            direction.held -= sent
            if full and direction.held <= MOST_BYTES and not direction.ended:
                self._events.register(direction.source, selectors.EVENT_READ, direction)
            if sent < len(data):
                direction.way[0] = (now, data[sent:])
            else:
                direction.way.popleft()
        if direction.way:
            self._wait_for(direction)

    def _end(self, direction: Direction) -> None:
        self._open.remove(direction)
        with contextlib.suppress(OSError):
            direction.sink.shutdown(socket.SHUT_WR)
        if not any(each.sink is direction.source for each in self._open):
            for link in (direction.source, direction.sink):
                link.close()


@contextlib.contextmanager
def delayed(port: int, round_trip_seconds: float) -> Iterator[int]:
    """Put such a line before a port and give its own port; the port itself where there is no delay."""
    if not round_trip_seconds:
        yield port
        return
    command = [sys.executable, str(Path(__file__)), str(port), str(round_trip_seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None  # noqa: S101 - as asked for
            yield int(process.stdout.readline())
        finally:
            process.kill()


if __name__ == "__main__":
    line = Line(int(sys.argv[1]), float(sys.argv[2]) / 2)
    print(line.port, flush=True)
    line.run()
