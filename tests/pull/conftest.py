from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from pull.proxy import Proxy, Rule
from pull.servers import NOBODY, JupyterServer, find_old_python, ordinary_python
from sockets import sockets_are_closed

Serve = Callable[[Path], JupyterServer]
Put = Callable[[JupyterServer, Rule], Proxy]
__all__ = ["sockets_are_closed"]


@pytest.fixture
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Start a real server over a directory, for tests that stop or kill it."""
    started: list[JupyterServer] = []

    def start(root: Path) -> JupyterServer:
        server = JupyterServer(root, tmp_path_factory.mktemp("server"))
        started.append(server)
        return server.start()

    yield start
    for server in started:
        server.stop()


@pytest.fixture(scope="session")
def movable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """A server over a directory that each test puts in its place: starting a server takes seconds."""
    place = tmp_path_factory.mktemp("movable")
    (place / "home").mkdir()
    server = JupyterServer(place / "home", place / "server").start()
    yield server
    server.stop()


@pytest.fixture
def show(movable: JupyterServer, tmp_path_factory: pytest.TempPathFactory) -> Serve:
    """Show a directory through the server that the tests share; its path becomes a link to where it went."""

    def put(root: Path) -> JupyterServer:
        # Not removed: the server itself runs in the first one.
        movable.root.rename(tmp_path_factory.mktemp("shown") / "home")
        root.rename(movable.root)
        root.symlink_to(movable.root)
        return movable

    return put


@pytest.fixture(scope="session")
def with_extension(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """A server that has Takeout's extension, over a directory that each test fills."""
    place = tmp_path_factory.mktemp("with-extension")
    (place / "home").mkdir()
    server = JupyterServer(place / "home", place / "server", extension=True).start()
    yield server
    server.stop()


@pytest.fixture
def extended(with_extension: JupyterServer) -> Iterator[JupyterServer]:
    """The same, its directory empty before and after."""
    yield with_extension
    for path in with_extension.root.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


@pytest.fixture
def filled(extended: JupyterServer, plain_home: Path) -> JupyterServer:
    """The server with the extension, over a home with large files and small ones, some of them hidden."""
    shutil.copytree(plain_home, extended.root, dirs_exist_ok=True)
    (extended.root / ".hidden.bin").write_bytes(os.urandom(2 << 20))
    (extended.root / "zz-last.txt").write_text("last")
    return extended


@pytest.fixture
def put_proxy() -> Iterator[Put]:
    """Put a faulty proxy before a server."""
    with ExitStack() as opened:

        def put(server: JupyterServer, rule: Rule = lambda _: None) -> Proxy:
            return opened.enter_context(closing(Proxy(server.port, rule)))

        yield put


@pytest.fixture(scope="session")
def plain_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with nothing that the file interface cannot show; nobody writes to it."""
    return make_plain(tmp_path_factory.mktemp("plain") / "home")


@pytest.fixture(scope="session")
def shared(plain_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """One server over the plain home for all tests that leave it as it is."""
    server = JupyterServer(plain_home, tmp_path_factory.mktemp("server")).start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def old_python() -> str:
    """A Python with Jupyter Server 1, the classic notebook server, and a JupyterHub that runs both."""
    python = find_old_python()
    if not python:
        pytest.skip("Jupyter Server 1 and Notebook 6 cannot be installed here")
    return python


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A directory that another user reaches; pytest closes its own to all others."""
    with tempfile.TemporaryDirectory(prefix="takeout-test-") as name:
        place = Path(name)
        place.chmod(0o755)
        yield place


@pytest.fixture(scope="session")
def ordinary() -> list[str]:
    """How an ordinary user runs Python, so that what is unreadable is so."""
    if os.geteuid() != 0:
        return [sys.executable]
    command = ordinary_python()
    if command is None:
        pytest.skip("root reads everything, and no ordinary user can run this Python")
    return command


def make_plain(home: Path) -> Path:
    home.mkdir()
    for number in range(40):
        folder = home / f"folder {number % 5}" / "deep"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"notes-{number}.txt").write_bytes(os.urandom(number * 37))
    (home / "empty").mkdir()
    (home / "none.txt").write_bytes(b"")
    (home / "50%20off & #q?.txt").write_text("percent")
    (home / "ünï.ipynb").write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    (home / "page.html").write_text("<!DOCTYPE html><html><body>a page of one's own</body></html>")
    (home / "middle.bin").write_bytes(os.urandom(3 << 20))
    (home / "large.bin").write_bytes(os.urandom(40 << 20))
    os.utime(home / "page.html", ns=(2_200_000_000_123_456_000, 2_200_000_000_123_456_000))
    if os.geteuid() == 0:
        for path in (home, *home.rglob("*")):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    return home
