"""Takeout is there in every front end, switched on by its installation alone."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from server.serving import BASE, Server, serving

CHECKOUT = Path(__file__).resolve().parents[2]


def test_installation_switches_it_on() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "jupyter", "server", "extension", "list"],
        capture_output=True,
        text=True,
        check=True,
    )

    lines = (done.stdout + done.stderr).splitlines()
    assert any("takeout.server" in line and "enabled" in line for line in lines)
    assert any("takeout.server" in line and "OK" in line for line in lines)


def test_the_wheel_puts_the_switch_where_jupyter_looks() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    shared = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    places = {target: source for source, target in shared.items()}

    source = places["etc/jupyter/jupyter_server_config.d/takeout.json"]

    switch = json.loads((CHECKOUT / source).read_text(encoding="utf-8"))
    assert switch == {"ServerApp": {"jpserver_extensions": {"takeout.server": True}}}


@pytest.mark.parametrize(
    ("extensions", "page"),
    [
        (("jupyterlab",), "lab"),
        (("jupyterlab", "notebook", "notebook_shim"), "tree"),
        (("nbclassic", "notebook_shim"), "nbclassic/tree"),
    ],
    ids=["JupyterLab", "Notebook 7", "nbclassic"],
)
def test_it_runs_beside_every_front_end(place: Path, extensions: tuple[str, ...], page: str) -> None:
    (place / "root" / "data").mkdir(parents=True)
    with serving(place, place / "root", extensions=extensions) as server:
        assert server.ask(page).status == 200
        assert server.ask("takeout/").status == 200
        assert server.ask("takeout/archive/").status == 200
        assert server.ask("takeout/archive/data/").status == 200


def test_settings_are_known_to_the_command_line(server: Server) -> None:
    assert not [line for line in server.lines if "Takeout" in line and ("WARNING" in line or "[W" in line)]
    assert server.ask("takeout/status").json()["enabled"] is True


def test_a_server_of_a_hub_leads_to_the_hubs_tokens(place: Path) -> None:
    (place / "root").mkdir()
    hub = {"JUPYTERHUB_BASE_URL": "/", "JUPYTERHUB_API_TOKEN": "x"}
    with serving(place, place / "root", **hub) as server:
        assert server.ask("takeout/status").json()["hub"] == {"token": "/hub/token"}
        assert server.ask("takeout/archive/").status == 200
        assert BASE == "/user/jovyan/"


def test_where_the_root_is_above_the_home_the_page_begins_at_home(place: Path) -> None:
    with serving(place, place) as server:
        assert server.ask("takeout/status").json()["start"] == "home"


def test_files_that_are_on_no_disk(place: Path) -> None:
    (place / "manager.py").write_text(
        "from jupyter_server.services.contents.manager import ContentsManager\n"
        "class Elsewhere(ContentsManager):\n"
        "    pass\n",
        encoding="utf-8",
    )
    option = "--ServerApp.contents_manager_class=manager.Elsewhere"
    with serving(place, place, option, PYTHONPATH=str(place)) as server:
        answer = server.ask("takeout/archive/")
        assert answer.status == 501
        assert "Takeout.root" in answer.json()["hint"]
        assert server.ask("takeout/status").json()["start"] == ""
