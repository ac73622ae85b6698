"""Environments made anew with the real tools, notebooks run in them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from takeout.errors import DirectoryError, InputError, NetworkError, OptionError
from takeout.workspace import DOCUMENT, OWN, Captured, Workspace, read_document, recreate, start_lab
from takeout.workspace.check import Cell, Checked, choose
from takeout.workspace.lab import write_settings
from takeout.workspace.pythons import Maker, find_maker
from workspace.conftest import code, document, environment, kernel, write_notebook, write_program

OCEAN, OTHER = "/opt/conda/envs/ocean", "/opt/other"
PACKAGES = [("tides", "1.0"), ("currents", "2.0"), ("gone", "9.9"), ("ipykernel", "7.0"), ("jupyterlab", "4.0")]


def write_home(home: Path, packages: Any = PACKAGES, **changes: Any) -> Path:
    write_notebook(home / "tide.ipynb", "ocean", [code("import tides"), code("assert tides.VERSION == '1.0'")])
    about = {
        "environments": [environment(OCEAN, packages), environment(OTHER, [("tides", "2.0")])],
        "kernels": [kernel("ocean", OCEAN), kernel("other", OTHER)],
        "notebooks": [{"path": "tide.ipynb", "kernel": "ocean", "cells": 2, "ran": 2}],
    }
    (home / DOCUMENT).write_text(json.dumps(document(**{**about, **changes})))
    return home


def write_document(folder: Path, notebooks: Sequence[Mapping[str, str]]) -> Captured:
    (folder / DOCUMENT).write_text(json.dumps(document(notebooks=notebooks)))
    return read_document(folder / DOCUMENT)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return write_home(tmp_path / "home")


@pytest.fixture(scope="module")
def workspace(environ: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace that tests look at and do not change."""
    return recreate(write_home(tmp_path_factory.mktemp("home")), environ, way="uv")


