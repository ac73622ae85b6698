"""A home through a real Jupyter Server: each download from a server of its own, with small requests beside it."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from archive_run import Measured, watched

_TOKEN = "benchmark"  # noqa: S105 - of a server that lives for a minute
_HEADERS = {"Authorization": f"token {_TOKEN}"}
_START_SECONDS = 60
_EVERY_SECONDS = 0.1
_TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(root: Path, base: Path, python: str) -> Iterator[tuple[int, int]]:
    """Run a server; yields its port and its process.

    Args:
        root: What it shows.
        base: Where there is room for what it writes itself.
        python: Of its environment.
    """
    place = Path(tempfile.mkdtemp(dir=base))
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options: tuple[str, ...] = (
        f"--ServerApp.port={port}",
        f"--ServerApp.root_dir={root}",
        f"--IdentityProvider.token={_TOKEN}",
    )
    if python != sys.executable:
        options += ("--ServerApp.jpserver_extensions=jupyter_archive=True",)
    command = [python, "-m", "jupyter_server", "--no-browser", "--allow-root", *options]
    own = {name: str(place) for name in ("HOME", "XDG_CACHE_HOME", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR")}
    variables = {**os.environ, **own}
    with subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait(port)
            yield port, process.pid
        finally:
            process.terminate()


def _wait(port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            if _status(port) < _START_SECONDS:
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the server did not start")


def _status(port: int) -> float:
    """Return how long a small request takes."""
    began = time.perf_counter()
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request("GET", "/api/status", headers=_HEADERS)
        connection.getresponse().read()
    return time.perf_counter() - began


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS


def download(address: str, root: Path, base: Path, python: str) -> Measured:
    """Download once from a server of its own.

    Args:
        address: What to ask for.
        root: What the server shows.
        base: Where there is room for what it writes itself.
        python: Of its environment.
    """
    with serving(root, base, python) as server:
        return _download(address, *server)


def _download(address: str, port: int, pid: int) -> Measured:
    """Download once, with small requests beside it."""
    waits: list[float] = []
    over = threading.Event()

    def others() -> None:
        while not over.wait(_EVERY_SECONDS):
            waits.append(_status(port))

    thread = threading.Thread(target=others)
    cpu, began = _cpu_seconds(pid), time.perf_counter()
    thread.start()
    first, count, into = 0.0, 0, bytearray(1 << 20)
    with (
        watched(pid) as memory,
        closing(http.client.HTTPConnection("127.0.0.1", port, timeout=600)) as connection,
    ):
        connection.request("GET", address, headers=_HEADERS)
        response = connection.getresponse()
        while length := response.readinto(into):
            first = first or time.perf_counter() - began
            count += length
    seconds = time.perf_counter() - began
    over.set()
    thread.join()
    waits.sort()
    other = waits[int(len(waits) * 0.95)] if waits else 0.0
    return Measured(seconds, first, _cpu_seconds(pid) - cpu, memory[0], count, other)


def addresses(formats: Iterable[str], peer: str) -> dict[str, tuple[str, str]]:
    """Return for each download the Python that serves it, and its address.

    Args:
        formats: Takeout's.
        peer: The Python of an environment with jupyter-archive; empty where there is none.
    """
    found = {f"HTTP takeout {form}": (sys.executable, f"/takeout/archive/home?format={form}") for form in formats}
    if not peer:
        print("jupyter-archive is left out: no --jupyter-archive was given")
        return found
    theirs = {
        f"HTTP jupyter-archive {form}": (
            peer,
            f"/directories/home?archiveFormat={form}&archiveToken=1&downloadHidden=true",
        )
        for form in ("zip", "tar.gz")
    }
    return {**found, **theirs}
