"""Servers of earlier years: Jupyter Server 1 and classic Notebook 6, in an environment of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pull.compare import tree
from pull.servers import TOKEN, JupyterServer
from pull.test_through import make_odd
from takeout.pull import Options, Token, pull

PINS = ("notebook==6.5.7", "jupyter_server==1.24.0", "nbclassic==0.5.6", "ipykernel<7", "setuptools<80")
MARK = "ready"


@pytest.fixture(scope="session")
def old_python() -> str:
    """A Python with the old servers; made once, kept in the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    place = cache / "takeout" / "tests" / f"old-servers-{sys.version_info.major}.{sys.version_info.minor}"
    python = place / "bin" / "python"
    if not (place / MARK).exists():
        made = [
            [sys.executable, "-m", "venv", "--clear", str(place)],
            [str(python), "-m", "pip", "install", "--quiet", *PINS],
        ]
        for command in made:
            if subprocess.run(command, capture_output=True, check=False).returncode:
                pytest.skip("Jupyter Server 1 and Notebook 6 cannot be installed here")
        (place / MARK).touch()
    return str(python)


@pytest.mark.parametrize("module", ["jupyter_server", "notebook"])
def test_a_home_comes_over_from_an_old_server(
    old_python: str, module: str, plain_home: Path, tmp_path: Path
) -> None:
    server = JupyterServer(plain_home, tmp_path / "server", python=(old_python,), module=module).start()
    try:
        report = pull(server.address, tmp_path / "here", Token(TOKEN))
        again = pull(server.address, tmp_path / "here", Token(TOKEN))
    finally:
        server.stop()

    assert tree(tmp_path / "here") == tree(plain_home)
    assert report.whole
    assert again.fetched_files == 0


@pytest.mark.parametrize("module", ["jupyter_server", "notebook"])
@pytest.mark.parametrize("through", ["kernel", "terminal"])
def test_an_odd_home_comes_through_an_old_server(
    old_python: str, module: str, through: str, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    make_odd(home)
    server = JupyterServer(home, tmp_path / "server", python=(old_python,), module=module).start()
    try:
        report = pull(server.address, tmp_path / "here", Token(TOKEN), Options(through=through))  # type: ignore[arg-type]
    finally:
        server.stop()

    assert tree(tmp_path / "here") == tree(home)
    assert [item.path for item in report.not_taken] == ["fifo"]
