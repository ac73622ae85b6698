"""Heads and bodies of answers, as servers and proxies of all ages send them, in pieces of any size."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from takeout.pull.line import CutError, Line
from takeout.pull.site import Site
from takeout.pull.wire import Message, WireError

Speak = Callable[..., int]


def received(data: bytes, piece_bytes: int, method: str = "GET") -> tuple[Message, bytes]:
    """Return what is read of some bytes that come in pieces: the answer, and its body."""
    near, far = socket.socketpair()

    def send() -> None:
        # Whoever knows enough hangs up.
        with far, contextlib.suppress(OSError):
            for at in range(0, len(data), piece_bytes):
                far.sendall(data[at : at + piece_bytes])

    sender = threading.Thread(target=send)
    sender.start()
    try:
        message = Message(near, method)
        return message, b"".join(message.pieces())
    finally:
        near.close()
        sender.join()


@pytest.mark.parametrize("piece_bytes", [1, 7, 65_536])
@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"hello"),
        (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", b"hello"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n3\r\nyou\r\n0\r\nT: 1\r\n\r\n",
            b"helloyou",
        ),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", b"until the end"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
)
def test_answers_are_read_in_pieces_of_any_size(answer: bytes, body: bytes, piece_bytes: int) -> None:
    message, read = received(answer, piece_bytes)
    assert read == body
    assert not message.excess


def test_names_are_in_lower_case_and_a_header_may_go_on_in_the_next_line() -> None:
    answer = b"HTTP/1.1 206 Partial\r\nCONTENT-length: 0\r\nX-Long: one\r\n two\r\nEmpty:\r\nO: a: \x85b\r\n\r\n"

    message, _ = received(answer, 3)

    assert message.status == 206
    assert message.headers == {"content-length": "0", "x-long": "one two", "empty": "", "o": "a: \x85b"}


def test_the_answer_to_head_has_no_body_whatever_it_announces() -> None:
    assert received(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", 65_536, "HEAD")[1] == b""


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"<html>\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000,
    ],
)
def test_what_is_no_whole_answer_is_never_taken_for_one(answer: bytes) -> None:
    with pytest.raises(WireError):
        received(answer, 65_536)


@pytest.fixture
def speak() -> Iterator[Speak]:
    """Serve one connection after the other, each with the answers given for it; give the port."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(30)
    threads: list[threading.Thread] = []

    def serve(connections: tuple[list[bytes], ...]) -> None:
        for answers in connections:
            link, _ = listener.accept()
            with link, link.makefile("rb") as asked:
                for answer in answers:
                    if not asked.readline():
                        break  # whoever asked has let the connection go
                    while asked.readline().strip():
                        pass
                    link.sendall(answer)

    def start(*connections: list[bytes]) -> int:
        threads.append(threading.Thread(target=serve, args=(connections,)))
        threads[0].start()
        return int(listener.getsockname()[1])

    yield start
    for thread in threads:
        thread.join()
    listener.close()


def ask(line: Line) -> bytes:
    answer = line.ask("GET", "/x", {}, body=None, seconds=(10, 10))
    try:
        return answer.read()
    finally:
        line.done(answer)


@pytest.mark.parametrize("announced", [b"", b"Connection: close\r\n"])
def test_a_connection_that_cannot_be_trusted_is_not_used_again(speak: Speak, announced: bytes) -> None:
    good = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
    more = b"" if announced else b"e more"
    port = speak([good + announced + b"\r\non" + more, good + b"\r\nno"], [good + b"\r\n2.", good + b"\r\n3."])
    line = Line(Site(f"http://127.0.0.1:{port}", None, ""))
    try:
        assert [ask(line), ask(line), ask(line)] == [b"on", b"2.", b"3."]
    finally:
        line.end()


def test_a_body_that_was_cut_does_not_end_well_when_it_is_asked_again(speak: Speak) -> None:
    port = speak([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"])
    line = Line(Site(f"http://127.0.0.1:{port}", None, ""))
    answer = line.ask("GET", "/x", {}, body=None, seconds=(10, 10))

    with pytest.raises(CutError):
        answer.read()
    with pytest.raises(CutError):
        answer.read()
    assert not answer.body.ended
    line.done(answer)
    line.end()


def test_a_request_is_one_line_and_its_headers() -> None:
    line = Line(Site("http://127.0.0.1:9", None, ""))

    for path in ("/a b", "/a\r\nHost: evil", "/ü"):
        with pytest.raises(ValueError, match="/"):
            line.ask("GET", path, {}, body=None, seconds=(1, 1))
