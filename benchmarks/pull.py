"""Files and bytes a second of ``takeout home pull``, beside a sequential client and other ways to fetch a home.

Everything runs on this machine in one run: a real Jupyter server, a line that delays, and each client in turn. A
peer that is not installed is left out. The last column is how busy the server was: at 100 % no client of it could
be faster.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import http.client
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from delay import delayed
from rsync_peer import ssh_daemon

from takeout.pull import Options, Token, pull
from takeout.pull.model import Through

TOKEN = secrets.token_hex(16)
HEADERS = {"Authorization": f"token {TOKEN}"}
LARGE_BYTES = 256 << 20
PLAIN, SEQUENTIAL, RSYNC = "takeout home pull", "sequential contents", "rsync over ssh"


@dataclass(frozen=True)
class Home:
    """A home made for the benchmark."""

    name: str
    path: Path
    files: int
    size_bytes: int


@dataclass(frozen=True)
class Server:
    """A server.

    Attributes:
        port: Its port.
        process: Its process.
    """

    port: int
    process: int

    def busy_seconds(self) -> float:
        """Return how long it has computed; 0 where the system does not tell in Linux's way."""
        try:
            fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def make_small(root: Path, count: int) -> Home:
    """Make a home of small files: notebooks, scripts, tables of some kilobytes."""
    size = 0
    for number in range(count):
        folder = root / f"project-{number // 200}"
        folder.mkdir(parents=True, exist_ok=True)
        length = 200 + (number * 7919) % 8000
        (folder / f"file-{number}.txt").write_bytes(os.urandom(length))
        size += length
    return Home(f"{count} small files", root, count, size)


