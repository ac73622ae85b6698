"""A name server that knows one name, for a test's authority of certificates; it runs in a pod, with Python alone.

It gives the address only when somebody answers there on port 80, or after a while: whoever starts at the same time
as the question is asked has by then got its packets, as with an authority that takes longer than a test's does.
"""

from __future__ import annotations

import socket
import socketserver
import struct
import sys
import time

_PORT = 53
_LONGEST_SECONDS = 10.0
_PAUSE_SECONDS = 0.2
_HEADER_BYTES = 12
_A = 1
_ANSWER, _NO_SUCH_NAME = 0x8580, 0x8583


class Handler(socketserver.StreamRequestHandler):
    """Answer questions over TCP: two bytes of length, then the message."""

    def handle(self) -> None:
        """Answer until the other end has no more questions."""
        while size := self.rfile.read(2):
            message = self.rfile.read(int.from_bytes(size, "big"))
            answer = reply(message, *sys.argv[1:3])
            self.wfile.write(len(answer).to_bytes(2, "big") + answer)


def reply(message: bytes, name: str = "", address: str = "") -> bytes:
    """Return the answer to one question.

    Source: https://www.rfc-editor.org/rfc/rfc1035#section-4.1
    """
    end, labels = _HEADER_BYTES, []
    while length := message[end]:
        labels.append(message[end + 1 : end + 1 + length].decode())
        end += 1 + length
    question = message[_HEADER_BYTES : end + 5]
    kind = int.from_bytes(message[end + 1 : end + 3], "big")
    known = bool(address) and ".".join(labels).lower() == name
    answers = b""
    if known and kind == _A:
        wait_for(address)
        answers = b"\xc0\x0c" + struct.pack(">HHIH", _A, 1, 1, 4) + socket.inet_aton(address)
    flags = _ANSWER if known else _NO_SUCH_NAME
    return message[:2] + struct.pack(">HHHHH", flags, 1, bool(answers), 0, 0) + question + answers


def wait_for(address: str) -> None:
    """Wait until somebody takes connections at an address on port 80, or for a while."""
    until = time.monotonic() + _LONGEST_SECONDS
    while time.monotonic() < until:
        try:
            socket.create_connection((address, 80), timeout=1).close()
        except OSError:
            time.sleep(_PAUSE_SECONDS)
        else:
            return


class Server(socketserver.ThreadingTCPServer):
    """One thread for each connection."""

    allow_reuse_address = True
    daemon_threads = True


if __name__ == "__main__":
    with Server(("", _PORT), Handler) as server:
        server.serve_forever()
