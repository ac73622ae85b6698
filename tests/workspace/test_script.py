"""The program that runs on the hub: alone, on an old Python, and without leaving a trace."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from takeout.workspace.script import capture_script
from workspace.conftest import code, write_notebook


def run(python: str, home: Path, hub_python: Path | None = None) -> dict[str, Any]:
    environ = {"HOME": str(home), "PATH": "/usr/bin:/bin", "TOKEN": "hush"}
    if hub_python:
        environ["NB_PYTHON_PREFIX"] = str(hub_python.parent.parent)
    command = [python, "-I", "-S", "-", str(home)]
    done = subprocess.run(
        command, input=capture_script(call=True), capture_output=True, text=True, env=environ, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture
def home(tmp_path: Path, hub_python: Path) -> Path:
    home = tmp_path / "jovyan"
    spec = home / ".local" / "share" / "jupyter" / "kernels" / "ocean"
    spec.mkdir(parents=True)
    argv = [str(hub_python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    about = {"argv": argv, "display_name": "Ocean", "language": "python", "env": {"API_KEY": "hush"}}
    (spec / "kernel.json").write_text(json.dumps(about))
    write_notebook(home / "tide.ipynb", "ocean", [code("import tides.model as t\n%matplotlib inline")])
    settings = home / ".jupyter" / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "themes.jupyterlab-settings").write_text('{"theme": "dark"}')
    return home


def test_it_captures_with_the_standard_library_alone(home: Path, hub_python: Path) -> None:
    found = run(sys.executable, home)

    (spec,) = [each for each in found["kernels"] if each["name"] == "ocean"]
    assert spec["environment"] == str(hub_python.parent.parent)
    (ocean,) = [each for each in found["environments"] if each["prefix"] == spec["environment"]]
    names = {each["name"]: each["version"] for each in ocean["packages"]}
    assert (names["tides"], names["currents"]) == ("1.0", "2.0")
    (notebook,) = found["notebooks"]
    assert (notebook["path"], notebook["kernel"], notebook["imports"]) == ("tide.ipynb", "ocean", ["tides"])
    (setting,) = found["jupyterlab"]["settings"]
    assert setting["text"] == '{"theme": "dark"}'


def test_it_tells_names_of_variables_and_never_their_values(home: Path) -> None:
    found = run(sys.executable, home)
    assert "TOKEN" in found["variables"]
    assert "hush" not in json.dumps(found)


def test_it_writes_nothing(home: Path) -> None:
    before = sorted(home.rglob("*"))
    run(sys.executable, home)
    assert sorted(home.rglob("*")) == before


def test_it_runs_on_python_3_8(home: Path) -> None:
    ast.parse(capture_script(), feature_version=(3, 8))
    python = shutil.which("python3.8")
    ask = [python or "", "-c", "import sys; print(sys.executable)"]
    found = subprocess.run(ask, capture_output=True, text=True, check=False) if python else None
    if found is None or found.returncode:  # a version manager's stand-in
        pytest.skip("there is no Python 3.8 here")
    assert [each["path"] for each in run(found.stdout.strip(), home)["notebooks"]] == ["tide.ipynb"]


def test_its_parts_do_not_get_in_each_others_way() -> None:
    tree = ast.parse(capture_script())
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    names += [ast.unparse(target) for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    assert [name for name, count in Counter(names).items() if count > 1] == []
    assert "takeout." not in "".join(ast.unparse(node) for node in tree.body if isinstance(node, ast.ImportFrom))


def test_in_a_kernel_it_defines_a_function(home: Path) -> None:
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(capture_script(), space)  # noqa: S102 - as a kernel does
    assert space["takeout_capture"](str(home))["takeout"] == "environment"
