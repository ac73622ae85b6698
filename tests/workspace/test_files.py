"""The files for repo2docker, Binder, conda and pip."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from takeout.workspace.files import binder_files, main_environment, write_files
from takeout.workspace.model import Captured
from workspace.conftest import environment, kernel

Make = Callable[..., Captured]
PREFIX = "/opt/conda/envs/ocean"
NOTEBOOK = {"path": "a.ipynb", "kernel": "ocean"}
CONDA = {
    "packages": [
        {"name": "gdal", "version": "3.8.4", "build": "h1", "channel": "conda-forge", "subdir": "linux-64"},
        {"name": "python", "version": "3.11.7", "build": "h2", "channel": "conda-forge", "subdir": "linux-64"},
        {"name": "numpy", "version": "1.26.4", "build": "h3", "channel": "defaults", "subdir": "linux-64"},
    ],
    "channels": ["conda-forge", "defaults"],
}
R = [
    {
        "version": "4.3.2",
        "packages": [
            {"package": "stats", "version": "4.3.2", "priority": "base"},
            {"package": "sf", "version": "1.0-15", "repository": "CRAN"},
            {
                "package": "mine",
                "version": "0.1",
                "remotetype": "github",
                "remoteusername": "ana",
                "remoterepo": "mine",
                "remotesha": "abc",
            },
        ],
    }
]


def detected(directory: Path) -> tuple[str, str]:
    """Return which of repo2docker's builders takes a repository, and the Python that it would build with."""
    app = pytest.importorskip("repo2docker.app", reason="repo2docker is not installed")
    before = Path.cwd()
    os.chdir(directory)
    try:
        for kind in app.Repo2Docker().buildpacks:
            builder = kind(base_image="debian")
            if builder.detect():
                return kind.__name__, builder.python_version
    finally:
        os.chdir(before)
    return "", ""


def python(captured: Make, packages: list[Any], **more: Any) -> Captured:
    return captured(
        environments=[environment(PREFIX, packages, "3.11.7", **more)],
        kernels=[kernel("ocean", PREFIX), kernel("ir", "", "R")],
        notebooks=[NOTEBOOK],
    )


def test_a_python_environment_is_a_lock(captured: Make, tmp_path: Path) -> None:
    packages = [
        ("tides", "1.0"),
        ("pip", "24.0"),
        {"name": "waves", "version": "2", "url": "git+https://example.org/w@abc", "subdirectory": "python"},
        {"name": "mine", "version": "3", "editable": "/home/jovyan/src/mine"},
        {"name": "far", "version": "4", "editable": "/srv/far"},
        {"name": "near", "version": "5", "editable": "/srv/near", "url": "git+https://example.org/n@def"},
        {"name": "built", "version": "6", "url": "file:///home/conda/feedstock_root/build_artifacts/built"},
    ]
    written = write_files(python(captured, packages), tmp_path / "binder")

    lines = (tmp_path / "binder" / "requirements.txt").read_text().splitlines()[1:]
    assert lines == [
        "tides==1.0",
        "waves @ git+https://example.org/w@abc#subdirectory=python",
        "-e ./src/mine",
        "near @ git+https://example.org/n@def",
        "built==6",
    ]
    assert any(note.startswith("far is not in requirements.txt") for note in written.notes)
    assert detected(tmp_path) == ("PythonBuildPack", "3.11")


def test_a_conda_environment_has_channels_and_what_pip_installed(captured: Make, tmp_path: Path) -> None:
    packages = [{"name": "numpy", "version": "1.26.4", "installer": "conda"}, ("tides", "1.0")]
    write_files(python(captured, packages, conda=CONDA), tmp_path / "binder")

    text = (tmp_path / "binder" / "environment.yml").read_text()
    found = yaml.safe_load(text)
    assert found["channels"] == ["conda-forge", "defaults"]
    assert found["dependencies"] == [
        "gdal=3.8.4", "python=3.11.7", "defaults::numpy=1.26.4", "pip", {"pip": ["tides==1.0"]},
    ]  # fmt: skip
    assert "gdal=3.8.4 # h1" in text
    assert detected(tmp_path) == ("CondaBuildPack", "3.11")


def test_r_is_installed_at_its_versions(captured: Make, tmp_path: Path) -> None:
    write_files(
        captured(r=R, notebooks=[{"path": "a.ipynb", "kernel": "ir", "language": "R"}]), tmp_path / "binder"
    )

    text = (tmp_path / "binder" / "install.R").read_text()
    assert 'remotes::install_version("sf", "1.0-15", upgrade = "never")' in text
    assert 'remotes::install_github("ana/mine@abc", upgrade = "never")' in text
    assert "stats" not in text
    assert (tmp_path / "binder" / "runtime.txt").read_text() == "r-4.3.2-2026-08-21\n"
    assert detected(tmp_path)[0] == "RBuildPack"


def test_an_r_that_no_notebook_uses_changes_nothing(captured: Make) -> None:
    found = captured(r=R, environments=[environment(PREFIX, [("tides", "1.0")])])
    assert set(binder_files(found, main_environment(found))[0]) == {"requirements.txt", "runtime.txt"}


def test_a_julia_project_is_taken_as_it_is(captured: Make, tmp_path: Path) -> None:
    project = '[deps]\nJSON = "682c06a0-de6a-54ab-a142-c8b1cf79cde6"\n'
    write_files(captured(julia=[{"name": "v1.10", "project": project}]), tmp_path / "binder")
    assert (tmp_path / "binder" / "Project.toml").read_text() == project
    assert detected(tmp_path)[0] == "JuliaProjectTomlBuildPack"


def test_the_environment_of_most_notebooks_is_the_one(captured: Make) -> None:
    found = captured(
        environments=[environment("/opt/conda", []), environment(PREFIX, [])],
        kernels=[kernel("python3", "/opt/conda"), kernel("ocean", PREFIX)],
        notebooks=[NOTEBOOK],
    )
    main = main_environment(found)
    assert main is not None
    assert main.prefix == PREFIX
    assert main_environment(captured()) is None


def test_files_of_an_earlier_run_do_not_stay(captured: Make, tmp_path: Path) -> None:
    write_files(python(captured, [], conda=CONDA), tmp_path)
    write_files(python(captured, [("tides", "1.0")]), tmp_path)
    assert sorted(each.name for each in tmp_path.glob("[!c]*")) == ["requirements.txt", "runtime.txt"]
