"""JupyterLab 4 and Notebook 7; and servers of earlier years, Jupyter Server 1 and classic Notebook 6."""

from __future__ import annotations

from pathlib import Path

import pytest

from pull.compare import tree
from pull.servers import TOKEN, JupyterServer
from pull.test_through import make_odd
from takeout.pull import Options, Token, pull
from takeout.pull.by_archive import NOTE


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
