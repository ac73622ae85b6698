"""A real JupyterHub with its proxy and a simple local spawner."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from pull.cached import made_once
from pull.servers import find_old_python, free_port, wait_for
from takeout.errors import TakeoutError
from takeout.local.node import PROXY, install_proxy, node_here

SERVICE_TOKEN = "a-token-for-the-tests-of-the-hub-itself"  # noqa: S105 - guards a temporary directory
CONFIG = """
import sys
c.JupyterHub.bind_url = "http://127.0.0.1:{port}{base}"
c.JupyterHub.hub_port = {hub_port}
c.JupyterHub.db_url = "sqlite:///{run}/hub.sqlite"
c.JupyterHub.cookie_secret_file = "{run}/cookie"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.ConfigurableHTTPProxy.command = ["{proxy}"]
c.ConfigurableHTTPProxy.pid_file = "{run}/proxy.pid"
c.JupyterHub.spawner_class = "simple"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.allow_named_servers = True
c.SimpleLocalProcessSpawner.home_dir_template = "{homes}/{{username}}"
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root"]
c.Spawner.environment = {{"JUPYTER_RUNTIME_DIR": "{run}/runtime", "JUPYTER_DATA_DIR": "{run}/data"}}
def hook(spawner):
    name, _, app = spawner.user.name.partition("-on-")
    if app:
        spawner.cmd = ["{old_python}", "-m", "jupyterhub.singleuser"]
        spawner.environment["JUPYTERHUB_SINGLEUSER_APP"] = app
        spawner.environment["JUPYTERHUB_SINGLEUSER_EXTENSION"] = "0"
    if spawner.user.name == "zoe":
        raise Exception("there is no room for zoe")
c.Spawner.pre_spawn_hook = hook
c.JupyterHub.services = [{{"name": "test", "api_token": "{token}"}}]
c.JupyterHub.load_roles = [{{"name": "test", "services": ["test"], "scopes": [
    "admin:users", "admin:servers", "tokens"]}}]
"""


def find_proxy() -> str:
    """Return where configurable-http-proxy is, installed once where it is not; empty where that fails."""
    found = shutil.which("configurable-http-proxy")
    if found or node_here(os.environ) is None:
        return found or ""

    def make(place: Path) -> bool:
        try:
            install_proxy(place, os.environ)
        except TakeoutError:
            return False
        return True

    place = made_once(PROXY.replace("@", "-"), make)
    return str(place / "proxy" / "node_modules" / ".bin" / "configurable-http-proxy") if place else ""


class RealHub:
    """A JupyterHub in a process of its own."""

    def __init__(self, run: Path, homes: Path, base: str = "/") -> None:
        self.run = run
        self.homes = homes
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}{base}"
        config = run / "jupyterhub_config.py"
        config.write_text(
            CONFIG.format(
                port=self.port, hub_port=free_port(), proxy_port=free_port(), run=run, homes=homes,
                proxy=find_proxy(), token=SERVICE_TOKEN, base=base, old_python=find_old_python(),
            )
        )  # fmt: skip
        log = run / "hub.log"
        with log.open("ab") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "jupyterhub", "-f", config], cwd=run, stdout=stream, stderr=stream,
                start_new_session=True, env={**os.environ, "CONFIGPROXY_AUTH_TOKEN": "x" * 32},
            )  # fmt: skip
        wait_for(f"{self.address}hub/api/", self.process, log)

    def call(self, method: str, path: str, body: object = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 - an address of this test
            f"{self.address}hub/api/{path}",
            method=method,
            headers={"Authorization": f"token {SERVICE_TOKEN}"},
            data=json.dumps(body or {}).encode() if method != "GET" else None,
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            data = answer.read()
        return json.loads(data) if data else None

    def user(self, name: str) -> str:
        """Make a user with a home, and return a token of theirs."""
        (self.homes / name).mkdir()
        self.call("POST", f"users/{name}")
        return str(self.call("POST", f"users/{name}/tokens", {"note": "takeout"})["token"])

    def servers(self, name: str) -> dict[str, Any]:
        found = self.call("GET", f"users/{name}?include_stopped_servers")
        return {key: value for key, value in found["servers"].items() if not value.get("stopped")}

    def stop(self) -> None:
        os.killpg(self.process.pid, signal.SIGINT)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=10)
