"""A server that means harm writes nothing outside the destination."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pull.compare import tree
from takeout.pull import Token, pull


class Evil(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    listing: tuple[tuple[str, str], ...] = ()

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/api":
            self.answer({"version": "2.0"})
        elif path == "/api/contents/":
            entries = [self.model(name, kind) for name, kind in self.listing]
            self.answer({**self.model("", "directory"), "content": entries})
        elif path.startswith("/api/contents/"):
            self.answer({**self.model(path.rpartition("/")[2], "directory"), "content": [self.model("x", "file")]})
        else:
            self.answer(b"evil")

    def model(self, name: str, kind: str) -> dict[str, Any]:
        return {"name": name, "path": name, "type": kind, "size": 4, "last_modified": "2020-01-01T00:00:00Z"}

    def answer(self, content: object) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Last-Modified", "Wed, 01 Jan 2020 00:00:00 GMT")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def evil() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Evil)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_names_that_climb_are_refused(evil: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = ("../up", "..", ".", "", "/abs", "a/b", "nul\0", "\udcff")
    monkeypatch.setattr(Evil, "listing", (*((name, "file") for name in bad), ("good", "file")))

    report = pull(evil, tmp_path / "in" / "here", Token("t"))

    assert set(tree(tmp_path)) == {"in", "in/here", "in/here/good"} | {
        name for name in tree(tmp_path) if name.startswith("in/here/.takeout-pull")
    }
    assert len(report.not_taken) == len(bad)


def test_nothing_is_written_through_a_link_that_is_here(
    evil: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Evil, "listing", (("folder", "directory"), ("file", "file")))
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("mine")
    here = tmp_path / "here"
    here.mkdir()
    (here / "folder").symlink_to(outside)
    (here / "file").symlink_to(outside / "file")

    report = pull(evil, here, Token("t"))

    assert {path.name: path.read_text() for path in outside.iterdir()} == {"file": "mine"}
    assert {item.path for item in report.not_taken} >= {"folder", "file"}
