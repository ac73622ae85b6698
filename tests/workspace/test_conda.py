"""Conda environments: with conda's own programs where one is here, and with a stand-in for what each is asked."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from takeout.errors import ToolError
from takeout.workspace import DOCUMENT, OWN, recreate
from takeout.workspace.conda import Conda, _unknown, platform_name
from workspace.channel import PYTHON, write_channel
from workspace.conftest import code, document, environment, kernel, write_notebook, write_program
from workspace.test_work import checked_apart

PREFIX = "/opt/conda/envs/ocean"
PIP = [("currents", "2.0"), ("ipykernel", "7.0"), ("jupyterlab", "4.0")]
# Does what micromamba does with a file, as far as a solver's words and an environment's records go.
STAND_IN = """
import json, pathlib, subprocess, sys
if "--version" in sys.argv:
    sys.exit()
log = pathlib.Path(__file__).with_suffix(".log")
prefix, file = (pathlib.Path(sys.argv[sys.argv.index(each) + 1]) for each in ("--prefix", "--file"))
specs = [line.strip()[2:].strip("'") for line in file.read_text().split("dependencies:")[1].strip().splitlines()]
log.open("a").write(json.dumps([sys.argv[1:], specs]) + "\\n")
known = {"python", "pip", "tides", "libproj"}
lost = [spec for spec in specs if spec.split("=")[0] not in known or spec.endswith("=h_lost")]
if lost:
    lines = [f"  - {spec} does not exist (perhaps a typo or a missing channel);" for spec in lost]
    sys.exit("error    libmamba Could not solve for environment specs\\n" + "\\n".join(lines))
subprocess.run([REAL, "-m", "venv", "--without-pip", str(prefix)], check=True)
(prefix / "conda-meta").mkdir()
for spec in specs:
    name, version = (spec.split("=") + ["1"])[:2]
    about = {"name": name, "version": version, "build": "h_0", "channel": "sea", "subdir": "noarch", "files": []}
    (prefix / "conda-meta" / f"{name}.json").write_text(json.dumps(about))
"""

CONDAS_WORDS = """
PackagesNotFoundError: The following packages are not available from current channels:

  - gone==9.9=h0
  - sea::lost=1

Current channels:

  - file:///sea
