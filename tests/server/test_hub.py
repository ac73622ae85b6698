"""In JupyterHub's own server for one user, with its own way to know who asks."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from server.serving import BASE, Server, free_port, own, running

PEOPLE = {"jovyans-token": "jovyan", "bobs-token": "bob"}


class _Hub(BaseHTTPRequestHandler):
    """As much of a hub as a user's server asks for: who has this token?"""

    def do_GET(self) -> None:
        if not self.path.startswith("/hub/api/user"):
            self._say(200, {"version": "5.2.0"})
            return
        name = PEOPLE.get(self.headers["Authorization"].partition(" ")[2])
        if name is None:
            self._say(403, {"message": "who is that?"})
            return
        scopes = [f"access:servers!server={name}/"]
        self._say(200, {"kind": "user", "name": name, "admin": False, "groups": [], "scopes": scopes})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._say(200, {})

    def _say(self, status: int, what: object) -> None:
        body = json.dumps(what).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def hub() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Hub) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join(10)


@pytest.fixture(scope="module")
def server(module_place: Path) -> Iterator[Server]:
    """Jovyan's server on a hub."""
    place = module_place
    for name in ("config", "runtime", "data", "home", "root/data"):
        (place / name).mkdir(parents=True)
    (place / "root" / "data" / "file").write_bytes(b"jovyan's data")
    own(place)
    with hub() as hub_port:
        port = free_port()
        scopes = json.dumps(["access:servers!server=jovyan/", "access:servers!user=jovyan"])
        variables = {
            "JUPYTERHUB_API_URL": f"http://127.0.0.1:{hub_port}/hub/api",
            "JUPYTERHUB_API_TOKEN": "jovyans-token",
            "JUPYTERHUB_BASE_URL": "/",
            "JUPYTERHUB_CLIENT_ID": "jupyterhub-user-jovyan",
            "JUPYTERHUB_HOST": "",
            "JUPYTERHUB_OAUTH_ACCESS_SCOPES": scopes,
            "JUPYTERHUB_OAUTH_CALLBACK_URL": f"{BASE}oauth_callback",
            "JUPYTERHUB_OAUTH_SCOPES": scopes,
            "JUPYTERHUB_SERVER_NAME": "",
            "JUPYTERHUB_SERVICE_PREFIX": BASE,
            "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{port}{BASE}",
            "JUPYTERHUB_SINGLEUSER_APP": "jupyter_server.serverapp.ServerApp",
            "JUPYTERHUB_USER": "jovyan",
        }
        root = place / "root"
        command = [sys.executable, "-m", "jupyterhub.singleuser", "--allow-root", f"--ServerApp.root_dir={root}"]
        with running(command, place, root, port, **variables) as started:
            yield started


def test_the_owner_downloads(server: Server) -> None:
    answer = server.ask("takeout/archive/", token="jovyans-token")  # noqa: S106 - of this test

    assert answer.status == 200
    assert b"jovyan's data" in answer.body
    rest = server.ask("takeout/archive/", token="jovyans-token", Range="bytes=50-", If_Range=answer.tag)  # noqa: S106
    assert rest.status == 206
    assert answer.body[50:] == rest.body


@pytest.mark.parametrize("token", ["bobs-token", "nobodys-token"])
@pytest.mark.parametrize(
    "path", ["takeout/archive/", "takeout/inventory/", "takeout/status", "takeout/", "takeout/archive/data"]
)
def test_another_user_does_not(server: Server, path: str, token: str) -> None:
    answer = server.ask(path, token=token)

    assert answer.status in (302, 403)
    assert b"data" not in answer.body.replace(b"data:", b"")
    assert "etag" not in answer.headers


def test_nobody_is_sent_to_the_hub_to_log_in(server: Server) -> None:
    answer = server.ask("takeout/?path=data", token=None)

    assert answer.status == 302
    assert answer.headers["location"].startswith("/hub/api/oauth2/authorize")


def test_the_page_may_ask_with_the_cookie_that_came_with_it(server: Server) -> None:
    connection, response = server.begin("takeout/", token="jovyans-token")  # noqa: S106 - of this test
    with closing(connection):
        cookies = [value for name, value in response.getheaders() if name.lower() == "set-cookie"]

    assert response.status == 200
    assert [value for value in cookies if value.startswith("_xsrf=") and f"Path={BASE}" in value]


def test_the_page_leads_to_the_hubs_tokens(server: Server) -> None:
    assert server.ask("takeout/status", token="jovyans-token").json()["hub"] == {"token": "/hub/token"}  # noqa: S106
