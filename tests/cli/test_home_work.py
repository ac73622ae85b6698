"""``takeout home capture`` and ``takeout home work``."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cli.helpers import Run
from takeout.workspace import DOCUMENT
from workspace.conftest import code, document, environ, environment, kernel, wheels, write_notebook

__all__ = ["environ", "wheels"]
PREFIX = "/opt/conda/envs/ocean"
PACKAGES = [("tides", "1.0"), ("ipykernel", "7.0"), ("jupyterlab", "4.0")]


@pytest.fixture
def here(environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """This machine, with small packages and without what else it may have."""
    monkeypatch.setattr(
        "os.environ", {**environ, "HOME": str(tmp_path / "me"), "PATH": str(tmp_path / "no-programs")}
    )


def write_home(home: Path, packages: Any = PACKAGES, **changes: Any) -> Path:
    write_notebook(home / "tide.ipynb", "ocean", [code("import tides"), code("open('/home/jovyan/a.csv')")])
    about = {
        "environments": [environment(PREFIX, packages)],
        "kernels": [kernel("ocean", PREFIX)],
        "notebooks": [{"path": "tide.ipynb", "kernel": "ocean", "cells": 2, "ran": 2}],
        **changes,
    }
    (home / DOCUMENT).write_text(json.dumps(document(**about)))
    return home


def test_capture_writes_what_work_reads(run: Run, tmp_path: Path) -> None:
    write_notebook(tmp_path / "jovyan" / "tide.ipynb", "python3", [code("import json")])
    captured = run("home", "capture", tmp_path / "jovyan")
    assert captured.code == 0
    assert "1 notebooks" in captured.out
    assert f"written to {tmp_path}/jovyan/{DOCUMENT}; take it along with the home" in captured.out
    assert captured.err == "looking at environments, kernels and notebooks\n"

    files = run("home", "work", tmp_path / "jovyan", "--files", tmp_path / "binder", "--json")
    assert files.code == 0
    assert set(files.json["files"]) == {path.name for path in (tmp_path / "binder").iterdir()}
    assert files.json["files"]


def test_capture_as_json_says_where_it_is_kept(run: Run, tmp_path: Path) -> None:
    result = run("home", "capture", tmp_path, "-o", tmp_path / "kept.json", "--json", "--quiet")
    assert (result.code, result.err) == (0, "")
    assert result.json["file"] == str(tmp_path / "kept.json")
    kept = json.loads((tmp_path / "kept.json").read_text())
    assert {**kept, "file": result.json["file"]} == result.json
    assert not (tmp_path / DOCUMENT).exists()


def test_capture_prints_a_program_that_does_it_elsewhere(run: Run, tmp_path: Path) -> None:
    text = run("home", "capture", "--script").out
    assert run("home", "capture", "--script", "--json").json == {"script": text}
    done = subprocess.run(
        [sys.executable, "-", str(tmp_path)], input=text, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["takeout"] == "environment"


@pytest.mark.usefixtures("here")
def test_work_says_what_is_here_what_differs_and_how_paths_are_kept(run: Run, tmp_path: Path) -> None:
    packages = [*PACKAGES, ("currents", "1.5"), ("gone", "9.9")]
    paths = [
        {"file": "tide.ipynb", "cell": 2, "line": 1, "path": "/no-such-home/jovyan/a.csv"},
        {"file": "run.sh", "line": 3, "path": "/no-such-scratch/b.csv"},
    ]
    home = write_home(
        tmp_path, packages, homes=["/no-such-home/jovyan"], paths=paths, image={"name": "quay.io/ana/ocean:1"}
    )
    result = run("home", "work", home, "--no-lab")
    assert result.code == 1
    assert result.out.splitlines() == [
        f"{PREFIX}: Python {sys.version.split()[0]}, 3 packages as on the hub (uv)",
        "  differs: currents 1.5 on the hub, 2.0 here",
        *[line for line in result.out.splitlines() if line.startswith("  missing: gone 9.9: ")],
        "kernels: ocean",
        "nearer to the hub would be its image quay.io/ana/ocean:1: neither docker nor podman is here",
        "paths of the hub that do not work here: 2",
        "  /no-such-home/jovyan/a.csv (tide.ipynb, cell 2, line 1): write 'a.csv', which works on the hub as well",
        "  /no-such-scratch/b.csv (run.sh:3): it is outside of the home: bring it along and change the path",
        "to keep those below the home working as they are (Linux):",
        f"  sudo mkdir -p /no-such-home && sudo ln -s {home} /no-such-home/jovyan",
    ]


@pytest.mark.usefixtures("here")
def test_work_as_json_is_one_document_and_opens_nothing(run: Run, tmp_path: Path) -> None:
    home = write_home(tmp_path)
    result = run("home", "work", home, "--with", "uv", "--json")
    assert (result.code, result.err) == (0, "")
    workspace = result.json["workspace"]
    assert (workspace["home"], workspace["whole"], workspace["fresh"]) == (str(home), True, True)
    assert workspace["environments"][0]["tool"] == "uv"
    assert (workspace["container"], workspace["r"], result.json["checked"]) == (None, None, [])
    assert run("home", "work", home, "--with", "uv", "--json").json["workspace"]["fresh"] is False
    assert run("home", "work", home, "--with", "uv", "--json", "--again").json["workspace"]["fresh"] is True


def test_check_ends_with_one_where_a_notebook_fails_that_did_not_on_the_hub(
    tmp_path: Path, environ: Mapping[str, str]
) -> None:
    home = write_home(tmp_path)
    write_notebook(home / "fine.ipynb", "ocean", [code("import tides")])
    notebooks = [{"path": name, "kernel": "ocean"} for name in ("tide.ipynb", "fine.ipynb")]
    write_home(home, notebooks=notebooks)
    # In a process of its own: nbclient leaves some connections of kernels open until the process ends.
    command = [sys.executable, "-m", "takeout", "home", "work", str(home), "--with", "uv"]

    def check(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*command, *more], env=dict(environ), capture_output=True, text=True, check=False)

    fine = check("--notebook", "f*")
    assert (fine.returncode, fine.stdout.splitlines()[-1]) == (0, "1 of 1 notebooks run as on the hub")
    both = check("--check")
    assert both.returncode == 1
    assert "tide.ipynb: 1 of 2 cells ran (2 on the hub)\n  cell 2: FileNotFoundError: " in both.stdout
    assert both.stdout.splitlines()[-1] == "1 of 2 notebooks run as on the hub"


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (["work", "HOME/none"], 2, "the home has no captured environment"),
        (["work", "HOME", "--environment", "HOME/tide.ipynb"], 2, "not a captured environment"),
        (["work", "HOME", "--environment", "HOME"], 3, "Is a directory"),
        (["work", "HOME", "--with", "magic"], 2, "unknown way 'magic'"),
        (["work", "HOME", "--with", "conda"], 3, "none of micromamba, mamba, conda and pixi is here"),
        (["work", "HOME", "--with", "image"], 3, "the hub did not tell its image"),
        (["work", "HOME", "--notebook", "x*"], 2, "no notebook matches x*"),
        (["work", "HOME", "--timeout", "0"], 2, "--timeout"),
        (["work", "HOME", "--port", "70000"], 2, "--port"),
        (["work", "HOME", "--files", "HOME/tide.ipynb"], 3, "exists"),
        (["capture", "HOME/tide.ipynb"], 2, "not a directory"),
        (["capture", "HOME", "-o", "HOME/none/x.json"], 3, "cannot write the document"),
    ],
)
def test_what_is_wrong_is_said(run: Run, tmp_path: Path, arguments: list[str], code: int, error: str) -> None:
    conda = {"packages": [{"name": "gdal", "version": "3", "build": "h"}]}
    home = write_home(tmp_path, environments=[environment(PREFIX, PACKAGES, conda=conda)])
    given = [each.replace("HOME", str(home)) for each in arguments]
    result = run("home", *given)
    assert result.code == code
    assert error in result.err
    as_json = run("home", *given, "--json")
    assert error in as_json.json["message"]
    assert not (home / ".takeout-work" / "ready.json").exists()