"""


def conda_package(
    name: str, version: str, build: str, channel: str = "sea", subdir: str = "noarch"
) -> dict[str, Any]:
    return {"name": name, "version": version, "build": build, "channel": channel, "subdir": subdir}


def write_home(home: Path, channel: str, **changes: Any) -> Path:
    cells = [code("import os, tides, currents"), code("assert (tides.VERSION, currents.SPEED) == ('1.0', 3)")]
    cells.append(code("assert os.environ['PROJ_DATA'].startswith(os.environ['CONDA_PREFIX'])"))
    write_notebook(home / "tide.ipynb", "ocean", cells)
    builds = {
        "python": (PYTHON, "h1_0"),
        "tides": ("1.0", "pyh_0"),
        "libproj": ("9.4", "h_lost"),
        "gone": ("1", "0"),
    }
    packages = [conda_package(name, version, build, channel) for name, (version, build) in builds.items()]
    pip = [{"name": "tides", "version": "1.0", "installer": "conda"}, *PIP]
    conda = {"packages": packages, "channels": [channel], "asked": ["tides", "libproj>=9"], **changes}
    about = document(
        environments=[environment(PREFIX, pip, conda=conda)],
        kernels=[kernel("ocean", PREFIX)],
        notebooks=[{"path": "tide.ipynb", "kernel": "ocean"}],
    )
    (home / DOCUMENT).write_text(json.dumps(about))
    return home


@pytest.fixture
def stand_in(environ: Mapping[str, str], tmp_path: Path) -> Mapping[str, str]:
    text = f"REAL = {sys.executable!r}\n{STAND_IN}"
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "solver.py").write_text(text)
    write_program(tmp_path / "bin" / "micromamba", f'exec {sys.executable} {tmp_path}/bin/solver.py "$@"')
    return {**environ, "PATH": str(tmp_path / "bin")}


def asked(tmp_path: Path) -> list[tuple[list[str], list[str]]]:
    return [json.loads(line) for line in (tmp_path / "bin" / "solver.log").read_text().splitlines()]


def test_with_a_real_program_packages_that_are_no_pythons_come_too(
    tmp_path: Path, environ: Mapping[str, str]
) -> None:
    program = next((each for each in ("micromamba", "mamba", "conda") if shutil.which(each)), None)
    if program is None or platform_name() != "linux-64":
        pytest.skip("none of micromamba, mamba and conda is here, or the small channel is not for this machine")
    channel = write_channel(tmp_path / "channel").as_uri()
    own = {"CONDA_PKGS_DIRS": str(tmp_path / "pkgs"), "MAMBA_ROOT_PREFIX": str(tmp_path / "root")}
    variables = {**environ, **own, "CONDARC": os.devnull}
    workspace = recreate(write_home(tmp_path, channel), variables, way="conda")
    (made,) = workspace.environments
    assert (made.tool, made.python, made.differs) == (program, PYTHON, ())
    assert made.missing == (("gone 1 (conda)", "no channel has it for this machine"),)
    assert (Path(made.directory) / "share" / "proj" / "db").exists()
    (tide,) = checked_apart(workspace, tmp_path, variables, way="conda")
    assert (tide.ran, tide.failed, tide.problem) == (3, (), "")


def test_builds_are_asked_for_then_versions_then_the_rest(tmp_path: Path, stand_in: Mapping[str, str]) -> None:
    workspace = recreate(write_home(tmp_path, "sea"), stand_in)
    (made,) = workspace.environments
    first, second, third = (specs for _, specs in asked(tmp_path))
    assert first == ["pip", f"python={PYTHON}=h1_0", "tides=1.0=pyh_0", "libproj=9.4=h_lost", "gone=1=0"]
    assert set(second) == {"pip", f"python={PYTHON}=h1_0", "tides=1.0=pyh_0", "libproj=9.4", "gone=1"}
    assert "gone=1" not in third
    assert made.tool == "micromamba"
    assert ("gone 1 (conda)", "no channel has it for this machine") in made.missing
    assert (tmp_path / OWN / "environments" / f"{Path(made.directory).name}.yml").read_text().startswith("# /opt")
    # What pip had installed on the hub is there as well.
    ask = [made.program, "-c", "import currents; print(currents.SPEED)"]
    assert subprocess.run(ask, capture_output=True, text=True, check=True).stdout == "3\n"


def test_another_machines_builds_are_not_asked_for(tmp_path: Path, stand_in: Mapping[str, str]) -> None:
    packages = [conda_package("python", PYTHON, "h1", subdir="sunos-64"), conda_package("tides", "1.0", "p")]
    recreate(write_home(tmp_path, "sea", packages=packages), stand_in, way="conda")
    assert [specs for _, specs in asked(tmp_path)] == [["pip", f"python={PYTHON}", "tides=1.0"]]


def test_where_conda_cannot_make_it_a_virtual_environment_stands_for_it(
    tmp_path: Path, environ: Mapping[str, str]
) -> None:
    fails = 'case "$1" in --version) exit 0;; esac; echo "critical libmamba cannot reach sea" >&2; exit 1'
    write_program(tmp_path / "bin" / "mamba", fails)
    alone = {**environ, "PATH": str(tmp_path / "bin")}
    home = write_home(tmp_path, "sea")
    with pytest.raises(ToolError, match=r"mamba cannot make /opt/conda/envs/ocean: critical libmamba"):
        recreate(home, alone, way="conda")
    workspace = recreate(home, alone)
    (made,) = workspace.environments
    assert made.tool == "uv"
    assert "2 conda packages are no Python packages and are not here: libproj, gone" in made.differs
    (note,) = workspace.better
    assert note.startswith(f"{PREFIX}, with conda: mamba cannot make")


def test_asking_for_conda_where_none_is_here_is_said(tmp_path: Path, environ: Mapping[str, str]) -> None:
    (tmp_path / "bin").mkdir()
    with pytest.raises(ToolError, match="none of micromamba, mamba, conda and pixi is here"):
        recreate(write_home(tmp_path, "sea"), {**environ, "PATH": str(tmp_path / "bin")}, way="conda")


@pytest.mark.parametrize(
    ("name", "words", "prefix"),
    [
        ("micromamba", [["create", "--prefix", "/p", "--file", "/f"]], "/p"),
        ("mamba", [["env", "create", "--prefix", "/p", "--file", "/f"]], "/p"),
        ("conda", [["env", "create", "--prefix", "/p", "--file", "/f"]], "/p"),
        ("pixi", [["init", "--import", "/f", "/p"], ["install"]], "/p/.pixi/envs/default"),
    ],
)
def test_each_program_is_asked_in_its_own_words(name: str, words: list[list[str]], prefix: str) -> None:
    conda = Conda(f"/bin/{name}", name)
    assert [command[1:] for command in conda.commands(Path("/f"), Path("/p"))] == words
    assert conda.prefix(Path("/p")) == Path(prefix)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (CONDAS_WORDS, {"gone", "lost"}),
        ("The following packages are missing from the target environment:\n\n  - gone=9.9\n\n", {"gone"}),
        ("  - nothing provides requested gone 9.9", {"gone"}),
        ("Could not solve\n  └─ gone =9.9 does not exist (perhaps a typo or a missing channel).", {"gone"}),
        ("Cannot solve the request because of: No candidates were found for gone 9.9.*.", {"gone"}),
        ("UnsatisfiableError: specifications are incompatible:\n  - gdal=3 -> python=3.8", set()),
    ],
)
def test_every_solvers_words_for_what_no_channel_has_are_known(text: str, names: set[str]) -> None:
    assert _unknown(text) == names


def test_the_platform_has_condas_name() -> None:
    system, _, machine = platform_name().partition("-")
    assert system in ("linux", "osx")
    assert machine in ("64", platform.machine().lower())