def is_made_and_names_what_is_missing(workspace: Workspace) -> None:
    (made,) = workspace.environments
    assert made.prefix == OCEAN
    assert made.packages == 4
    ((name, reason),) = made.missing
    assert name == "gone 9.9"
    assert "gone" in reason
    assert not workspace.whole
    ask = "import tides, currents; print(tides.VERSION, currents.SPEED)"
    done = subprocess.run([made.program, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout == "1.0 3\n"


def test_an_environment_is_made_anew_and_what_is_missing_is_named(workspace: Workspace) -> None:
    is_made_and_names_what_is_missing(workspace)


def test_with_pythons_own_venv_as_well(home: Path, environ: Mapping[str, str]) -> None:
    workspace = recreate(home, environ, way="venv")
    assert workspace.environments[0].tool == "venv and pip"
    is_made_and_names_what_is_missing(workspace)


def test_where_uv_fails_pip_does_it(home: Path, environ: Mapping[str, str], tmp_path: Path) -> None:
    program = write_program(tmp_path / "bin" / "uv", "echo 'error: unexpected argument' >&2; exit 2")
    path = f"{program.parent}{os.pathsep}{environ['PATH']}"
    workspace = recreate(home, {**environ, "PATH": path}, way="uv")
    assert workspace.environments[0].tool == "venv and pip"
    is_made_and_names_what_is_missing(workspace)


def test_what_uv_cannot_install_pip_is_asked_for(tmp_path: Path, environ: Mapping[str, str]) -> None:
    # uv sees no packages at all here, as behind a mirror that only pip is configured for.
    blind = {**environ, "UV_FIND_LINKS": str(tmp_path)}
    (tmp_path / "home").mkdir()
    workspace = recreate(write_home(tmp_path / "home", packages=PACKAGES[:1]), blind, way="uv")
    (made,) = workspace.environments
    assert (made.tool, made.packages, made.missing) == ("uv", 1, ())


def test_the_second_time_everything_is_there(workspace: Workspace, environ: Mapping[str, str]) -> None:
    # With no program to be found, anything made would fail.
    again = recreate(workspace.home, {**environ, "PATH": ""}, way="uv")
    assert workspace.fresh
    assert not again.fresh
    assert again.environments == workspace.environments
    assert again.kernels == workspace.kernels


def test_a_changed_document_makes_only_what_changed(home: Path, environ: Mapping[str, str]) -> None:
    workspace = recreate(home, environ, way="uv")
    mark = Path(workspace.environments[0].directory) / "kept"
    mark.touch()
    notebooks = [{"path": "tide.ipynb", "kernel": name, "cells": 2} for name in ("ocean", "other")]
    write_home(workspace.home, notebooks=notebooks)
    again = recreate(workspace.home, environ, way="uv")
    assert mark.exists()
    assert [each.prefix for each in again.environments] == [OCEAN, OTHER]
    recreate(workspace.home, environ, way="uv", again=True)
    assert not mark.exists()


def test_kernels_have_the_hubs_names_and_lie_in_the_workspace(workspace: Workspace) -> None:
    spec = json.loads((workspace.home / OWN / "jupyter" / "kernels" / "ocean" / "kernel.json").read_text())
    program = workspace.environments[0].program
    assert spec["argv"] == [program, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    assert spec["display_name"] == "Ocean"
    assert spec["env"]["PATH"].startswith(str(Path(program).parent))
    assert set(workspace.kernels) == {"ocean"}


def test_jupyterlab_opens_on_the_home_and_sees_nothing_of_the_persons(
    workspace: Workspace, environ: Mapping[str, str], tmp_path: Path
) -> None:
    own = tmp_path / "me" / ".local" / "share" / "jupyter" / "kernels" / "mine"
    own.mkdir(parents=True)
    (own / "kernel.json").write_text('{"argv": ["x"], "display_name": "Mine", "language": "python"}')
    start = start_lab(workspace, {**environ, "HOME": str(tmp_path / "me")}, browser=False)
    assert "--no-browser" in start.command
    done = subprocess.run(
        [*start.command, "--version"], env=dict(start.environ), capture_output=True, text=True, check=True
    )
    assert done.stdout.strip()
    assert f"--ServerApp.root_dir={workspace.home}" in start.command
    lists = [start.command[0], "-m", "jupyter_client.kernelspecapp", "list", "--json"]
    done = subprocess.run(lists, env=dict(start.environ), capture_output=True, text=True, check=True)
    assert "ocean" in json.loads(done.stdout)["kernelspecs"]
    assert "mine" not in json.loads(done.stdout)["kernelspecs"]


def test_all_that_differs_is_said(tmp_path: Path, environ: Mapping[str, str]) -> None:
    conda = {"packages": [{"name": "gdal", "version": "3.8", "build": "h"}], "channels": [], "asked": ["gdal"]}
    packages = [("tides", "1.05"), ("currents", "2.0"), ("ipykernel", "7.0"), ("jupyterlab", "4.0")]
    names = ("ocean", "julia-1.10", "lost")
    write_home(
        tmp_path,
        environments=[environment(OCEAN, packages, "3.4.10", conda=conda)],
        image={"name": "quay.io/ana/ocean:1"},
        kernels=[kernel("ocean", OCEAN), kernel("julia-1.10", "", "julia")],
        notebooks=[{"path": f"{name}.ipynb", "kernel": name} for name in names],
    )
    alone = tmp_path / "no-programs"
    alone.mkdir()
    workspace = recreate(tmp_path, {**environ, "PATH": str(alone)})

    (made,) = workspace.environments
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert made.differs == (
        f"Python 3.4.10 on the hub, {here} here: this machine has no 3.4",
        "tides 1.05 on the hub, 2.0 here",
        "1 conda package is no Python package and is not here: gdal",
    )
    assert made.missing == ()
    image, yml = workspace.better
    assert image == "its image quay.io/ana/ocean:1: neither docker nor podman is here"
    assert str(tmp_path / OWN / "binder" / "environment.yml") in yml
    assert [text.split(":")[0] for text in workspace.without] == [
        "kernel julia-1.10 (julia-1.10.ipynb)",
        "kernel lost (lost.ipynb)",
    ]


def test_settings_come_along_and_later_changes_stay(tmp_path: Path) -> None:
    settings = [
        {"file": "@jupyterlab/x/y.jupyterlab-settings", "text": "{}"},
        {"file": "../../../out", "text": "no"},
    ]
    write_home(tmp_path, jupyterlab={"settings": settings, "extensions": []})
    captured = read_document(tmp_path / DOCUMENT)
    file = tmp_path / OWN / "jupyter" / "lab" / "user-settings" / "@jupyterlab" / "x" / "y.jupyterlab-settings"
    write_settings(captured, tmp_path / OWN)
    assert file.read_text() == "{}"
    assert not (tmp_path / OWN / "out").exists()
    file.write_text('{"mine": 1}')
    write_settings(captured, tmp_path / OWN)
    assert file.read_text() == '{"mine": 1}'


CHECK = """
import json, os, sys
from takeout.workspace import read_document, recreate
from takeout.workspace.check import check_notebooks
home, document = map(__import__("pathlib").Path, sys.argv[1:3])
workspace = recreate(home, os.environ, way=sys.argv[3])
found = check_notebooks(workspace, read_document(document).notebooks, os.environ, timeout_seconds=int(sys.argv[4]))
print(json.dumps([each.to_json() for each in found]))
"""


def checked_apart(
    workspace: Workspace, folder: Path, environ: Mapping[str, str], way: str = "uv", seconds: int = 20
) -> list[Checked]:
    """Check in a process of its own: nbclient leaves some connections of kernels open until the process ends."""
    command = [sys.executable, "-c", CHECK, str(workspace.home), str(folder / DOCUMENT), way, str(seconds)]
    done = subprocess.run(command, env=dict(environ), capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    for each in found:
        del each["as_on_hub"]
        each["failed"] = tuple(Cell(**cell) for cell in each["failed"])
    return [Checked(**each) for each in found]


def test_cells_are_compared_with_how_they_ran_on_the_hub(
    workspace: Workspace, environ: Mapping[str, str], tmp_path: Path
) -> None:
    home = workspace.home
    cells = [
        code("import tides; tides.VERSION"),
        code(""),
        code("1/0", error="ZeroDivisionError"),
        code("open('only-on-the-hub')"),
        code("input('name?')", ran=False),
        code("open('beside.txt').read()"),
    ]
    write_notebook(home / "sub" / "mixed.ipynb", "ocean", cells)
    (home / "sub" / "beside.txt").write_text("here")
    before = (home / "sub" / "mixed.ipynb").read_bytes()
    paths = ("tide.ipynb", "sub/mixed.ipynb", "sub/absent.ipynb")
    write_document(tmp_path, [{"path": path, "kernel": "ocean"} for path in paths])

    tide, mixed, absent = checked_apart(workspace, tmp_path, environ)
    assert (tide.ran, tide.cells, tide.as_on_hub) == (2, 2, True)
    assert (mixed.ran, mixed.cells, mixed.ran_on_hub) == (2, 5, 4)
    assert [(cell.number, cell.also_on_hub) for cell in mixed.failed] == [(3, True), (4, False), (5, False)]
    assert mixed.failed[1].reason.startswith("FileNotFoundError: ")
    assert not mixed.as_on_hub
    assert absent.problem
    assert (home / "sub" / "mixed.ipynb").read_bytes() == before
    assert "here" in (home / OWN / "checked" / "sub" / "mixed.ipynb").read_text()


@pytest.mark.parametrize("way", ["uv", "venv"])
def test_each_notebook_runs_in_its_own_environment_and_r_is_listed(
    tmp_path: Path, environ: Mapping[str, str], way: str
) -> None:
    conda = {"packages": [{"name": "gdal", "version": "3.8", "build": "h"}], "channels": ["conda-forge"]}
    first = environment("/opt/pip", [("tides", "1.0"), ("ipykernel", "7.0")])
    second = environment("/opt/conda", [("tides", "2.0"), ("ipykernel", "7.0")], conda=conda)
    r_kernel = {**kernel("ir", "", "R"), "argv": ["R", "--slave", "-e", "IRkernel::main()", "{connection_file}"]}
    notebooks = [("one", "pip", "python"), ("two", "conda", "python"), ("three", "ir", "R")]
    for version, (name, used, language) in enumerate(notebooks, 1):
        source = code(f"import tides\nassert tides.VERSION == '{version}.0'")
        write_notebook(tmp_path / f"{name}.ipynb", used, [source], language)
    about = document(
        environments=[first, second],
        kernels=[kernel("pip", "/opt/pip"), kernel("conda", "/opt/conda"), r_kernel],
        notebooks=[
            {"path": f"{name}.ipynb", "kernel": used, "language": language} for name, used, language in notebooks
        ],
        r=[{"version": "4.3.2", "packages": [{"package": "sf", "version": "1.0-15"}]}],
    )
    (tmp_path / DOCUMENT).write_text(json.dumps(about))
    (tmp_path / "bin").mkdir()
    alone = {**environ, "PATH": str(tmp_path / "bin")}
    workspace = recreate(tmp_path, alone, way=way)
    assert [each.packages for each in workspace.environments] == [2, 2]
    one, two, three = checked_apart(workspace, tmp_path, alone, way=way)
    assert [(each.ran, each.cells, each.failed) for each in (one, two)] == [(1, 1, ()), (1, 1, ())]
    assert three.problem == "its kernel ir is not here"
    assert 'install_version("sf", "1.0-15"' in (workspace.directory / "binder" / "install.R").read_text()


def test_a_kernel_that_dies_or_hangs_does_not_stop_the_check(
    workspace: Workspace, environ: Mapping[str, str], tmp_path: Path
) -> None:
    write_notebook(workspace.home / "dies.ipynb", "ocean", [code("import os; os._exit(3)"), code("1")])
    write_notebook(workspace.home / "hangs.ipynb", "ocean", [code("while True: pass"), code("2")])
    heedless = (
        "import time\nwhile True:\n    try:\n        time.sleep(1)\n    except KeyboardInterrupt:\n        pass"
    )
    write_notebook(workspace.home / "deaf.ipynb", "ocean", [code(heedless), code("3")])
    write_document(tmp_path, [{"path": f"{each}.ipynb", "kernel": "ocean"} for each in ("dies", "hangs", "deaf")])
    dies, hangs, deaf = checked_apart(workspace, tmp_path, environ, seconds=5)
    assert [cell.number for cell in dies.failed] == [1, 2]
    assert "the kernel died" in dies.failed[1].reason
    assert [(cell.number, cell.reason.split(":")[0]) for cell in hangs.failed] == [(1, "KeyboardInterrupt")]
    assert [cell.reason for cell in deaf.failed] == ["the cell took too long, and could not be interrupted"] * 2


def test_notebooks_are_chosen_by_pattern(home: Path) -> None:
    captured = read_document(home / DOCUMENT)
    assert [each.path for each in choose(captured, ["t*"])] == ["tide.ipynb"]
    with pytest.raises(OptionError, match="no notebook matches x"):
        choose(captured, ["x"])


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"takeout": "environment", "format": 2}', '{"takeout": "environment", "format": 1}']
)
def test_what_is_no_captured_environment_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / DOCUMENT).write_text(text)
    with pytest.raises(InputError) as caught:
        read_document(tmp_path / DOCUMENT)
    assert caught.value.hint
    with pytest.raises(DirectoryError, match="no captured environment"):
        read_document(tmp_path / "absent.json")


def test_no_network_is_said_once(tmp_path: Path) -> None:
    program = write_program(tmp_path / "uv", "echo 'error: dns error: failed to lookup' >&2; exit 2")
    with pytest.raises(NetworkError, match="cannot be fetched"):
        Maker(str(program), {}).install(tmp_path, ["x"], tmp_path)


def test_a_stand_in_for_a_python_is_not_taken_for_one(tmp_path: Path) -> None:
    write_program(tmp_path / "python3.4", "echo 'python3.4: command not found' >&2; exit 127")
    assert find_maker({"PATH": str(tmp_path), "PYTHONPATH": "x"}).python("3.4") == ""