def make_large(root: Path, size_bytes: int) -> Home:
    """Make a home of large files."""
    root.mkdir()
    count = max(1, size_bytes // LARGE_BYTES)
    for number in range(count):
        with (root / f"large-{number}.bin").open("wb") as stream:
            for _ in range(size_bytes // count >> 20):
                stream.write(os.urandom(1 << 20))
    return Home(f"{size_bytes >> 20} MiB in {count} large files", root, count, size_bytes)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def serve(home: Path, run: Path, peers: Path | None = None) -> Iterator[Server]:
    """Run a real Jupyter server over a home."""
    port = free_port()
    options = {"token": TOKEN, "ip": "127.0.0.1", "port": port, "root_dir": home, "open_browser": False}
    command = [sys.executable, "-m", "jupyter_server", "--allow-root"]
    command += [f"--ServerApp.{name}={value}" for name, value in options.items()]
    run.mkdir(exist_ok=True)
    environment = {**os.environ, "HOME": str(run), "JUPYTER_RUNTIME_DIR": str(run / "runtime")}
    command.append("--ServerApp.jpserver_extensions=takeout.server=True")
    if peers is not None:
        environment["PYTHONPATH"] = str(peers)
        command.append("--ServerApp.jpserver_extensions=jupyter_archive=True")
    log = subprocess.DEVNULL
    with subprocess.Popen(command, env=environment, stdout=log, stderr=log) as process:
        try:
            for _ in range(600):
                with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/api"):
                    break
                time.sleep(0.1)
            yield Server(port, process.pid)
        finally:
            process.terminate()


def takeout(*, extension: bool = False, through: Through = "") -> Callable[[int, Path], None]:
    """Return a pull as the command does it: with Takeout's extension on the server, a kernel, or nothing there."""

    def run(port: int, to: Path) -> None:
        report = pull(f"http://127.0.0.1:{port}/", to, Token(TOKEN), Options(extension=extension, through=through))
        if not report.whole:
            raise SystemExit(f"takeout did not bring everything: {report.not_taken[:3]}")

    return run


def sequential(port: int, to: Path) -> None:
    """Fetch one file after the other through the contents interface, as scripts do."""
    link = http.client.HTTPConnection("127.0.0.1", port)

    def get(path: str) -> dict[str, object]:
        link.request("GET", f"/api/contents/{quote(path)}", headers=HEADERS)
        return dict(json.loads(link.getresponse().read()))

    todo = [""]
    while todo:
        model = get(todo.pop())
        here = to / str(model["path"])
        if model["type"] == "directory":
            here.mkdir(parents=True, exist_ok=True)
            entries = model["content"]
            todo += [entry["path"] for entry in entries] if isinstance(entries, list) else []
        else:
            text = str(model["content"])
            here.write_bytes(base64.b64decode(text) if model["format"] == "base64" else text.encode())


def archive_and_unzip(port: int, to: Path) -> None:
    """Download with jupyter-archive and unzip."""
    to.mkdir()
    address = f"http://127.0.0.1:{port}/directories/?archiveToken={TOKEN}&archiveFormat=zip"
    request = urllib.request.Request(address, headers=HEADERS)
    with urllib.request.urlopen(request) as answer, (to / "home.zip").open("wb") as stream:  # noqa: S310 - an address of this machine
        shutil.copyfileobj(answer, stream)
    subprocess.run(["unzip", "-q", "home.zip"], cwd=to, check=True)


def copy(home: Path) -> Callable[[int, Path], None]:
    """Return a copy on this disk: what the disk alone takes, the limit of every client."""

    def run(_: int, to: Path) -> None:
        subprocess.run(["cp", "-r", home, to], check=True)

    return run


def timed(client: Callable[[int, Path], None], port: int, place: Path) -> float:
    """Return the seconds that a client takes into a fresh directory."""
    to = Path(tempfile.mkdtemp(dir=place)) / "to"
    began = time.perf_counter()
    client(port, to)
    seconds = time.perf_counter() - began
    for path in to.rglob("*.bin"):
        # Small files stay until the end: ext4 makes new ones slowly where many were removed a moment ago.
        path.unlink()
    os.sync()
    return seconds


@dataclass(frozen=True)
class Result:
    """One client over one home on one line."""

    home: Home
    latency_ms: float
    client: str
    seconds: float
    busy_seconds: float = 0.0

    def text(self) -> str:
        """Return a line of the table."""
        line = f"{self.latency_ms:.0f} ms" if self.latency_ms else "plain"
        rates = f"{self.home.files / self.seconds:8.0f} {self.home.size_bytes / 1e6 / self.seconds:8.1f}"
        busy = f"{self.busy_seconds / self.seconds:6.0%}" if self.busy_seconds else ""
        return f"{self.home.name:34} {line:>7}  {self.client:25} {self.seconds:8.1f} {rates} {busy}"


def measured(given: argparse.Namespace, place: Path) -> Iterator[Result]:
    """Make the homes, run every client on each line."""
    few = make_small(place / "few", given.sequential_files)
    small = make_small(place / "small", given.files)
    short = make_large(place / "short", min(256, given.large_mib) << 20)
    large = make_large(place / "large", given.large_mib << 20)
    with ssh_daemon(place / "ssh", free_port()) as daemon:
        for home in (few, small, short, large):
            with serve(home.path, place / "run", given.peers) as server:
                for latency in (0.0, given.latency_ms):
                    with delayed(server.port, latency / 1000) as line:
                        for label, client in clients(home, latency, server.port, slow=home in (few, short)):
                            before = server.busy_seconds()
                            seconds = timed(client, line, place)
                            yield Result(home, latency, label, seconds, server.busy_seconds() - before)
            if daemon is not None:
                for latency in (0.0, given.latency_ms):
                    with delayed(daemon.port, latency / 1000) as line:
                        yield Result(home, latency, RSYNC, timed(daemon.copy(home.path), line, place))


def clients(
    home: Home, latency: float, port: int, *, slow: bool
) -> Iterator[tuple[str, Callable[[int, Path], None]]]:
    """Yield what is run; the slow ones only on the smaller homes, whose rates are those of the larger."""
    yield PLAIN, takeout(extension=False)
    yield "takeout, through a kernel", takeout(through="kernel")
    yield "takeout, extension there", takeout(extension=True)
    if slow:
        yield SEQUENTIAL, sequential
        if has_archive(port):
            yield "jupyter-archive, unzip", archive_and_unzip
    if not latency:
        yield "cp -r (the disk)", copy(home.path)


def main() -> None:
    """Print a line for each run, and the ratios at the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--large-mib", type=int, default=2_048)
    parser.add_argument("--sequential-files", type=int, default=2_000, help="of the small ones, for slow clients")
    parser.add_argument("--latency-ms", type=float, default=20.0)
    parser.add_argument("--peers", type=Path, help="where jupyter-archive was put with pip install --target")
    given = parser.parse_args()
    results: list[Result] = []
    print(f"{'home':34} {'line':>7}  {'client':25} {'seconds':>8} {'files/s':>8} {'MB/s':>8} server")
    with tempfile.TemporaryDirectory(prefix="takeout-benchmark-") as name:
        for result in measured(given, Path(name)):
            results.append(result)
            print(result.text(), flush=True)
    few, small, _, large = dict.fromkeys(result.home for result in results)
    rate = {(each.home, bool(each.latency_ms), each.client): 1 / each.seconds for each in results}
    print()
    for slow, line in ((False, "plain"), (True, f"with {given.latency_ms:.0f} ms")):
        times = rate[small, slow, PLAIN] * small.files / (rate[few, slow, SEQUENTIAL] * few.files)
        print(f"small files, {line}: {times:.1f} times the files a second of a sequential client")
        if (large, slow, RSYNC) in rate:
            part = rate[large, slow, PLAIN] / rate[large, slow, RSYNC]
            print(f"large files, {line}: {part:.2f} of rsync over ssh")


def has_archive(port: int) -> bool:
    """Return whether jupyter-archive is installed in the server."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/directories/nowhere", headers=HEADERS)
    try:
        with urllib.request.urlopen(request):  # noqa: S310 - an address of this machine
            return True
    except urllib.error.HTTPError as error:
        return error.code not in (404, 405)


if __name__ == "__main__":
    main()
