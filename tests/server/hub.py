"""As much of a hub as a user's own server speaks with."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from server.serving import BASE

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


def variables(hub_port: int, port: int) -> dict[str, str]:
    """Return the environment in which a hub starts jovyan's server.

    Args:
        hub_port: Where the hub listens.
        port: Where the server is to listen.
    """
    scopes = json.dumps(["access:servers!server=jovyan/", "access:servers!user=jovyan"])
    return {
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
