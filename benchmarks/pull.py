"""Files and bytes a second of ``takeout home pull``, beside a sequential client and other ways to fetch a home.

Everything runs on this machine in one run: a real Jupyter server, a line that delays, and each client in turn. A
peer that is not installed is left out.
"""

from __future__ import annotations

import argparse
import asyncio
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
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from takeout.pull import Options, Token, pull

TOKEN = secrets.token_hex(16)
HEADERS = {"Authorization": f"token {TOKEN}"}
LARGE_BYTES = 256 << 20


@dataclass(frozen=True)
class Home:
    """A home made for the benchmark."""

    name: str
    path: Path
    files: int
    size_bytes: int


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
def serve(home: Path, run: Path) -> Iterator[int]:
    """Run a real Jupyter server over a home and give its port."""
    port = free_port()
    options = {"token": TOKEN, "ip": "127.0.0.1", "port": port, "root_dir": home, "open_browser": False}
    command = [sys.executable, "-m", "jupyter_server", "--allow-root"]
    command += [f"--ServerApp.{name}={value}" for name, value in options.items()]
    run.mkdir(exist_ok=True)
    environment = {**os.environ, "HOME": str(run), "JUPYTER_RUNTIME_DIR": str(run / "runtime")}
    log = subprocess.DEVNULL
    with subprocess.Popen(command, env=environment, stdout=log, stderr=log) as process:
        try:
            for _ in range(600):
                with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/api"):
                    break
                time.sleep(0.1)
            yield port
        finally:
            process.terminate()


@contextlib.contextmanager
def delayed(port: int, round_trip_seconds: float) -> Iterator[int]:
    """Put a line before a port on which every byte takes half a round trip, and no bandwidth is lost."""
    if not round_trip_seconds:
        yield port
        return
    loop = asyncio.new_event_loop()
    running: set[asyncio.Future[None]] = set()
    half = round_trip_seconds / 2

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(maxsize=256)

        async def out() -> None:
            while True:
                due, data = await line.get()
                await asyncio.sleep(max(0.0, due - loop.time()))
                if not data:
                    writer.close()
                    return
                writer.write(data)
                await writer.drain()

        task = asyncio.ensure_future(out())
        data = b"-"
        while data:
            try:
                data = await reader.read(1 << 18)
            except OSError:
                data = b""
            await line.put((loop.time() + half, data))
        with contextlib.suppress(OSError):
            await task

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        running.update(tasks := [asyncio.ensure_future(pump(*ends)) for ends in ((reader, back), (there, writer))])
        await asyncio.gather(*tasks, return_exceptions=True)

    server = loop.run_until_complete(asyncio.start_server(accept, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield int(server.sockets[0].getsockname()[1])
    loop.call_soon_threadsafe(loop.stop)
    thread.join()


def takeout(port: int, to: Path) -> None:
    """Pull as the command does."""
    report = pull(f"http://127.0.0.1:{port}/", to, Token(TOKEN), Options())
    if not report.whole:
        raise SystemExit(f"takeout did not bring everything: {report.not_taken[:3]}")


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
    address = f"http://127.0.0.1:{port}/directories/?archiveFormat=zip"
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
    to = place / "to"
    began = time.perf_counter()
    client(port, to)
    seconds = time.perf_counter() - began
    shutil.rmtree(to)
    return seconds


def main() -> None:
    """Make the homes, run every client on each line, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--large-mib", type=int, default=2_048)
    parser.add_argument("--sequential-files", type=int, default=2_000, help="of the small ones, for slow clients")
    parser.add_argument("--latency-ms", type=float, default=20.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="takeout-benchmark-") as name:
        place = Path(name)
        few = make_small(place / "few", given.sequential_files)
        homes = [few, make_small(place / "small", given.files), make_large(place / "large", given.large_mib << 20)]
        print(f"{'home':34} {'line':>7}  {'client':22} {'seconds':>8} {'files/s':>8} {'MB/s':>8}")
        for home in homes:
            with serve(home.path, place / "run") as port:
                for latency in (0.0, given.latency_ms):
                    with delayed(port, latency / 1000) as line:
                        clients: list[tuple[str, Callable[[int, Path], None]]] = [("takeout home pull", takeout)]
                        if home is not homes[1]:
                            clients.append(("sequential contents", sequential))
                        if has_archive(port):
                            clients.append(("jupyter-archive, unzip", archive_and_unzip))
                        if not latency:
                            clients.append(("cp -r (the disk)", copy(home.path)))
                        for label, client in clients:
                            show(home, latency, label, timed(client, line, place))
        print("rsync over ssh: not measured, this run needs no ssh server" if not shutil.which("rsync") else "")


def has_archive(port: int) -> bool:
    """Return whether jupyter-archive is installed in the server."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/directories/nowhere", headers=HEADERS)
    try:
        with urllib.request.urlopen(request):  # noqa: S310 - an address of this machine
            return True
    except urllib.error.HTTPError as error:
        return error.code not in (404, 405)


def show(home: Home, latency_ms: float, label: str, seconds: float) -> None:
    """Print one line."""
    line = f"{latency_ms:.0f} ms" if latency_ms else "plain"
    rates = f"{home.files / seconds:8.0f} {home.size_bytes / 1e6 / seconds:8.1f}"
    print(f"{home.name:34} {line:>7}  {label:22} {seconds:8.1f} {rates}", flush=True)


if __name__ == "__main__":
    main()
