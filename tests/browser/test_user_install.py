"""What the guide tells people to type: ``pip install --user`` on a hub, and the server started once more."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from server.hub import hub, variables
from server.serving import Server, free_port, running

TOKEN = "jovyans-token"  # noqa: S105 - of this test's hub
OURS = "takeout"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """An environment as a hub's image has it: Jupyter with its front ends, and no Takeout. Returns its Python."""
    here = tmp_path / "image"
    options = ("--without-pip", "--system-site-packages")
    subprocess.run([sys.executable, "-m", "venv", *options, str(here)], check=True)
    packages = next((here / "lib").glob("python*/site-packages"))
    for path in Path(sysconfig.get_paths()["purelib"]).iterdir():
        if OURS not in path.name and not path.name.startswith(("__", "pip", "_virtualenv", "distutils")):
            (packages / path.name).symlink_to(path)
    for kind in ("etc/jupyter/jupyter_server_config.d", "etc/jupyter/nbconfig", "share/jupyter"):
        for path in (Path(sys.prefix) / kind).glob("**/*.json"):
            below = path.relative_to(sys.prefix)
            if OURS not in str(below):
                (here / below).parent.mkdir(parents=True, exist_ok=True)
                (here / below).symlink_to(path)
    return here / "bin" / "python"


@contextmanager
def started(image: Path, place: Path, hub_port: int) -> Iterator[Server]:
    """Run jovyan's server as the hub does; every start is on another port."""
    port, home = free_port(), place / "home"
    command = [str(image), "-m", "jupyterhub.singleuser", "--allow-root", f"--ServerApp.root_dir={home}"]
    user = {
        "JUPYTER_CONFIG_DIR": str(home / ".jupyter"),
        "JUPYTER_DATA_DIR": str(home / ".local/share/jupyter"),
        "JUPYTER_RUNTIME_DIR": str(home / ".local/share/jupyter/runtime"),
    }
    with running(command, place, home, port, **variables(hub_port, port), **user) as server:
        yield server


def test_it_is_there_after_one_restart(image: Path, wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "work.txt").write_text("years of it")
    with hub() as hub_port:
        with started(image, tmp_path, hub_port) as server:
            assert server.ask("takeout/status", token=TOKEN).status == 404

            install = (sys.executable, "-m", "pip", "--python", str(image), "install", "--user")
            environment = {
                **{name: value for name, value in os.environ.items() if not name.startswith(("PIP", "PYTHON"))},
                "HOME": str(home),
            }
            options = ("--no-deps", "--no-index", "--no-warn-script-location", "--quiet")
            done = subprocess.run(
                [*install, *options, str(wheel)], env=environment, capture_output=True, text=True, check=False
            )
            assert (done.returncode, done.stderr) == (0, "")
            assert server.ask("takeout/status", token=TOKEN).status == 404

        with started(image, tmp_path, hub_port) as server:
            status = server.ask("takeout/status", token=TOKEN)
            assert status.status == 200, server.lines
            assert server.ask("takeout/", token=TOKEN).status == 200
            archive = server.ask("takeout/archive/", token=TOKEN)
        assert archive.status == 200

    saved = tmp_path / "home.zip"
    saved.write_bytes(archive.body)
    with zipfile.ZipFile(saved) as opened:
        assert opened.testzip() is None
        assert opened.read("home/work.txt") == b"years of it"
        names = opened.namelist()
    data = "home/.local/"
    for file in (
        "etc/jupyter/jupyter_server_config.d/takeout.json",
        "share/jupyter/labextensions/jupyterhub-takeout/package.json",
        "share/jupyter/nbextensions/takeout/tree.js",
    ):
        assert data + file in names, file
