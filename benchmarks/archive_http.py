"""A home through a real Jupyter Server: speed, memory, and how long another request waits meanwhile.

Each format has a server of its own. jupyter-archive is measured where it is installed beside Takeout.
"""

from __future__ import annotations

import argparse
import http.client
import importlib.util
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from archive import make_tree

_TOKEN = "benchmark"  # noqa: S105 - of a server that lives for a minute
_HEADERS = {"Authorization": f"token {_TOKEN}"}
_START_SECONDS = 60
_EVERY_SECONDS = 0.02
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Measured:
    """One download.

    Attributes:
        seconds: From the request to the last byte.
        first_seconds: To the first byte.
        cpu_seconds: Of the server.
        peak_mb: The server's largest resident set, in MB.
        other_seconds: 95 of 100 other requests took less.
        out_bytes: What came out.
    """

    seconds: float
    first_seconds: float
    cpu_seconds: float
    peak_mb: float
    other_seconds: float
    out_bytes: int


@contextmanager
def serving(root: Path, place: Path) -> Iterator[tuple[int, int]]:
    """Run a server; yields its port and its process."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = (f"--ServerApp.port={port}", f"--ServerApp.root_dir={root}", f"--IdentityProvider.token={_TOKEN}")
    if importlib.util.find_spec("jupyter_archive"):
        options += ("--ServerApp.jpserver_extensions=jupyter_archive=True",)
    command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", *options]
    variables = {**os.environ, "HOME": str(place), "XDG_CACHE_HOME": str(place), "JUPYTER_RUNTIME_DIR": str(place)}
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


def _peak_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1.024e-3 for line in lines if line.startswith("VmHWM"))


def download(address: str, port: int, pid: int) -> Measured:
    """Download once, with small requests beside it."""
    waits: list[float] = []
    over = threading.Event()

    def others() -> None:
        while not over.wait(_EVERY_SECONDS):
            waits.append(_status(port))

    thread = threading.Thread(target=others)
    cpu, began = _cpu_seconds(pid), time.perf_counter()
    thread.start()
    first, count = 0.0, 0
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=600)) as connection:
        connection.request("GET", address, headers=_HEADERS)
        response = connection.getresponse()
        while piece := response.read(1 << 20):
            first = first or time.perf_counter() - began
            count += len(piece)
    seconds = time.perf_counter() - began
    over.set()
    thread.join()
    waits.sort()
    other = waits[int(len(waits) * 0.95)] if waits else 0.0
    return Measured(seconds, first, _cpu_seconds(pid) - cpu, _peak_mb(pid), other, count)


def addresses() -> dict[str, str]:
    """Return what to ask for."""
    found = {
        f"takeout {form}": f"/takeout/archive/home?format={form}"
        for form in ("zip", "tar.zst", "tar.gz", "zip-deflated")
    }
    if importlib.util.find_spec("jupyter_archive") is None:
        print("jupyter-archive is not installed: it is left out")
        return found
    peers = {
        f"jupyter-archive {form}": f"/directories/home?archiveFormat={form}&archiveToken=1&downloadHidden=true"
        for form in ("zip", "tar.gz")
    }
    return {**found, **peers}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=3.0)
    parser.add_argument("--files", type=int, default=60_000)
    parser.add_argument("--repeat", type=int, default=2, help="the best of so many runs counts")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="takeout-bench-") as base:
        home = Path(base) / "root" / "home"
        home.mkdir(parents=True)
        size = make_tree(home, int(options.gigabytes * 1e9), options.files)
        print(
            f"{size / 1e9:.2f} GB in {options.files} files, {os.cpu_count()} cores; the best of {options.repeat}\n"
        )
        print(
            f"{'':24}{'MB/s':>7}{'seconds':>9}{'of tar':>8}{'first':>8}{'CPU s':>8}{'peak MB':>9}{'other ms':>10}"
        )
        limit = min(_tar(home) for _ in range(options.repeat))
        print(f"{'tar':24}{size / limit / 1e6:7.0f}{limit:9.2f}{1:8.2f}")
        for name, address in addresses().items():
            with tempfile.TemporaryDirectory(dir=base) as place, serving(home.parent, Path(place)) as (port, pid):
                runs = [download(address, port, pid) for _ in range(options.repeat)]
            each = min(runs, key=lambda run: run.seconds)
            print(
                f"{name:24}{size / each.seconds / 1e6:7.0f}{each.seconds:9.2f}{each.seconds / limit:8.2f}"
                f"{each.first_seconds:8.2f}{each.cpu_seconds:8.2f}{each.peak_mb:9.0f}"
                f"{each.other_seconds * 1e3:10.0f}",
                flush=True,
            )


def _tar(home: Path) -> float:
    began = time.perf_counter()
    subprocess.run(f"tar -C '{home.parent}' -cf - '{home.name}' | cat >/dev/null", shell=True, check=True)  # noqa: S602
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
