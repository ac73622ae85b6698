"""JupyterLab 4 and Notebook 7; and servers of earlier years, Jupyter Server 1 and classic Notebook 6."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pull.cached import made_once
from pull.compare import tree
from pull.servers import TOKEN, JupyterServer
from pull.test_through import make_odd
from takeout.pull import Options, Token, pull
from takeout.pull.by_archive import NOTE

PINS = ("notebook==6.5.7", "jupyter_server==1.24.0", "nbclassic==0.5.6", "ipykernel<7", "setuptools<80")


@pytest.fixture(scope="session")
def old_python() -> str:
    """A Python with the old servers."""

    def make(place: Path) -> bool:
        commands = [
            [sys.executable, "-m", "venv", str(place)],
            [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", *PINS],
        ]
        return all(not subprocess.run(each, capture_output=True, check=False).returncode for each in commands)

    place = made_once(f"old-servers-{sys.version_info.major}.{sys.version_info.minor}", make)
    if place is None:
        pytest.skip("Jupyter Server 1 and Notebook 6 cannot be installed here")
    return str(place / "bin" / "python")


def old_server(python: str, module: str, home: Path, place: Path) -> JupyterServer:
    classic = module == "notebook"
    return JupyterServer(home, place / "server", python=(python,), module=module, classic=classic).start()


@pytest.mark.parametrize("module", ["jupyterlab", "notebook"])
@pytest.mark.parametrize("extension", [False, True])
def test_a_home_comes_over_from_a_server_of_today(
    module: str, extension: bool, plain_home: Path, tmp_path: Path
) -> None:
    server = JupyterServer(plain_home, tmp_path / "server", module=module, extension=extension).start()
    try:
        report = pull(server.address, tmp_path / "here", Token(TOKEN))
    finally:
        server.stop()

    assert tree(tmp_path / "here") == tree(plain_home)
    assert report.whole
    assert (NOTE in report.notes) is extension


@pytest.mark.parametrize("module", ["jupyter_server", "notebook"])
def test_a_home_comes_over_from_an_old_server(
    old_python: str, module: str, plain_home: Path, tmp_path: Path
) -> None:
    server = JupyterServer(
        plain_home, tmp_path / "server", python=(old_python,), module=module, classic=module == "notebook"
    ).start()
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
    server = JupyterServer(
        home, tmp_path / "server", python=(old_python,), module=module, classic=module == "notebook"
    ).start()
    try:
        report = pull(server.address, tmp_path / "here", Token(TOKEN), Options(through=through))  # type: ignore[arg-type]
    finally:
        server.stop()

    assert tree(tmp_path / "here") == tree(home)
    assert [item.path for item in report.not_taken] == ["fifo"]
