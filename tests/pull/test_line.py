"""The connection itself: certificates, proxies that the environment names, answers that are left half-read."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from takeout.errors import NetworkError
from takeout.pull.connection import Connection
from takeout.pull.pace import Pace
from takeout.pull.site import Site


class Long(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = b'{"path": "' + self.path.encode() + b'"}' + b" " * (4 << 20)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    started = ThreadingHTTPServer(("127.0.0.1", 0), Long)
    # Whoever leaves an answer half-read breaks the other end's pipe; that is none of the test's business.
    started.handle_error = lambda *_: None  # type: ignore[method-assign]
    thread = threading.Thread(target=started.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield started
    started.shutdown()
    thread.join()
    started.server_close()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl here")
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext"
    places = ["-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "certificate")]
    subprocess.run([*command.split(), "subjectAltName=IP:127.0.0.1", *places], check=True, capture_output=True)
    return tmp_path / "certificate"


def connection(origin: str) -> Connection:
    return Connection(origin, "/", None, Pace(2), hub="", patience_seconds=5)


def test_a_certificate_is_checked_and_a_bad_one_ends_it_at_once(
    server: ThreadingHTTPServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    origin = f"https://127.0.0.1:{server.server_port}"

    stranger = connection(origin)
    with pytest.raises(NetworkError, match="certificate"):
        stranger.json("x")
    stranger.close()

    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    trusted = connection(origin)
    assert trusted.json("x") == {"path": "/x"}
    trusted.close()


def test_a_proxy_of_the_environment_is_asked_for_the_whole_address(
    server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://user:pass%20word@127.0.0.1:{server.server_port}")
    monkeypatch.delenv("no_proxy", raising=False)

    through = connection("http://hub.example")
    assert through.json("x") == {"path": "http://hub.example/x"}
    through.close()
    monkeypatch.setenv("no_proxy", "hub.example")
    assert Site.of("http://hub.example").proxy == ""
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:1")
    with pytest.raises(NetworkError, match="proxy"):
        Site.of("http://other.example")


def test_an_answer_that_is_left_half_read_spoils_no_other(server: ThreadingHTTPServer) -> None:
    one = connection(f"http://127.0.0.1:{server.server_port}")
    with one.ask("first") as answer:
        next(answer.body)
    assert one.json("second") == {"path": "/second"}
    with one.ask("third") as outer:
        assert one.json("fourth") == {"path": "/fourth"}
        assert outer.status == 200
    assert one.json("fifth") == {"path": "/fifth"}
    one.close()
