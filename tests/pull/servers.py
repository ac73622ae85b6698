"""Real Jupyter servers for the tests, each in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pull.cached import made_once
from takeout.pull import Token
from takeout.pull.connection import Connection
from takeout.pull.pace import Pace

OLD = (
    "notebook==6.5.7", "jupyter_server==1.24.0", "nbclassic==0.5.6", "ipykernel<7", "setuptools<80",
    "jupyterhub==4.1.6",
)  # fmt: skip
"""Servers of earlier years, and the last JupyterHub that knows how to run both."""
TOKEN = "a-token-for-the-tests"  # noqa: S105 - guards a temporary directory
WAIT_SECONDS = 60.0
NOBODY = 65534


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for(address: str, process: subprocess.Popen[bytes] | None = None, log: Path | None = None) -> None:
    """Wait until an address answers; fail with the server's own words when it ends or takes too long."""
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        if process is not None and process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310 - an address of this test
                return
        except OSError:
            time.sleep(0.05)
    said = log.read_text(errors="replace")[-3000:] if log and log.exists() else ""
    message = f"{address} does not answer\n{said}"
    raise AssertionError(message)


def ordinary_python() -> list[str] | None:
    """Return how an ordinary user runs this Python with its packages; None where that user cannot."""
    packages = next((path for path in sys.path if path.endswith("site-packages")), "")
    system = shutil.which(f"python{sys.version_info.major}.{sys.version_info.minor}", path="/usr/bin:/bin")
    drop = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    if shutil.which("setpriv") is None:
        return None
    for command in (
        [*drop, sys.executable],
        [*drop, "env", f"PYTHONPATH={packages}", system or "python3"],
    ):
        try:
            done = subprocess.run(
                [*command, "-c", "import jupyter_server"], capture_output=True, check=False, cwd="/"
            )
        except OSError:
            continue
        if done.returncode == 0:
            return command
    return None


def find_old_python() -> str:
    """Return a Python with the old servers, installed once; empty where that fails."""

    def make(place: Path) -> bool:
        commands = [
            [sys.executable, "-m", "venv", str(place)],
            [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", *OLD],
        ]
        return all(not subprocess.run(each, capture_output=True, check=False).returncode for each in commands)

    place = made_once(f"old-servers-2-{sys.version_info.major}.{sys.version_info.minor}", make)
    return str(place / "bin" / "python") if place else ""


@dataclass
class JupyterServer:
    """A Jupyter server over a directory.

    Attributes:
        root: The directory.
        run: Where its own files go.
        python: How Python is run.
        module: The server's module.
        options: More options.
        extension: Whether Takeout's extension is on.
        classic: Whether it is the classic notebook server, with options of its own.
    """

    root: Path
    run: Path
    python: Sequence[str] = (sys.executable,)
    module: str = "jupyter_server"
    options: Sequence[str] = ()
    extension: bool = False
    classic: bool = False
    base: str = "/"
    port: int = field(default_factory=free_port)
    token: str = TOKEN
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.base}"

    @property
    def log(self) -> Path:
        return self.run / "server.log"

    def command(self) -> list[str]:
        name = "NotebookApp" if self.classic else "ServerApp"
        root = "notebook_dir" if self.classic else "root_dir"
        return [
            *self.python, "-m", self.module,
            f"--{name}.token={self.token}", f"--{name}.ip=127.0.0.1", f"--{name}.port={self.port}",
            f"--{name}.port_retries=0", f"--{name}.{root}={self.root}", f"--{name}.base_url={self.base}",
            f"--{name}.open_browser=False", f"--{name}.allow_root=True", *self.extensions, *self.options,
        ]  # fmt: skip

    @property
    def extensions(self) -> list[str]:
        """Return the options that say whether Takeout's extension is on."""
        return [] if self.classic else [f"--ServerApp.jpserver_extensions=takeout.server={self.extension}"]

    def start(self) -> JupyterServer:
        self.run.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            os.chown(self.run, NOBODY, NOBODY)
        keep = {"PATH", "LANG", "LD_LIBRARY_PATH", "TMPDIR"}
        environment = {name: value for name, value in os.environ.items() if name in keep}
        own = {
            "HOME": str(self.run), "JUPYTER_RUNTIME_DIR": str(self.run / "runtime"),
            "JUPYTER_DATA_DIR": str(self.run / "data"), "JUPYTER_CONFIG_DIR": str(self.run / "config"),
            "IPYTHONDIR": str(self.run / "ipython"), "JUPYTER_PLATFORM_DIRS": "1",
        }  # fmt: skip
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), cwd=self.run, env={**environment, **own}, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        wait_for(f"{self.address}api", self.process, self.log)
        return self

    def get(self, path: str, method: str = "GET") -> object:
        sent = {"Authorization": f"token {self.token}"}
        request = urllib.request.Request(f"{self.address}{path}", headers=sent, method=method)  # noqa: S310
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            data = answer.read()
        return json.loads(data) if data else None

    def stop(self, *, kill: bool = False) -> None:
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL if kill else signal.SIGTERM)
            self.process.wait(timeout=10)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=10)
        self.process = None


def connection_to(server: JupyterServer) -> Connection:
    """Return what asks a server as a pull does."""
    origin = f"http://127.0.0.1:{server.port}"
    return Connection(origin, server.base, Token(server.token), Pace(2), hub="", patience_seconds=60)


def pulling(address: str, here: Path) -> list[str]:
    """Return a command that pulls with the tests' token, to be killed; it ends with 0 when all came."""
    code = (
        "import sys; from pathlib import Path; from takeout.pull import Token, pull;"
        " r = pull(sys.argv[1], Path(sys.argv[2]), Token(sys.argv[3])); sys.exit(not r.whole)"
    )
    return [sys.executable, "-c", code, address, str(here), TOKEN]
