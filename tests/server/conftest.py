"""A server for all tests of a run that need nothing special, and a place below its root for each of them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from server.serving import Server, own, remove, serving
from sockets import sockets_are_closed

__all__ = ["sockets_are_closed"]
_NUMBERS = count()


@contextmanager
def a_place() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="takeout-server-"))
    path.chmod(0o755)
    own(path)
    try:
        yield path
    finally:
        remove(path)


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that an ordinary user may use."""
    with a_place() as path:
        yield path


@pytest.fixture(scope="module")
def module_place() -> Iterator[Path]:
    """The same for all tests of a file."""
    with a_place() as path:
        yield path


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A running server with nothing configured."""
    with a_place() as path:
        (path / "root").mkdir()
        own(path)
        with serving(path, path / "root", "--Takeout.max_downloads=20") as running:
            yield running


@pytest.fixture
def home(server: Server) -> Path:
    """An empty directory below the server's root; its name is its path in addresses."""
    path = server.root / f"home{next(_NUMBERS)}"
    path.mkdir()
    own(path)
    return path
