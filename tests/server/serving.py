"""A real Jupyter Server in a process of its own, and a client that sends exactly what it is told to."""

from __future__ import annotations

import ctypes
import http.client
import json
import os
import queue
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

TOKEN = "the-owner's-token"  # noqa: S105 - of a server that lives for a test
BASE = "/user/jovyan/"
NOBODY = 65_534
_START_SECONDS = 60
_ANSWER_SECONDS = 30
_PR_CAPBSET_DROP = 24
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2
_OFF = ("jupyterlab", "jupyter_lsp", "jupyter_server_terminals", "nbclassic", "notebook", "notebook_shim")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def tag(self) -> str:
        return self.headers["etag"]


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _may_run_python(path: Path) -> bool:
    """Whether everybody may run the interpreter: one below ``/root`` is root's alone."""
    real = path.resolve()
    return all(each.stat().st_mode & stat.S_IXOTH for each in (real, *real.parents))


def _obey_permissions() -> None:
    """Take from a child that runs as root what lets root read everything."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
        libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)


def ordinary() -> dict[str, Any]:
    """What makes a child process one that permissions hold for."""
    if os.geteuid() != 0:
        return {}
    if _may_run_python(Path(sys.executable)):
        return {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    return {"preexec_fn": _obey_permissions}


def own(path: Path) -> None:
    """Give a tree to the user that servers run as."""
    if "user" in ordinary():
        subprocess.run(["chown", "-RhP", f"{NOBODY}:{NOBODY}", str(path)], check=True)


@dataclass
class Server:
    """A running server.

    Attributes:
        root: What it shows.
        port: Where it listens.
        process: The process.
    """

    root: Path
    port: int
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    reader: threading.Thread = field(default_factory=threading.Thread)

    def connection(self, timeout: float = _ANSWER_SECONDS) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def begin(
        self, path: str, *, method: str = "GET", token: str | None = TOKEN, **headers: str
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """Send a request and return with the answer's head; the path is sent as it is."""
        connection = self.connection()
        try:
            connection.putrequest(method, BASE + path, skip_accept_encoding=True)
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            if token is not None:
                sent.setdefault("Authorization", f"token {token}")
            for name, value in sent.items():
                connection.putheader(name, value)
            connection.endheaders()
            return connection, connection.getresponse()
        except BaseException:
            connection.close()
            raise

    def ask(self, path: str, *, method: str = "GET", token: str | None = TOKEN, **headers: str) -> Answer:
        """Return the whole answer."""
        connection, response = self.begin(path, method=method, token=token, **headers)
        with closing(connection), closing(response):
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read())

    def events(self, path: str, **headers: str) -> Iterator[tuple[str, Any]]:
        """Yield the events of a stream until its end."""
        connection, response = self.begin(path, **headers)
        with closing(connection), closing(response):
            assert response.status == 200, response.read()
            name = ""
            for line in response:
                if line.startswith(b"event: "):
                    name = line[7:].strip().decode()
                elif line.startswith(b"data: "):
                    yield name, json.loads(line[6:])

    def memory_bytes(self) -> int:
        """Return how much memory the process has at the moment."""
        text = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        match = re.search(r"VmRSS:\s+(\d+) kB", text)
        assert match
        return int(match.group(1)) << 10

    def kill(self) -> None:
        """End it as the kernel does when memory runs out."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


@contextmanager
def serving(
    place: Path, root: Path, *options: str, extensions: tuple[str, ...] = (), **environment: str
) -> Iterator[Server]:
    """Run a server that shows ``root``.

    Args:
        place: A directory for what it writes itself.
        root: What it shows.
        options: More of its command line.
        extensions: Those of Jupyter's extensions to switch on beside Takeout's.
        environment: More of its environment.
    """
    for name in ("config", "runtime", "data", "home"):
        (place / name).mkdir(exist_ok=True)
    enabled = {name: name in extensions for name in _OFF}
    config = {"ServerApp": {"jpserver_extensions": enabled}}
    (place / "config" / "jupyter_server_config.json").write_text(json.dumps(config), encoding="utf-8")
    for name in ("config", "runtime", "data", "home"):
        own(place / name)
    port = free_port()
    command = [
        *(sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"),
        *(f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--ServerApp.base_url={BASE}"),
        *(f"--ServerApp.root_dir={root}", f"--IdentityProvider.token={TOKEN}", *options),
    ]
    with running(command, place, root, port, **environment) as server:
        yield server


@contextmanager
def running(command: list[str], place: Path, root: Path, port: int, **environment: str) -> Iterator[Server]:
    """Run a command that is a server, until the end of the block."""
    variables = {
        **{
            name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "PYTEST", "XDG_"))
        },
        "HOME": str(place / "home"),
        "JUPYTER_CONFIG_DIR": str(place / "config"),
        "JUPYTER_RUNTIME_DIR": str(place / "runtime"),
        "JUPYTER_DATA_DIR": str(place / "data"),
        "PYTHONDONTWRITEBYTECODE": "1",
        **environment,
    }
    process = subprocess.Popen(
        command,
        env=variables,
        cwd=place,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        **ordinary(),
    )
    server = Server(root, port, process)
    try:
        _wait_until_it_listens(server)
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
        assert process.stderr is not None
        server.reader.join(10)
        process.stderr.close()


def _wait_until_it_listens(server: Server) -> None:
    said: queue.Queue[str] = queue.Queue()

    def read() -> None:
        assert server.process.stderr is not None
        for line in server.process.stderr:
            server.lines.append(line)
            if "is running at" in line:
                said.put("running")
        said.put("ended")

    server.reader = threading.Thread(target=read, daemon=True)
    server.reader.start()
    if said.get(timeout=_START_SECONDS) != "running":
        raise AssertionError("the server ended: " + "".join(server.lines))
    # It says so a moment before it does.
    deadline = monotonic() + _START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", server.port)).close()
        except ConnectionRefusedError:
            assert monotonic() < deadline
        else:
            return


def remove(path: Path) -> None:
    """Remove a tree with whatever permissions it has."""
    subprocess.run(["chmod", "-R", "u+rwX", str(path)], check=False, capture_output=True)
    subprocess.run(["rm", "-rf", str(path)], check=False)
