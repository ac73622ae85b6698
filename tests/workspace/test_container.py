"""The hub's own image, run by a real Podman."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from takeout.errors import ToolError
from takeout.workspace import DOCUMENT, Workspace, recreate
from takeout.workspace.engine import Container, qualified
from workspace.conftest import code, document, environment, kernel, write_notebook, write_program
from workspace.images import HUB, IMAGE, podman_folder, podman_variables
from workspace.test_work import checked_apart, write_document

PACKAGES = [("tides", "1.0"), ("ipykernel", "1.0"), ("gone", "9.9")]


@pytest.fixture(scope="session")
def with_podman(environ: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    with podman_folder() as folder:
        try:
            own = podman_variables(folder)
        except LookupError as error:
            pytest.skip(str(error))
        # What else this machine may have, and whether it answers, is no matter here.
        docker = write_program(folder / "bin" / "docker", "echo 'Cannot connect to the Docker daemon' >&2; exit 1")
        variables = {**environ, **own, "PATH": f"{docker.parent}{os.pathsep}{environ['PATH']}"}
        yield variables


@pytest.fixture
def no_container_left(with_podman: Mapping[str, str]) -> Iterator[None]:
    yield
    ask = ["podman", "ps", "--all", "--format", "{{.Names}}"]
    assert subprocess.run(ask, env=dict(with_podman), capture_output=True, text=True, check=True).stdout == ""


@pytest.fixture(scope="module")
def workspace(with_podman: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    home = tmp_path_factory.mktemp("home")
    cells = [code("import os, tides"), code("assert os.environ['STATION'] == '7'")]
    cells.append(code("open('/home/jovyan/made', 'w').write(tides.VERSION)"))
    write_notebook(home / "tide.ipynb", "ocean", cells)
    write_notebook(home / "hangs.ipynb", "ocean", [code("import time\nwhile True: time.sleep(1)")])
    about = document(
        image={"name": IMAGE},
        environments=[environment(HUB, PACKAGES)],
        kernels=[kernel("ocean", HUB), kernel("waves", "", "waves")],
        notebooks=[{"path": "tide.ipynb", "kernel": "ocean"}, {"path": "w.ipynb", "kernel": "waves"}],
        paths=[{"file": "tide.ipynb", "cell": 3, "line": 1, "path": "/home/jovyan/made"}],
    )
    (home / DOCUMENT).write_text(json.dumps(about))
    return recreate(home, with_podman)


def test_the_hubs_image_comes_first_and_is_compared(workspace: Workspace) -> None:
    assert workspace.container is not None
    assert (workspace.container.image, workspace.container.interface) == (IMAGE, "lab")
    (made,) = workspace.environments
    assert (made.tool, made.packages, made.missing[0][0]) == ("podman", 1, "gone 9.9")
    assert any(text.startswith("ipykernel 1.0 on the hub") for text in made.differs)
    assert workspace.without == ("kernel waves (w.ipynb): the image has none of that name",)


def test_the_second_time_it_is_there(workspace: Workspace, with_podman: Mapping[str, str]) -> None:
    # With no program to be found, looking into the image again would fail.
    again = recreate(workspace.home, {**with_podman, "PATH": ""})
    assert (again.fresh, again.container) == (False, workspace.container)


@pytest.mark.usefixtures("no_container_left")
def test_notebooks_run_in_it_with_the_paths_of_the_hub(
    workspace: Workspace, with_podman: Mapping[str, str], tmp_path: Path
) -> None:
    write_document(tmp_path, [{"path": f"{name}.ipynb", "kernel": "ocean"} for name in ("tide", "hangs")])
    tide, hangs = checked_apart(workspace, tmp_path, with_podman, way="")
    assert (tide.ran, tide.cells, tide.problem) == (3, 3, "")
    assert (workspace.home / "made").read_text() == "1.0"
    assert [cell.reason.split(":")[0] for cell in hangs.failed] == ["KeyboardInterrupt"]
    assert list((workspace.directory / "jupyter" / "runtime").iterdir()) == []


def test_an_image_without_the_hubs_environments_is_not_the_hubs(
    tmp_path: Path, with_podman: Mapping[str, str]
) -> None:
    about = document(image={"name": IMAGE}, environments=[environment("/opt/other", [("tides", "1.0")])])
    (tmp_path / DOCUMENT).write_text(json.dumps(about))
    with pytest.raises(ToolError, match="has none of the hub's environments, such as /opt/other"):
        recreate(tmp_path, with_podman, way="image")


def test_containers_of_a_run_that_was_killed_are_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What they publish would be theirs for ever, and any server that is given such a port out of reach."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    write_program(tmp_path / "podman", f'echo "$CONTAINERS_STORAGE_CONF $*" >> {tmp_path}/asked')
    with podman_folder() as killed:
        (killed / "graph").mkdir()
        with podman_folder() as other:
            assert killed.exists()
        (kept := killed.with_name("kept")).mkdir()
        shutil.copytree(killed, kept, dirs_exist_ok=True)
    kept.rename(killed)
    with podman_folder():
        assert not killed.exists()
    asked = [line.split()[0] for line in (tmp_path / "asked").read_text().splitlines()]
    assert asked[:3] == [f"{each}/storage.conf" for each in (other, killed, killed)]


@pytest.mark.usefixtures("no_container_left")
def test_jupyterlab_answers_to_the_token_alone_and_ends_with_ctrl_c(
    workspace: Workspace, with_podman: Mapping[str, str]
) -> None:
    command = [sys.executable, "-m", "takeout", "home", "work", str(workspace.home), "--no-browser"]
    with subprocess.Popen(command, env=dict(with_podman), stdout=-1, stderr=-1, text=True) as process:
        assert process.stderr is not None
        url = next(found[0] for line in process.stderr if (found := re.findall(r"JupyterLab is at (\S+)", line)))
        place, token = url.split("/lab?token=")
        assert place.startswith("http://127.0.0.1:")
        known = httpx.get(f"{place}/api/kernelspecs", headers={"Authorization": f"token {token}"})
        assert "ocean" in known.json()["kernelspecs"]
        assert httpx.get(f"{place}/api/kernelspecs").status_code == 403
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate()
    assert process.returncode == 0
    assert token not in out


def test_an_engine_that_does_not_answer_is_said_and_the_next_way_is_taken(
    tmp_path: Path, environ: Mapping[str, str]
) -> None:
    write_program(tmp_path / "bin" / "docker", "echo 'permission denied' >&2; exit 1")
    about = document(image={"name": IMAGE}, environments=[environment(HUB, [("tides", "1.0")])])
    (tmp_path / DOCUMENT).write_text(json.dumps(about))
    alone = {**environ, "PATH": str(tmp_path / "bin")}
    with pytest.raises(ToolError, match="docker is here and does not answer: permission denied"):
        recreate(tmp_path, alone, way="image")
    workspace = recreate(tmp_path, alone)
    assert workspace.container is None
    assert workspace.environments[0].packages == 1
    (note,) = workspace.better
    assert note == f"its image {IMAGE}: docker is here and does not answer: permission denied"


def test_an_image_that_cannot_be_fetched_is_said(tmp_path: Path, environ: Mapping[str, str]) -> None:
    fails = 'case "$1" in ps) exit 0;; pull) echo "unauthorized: access denied" >&2;; esac; exit 1'
    write_program(tmp_path / "bin" / "podman", fails)
    (tmp_path / DOCUMENT).write_text(json.dumps(document(image={"name": "ana/ocean:1"})))
    with pytest.raises(ToolError, match="ana/ocean:1 cannot be fetched with podman: unauthorized: access denied"):
        recreate(tmp_path, {**environ, "PATH": str(tmp_path / "bin")}, way="image")


@pytest.mark.parametrize(
    ("image", "engine", "full"),
    [
        ("jupyter/base:1", "/usr/bin/podman", "docker.io/jupyter/base:1"),
        ("ubuntu", "podman", "docker.io/library/ubuntu"),
        ("quay.io/ana/ocean:1", "podman", "quay.io/ana/ocean:1"),
        ("jupyter/base:1", "docker", "jupyter/base:1"),
    ],
)
def test_podman_is_told_where_an_image_is_from(image: str, engine: str, full: str) -> None:
    assert qualified(image, engine) == full


def test_a_home_whose_name_separates_fields_is_mounted_all_the_same(tmp_path: Path) -> None:
    words = Container("docker", "i", "/home/jovyan", "1000:1000").run(tmp_path / "a,b")
    assert f'type=bind,"source={tmp_path}/a,b",target=/home/jovyan' in words
