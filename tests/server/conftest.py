"""A server for all tests of a run that need nothing special, and a place below its root for each of them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from server.serving import Server, own, remove, serving

_NUMBERS = count()


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that an ordinary user may use."""
    path = Path(tempfile.mkdtemp(prefix="takeout-server-"))
    path.chmod(0o755)
    own(path)
    yield path
    remove(path)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A running server with nothing configured."""
    path = Path(tempfile.mkdtemp(prefix="takeout-server-"))
    path.chmod(0o755)
    (path / "root").mkdir()
    own(path)
    with serving(path, path / "root", "--Takeout.max_downloads=20") as running:
        yield running
    remove(path)


@pytest.fixture
def home(server: Server) -> Path:
    """An empty directory below the server's root; its name is its path in addresses."""
    path = server.root / f"home{next(_NUMBERS)}"
    path.mkdir()
    own(path)
    return path
