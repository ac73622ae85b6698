"""R's packages and kernel, with a real R and a small repository in a folder."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from takeout.workspace import DOCUMENT, recreate
from takeout.workspace.onhub.surroundings import r_libraries
from workspace.conftest import code, document, write_notebook
from workspace.test_work import checked_apart

ARGV = ["/usr/lib/R/bin/R", "--slave", "-e", "IRkernel::main()", "--args", "{connection_file}"]
KERNEL = {"name": "ir", "display_name": "R", "language": "R", "argv": ARGV, "program": ARGV[0], "environment": ""}


def write_repository(folder: Path) -> str:
    """Write what ``install.packages`` takes packages from: one package at one version."""
    about = "Package: tide\nVersion: 1.2\n"
    more = "Title: Tides\nDescription: Tides.\nLicense: MIT\nAuthor: x\nMaintainer: x <x@example.org>\n"
    files = {
        "DESCRIPTION": about + more,
        "NAMESPACE": "export(height)\n",
        "R/tide.R": "height <- function() 4.5\n",
    }
    place = folder / "src" / "contrib"
    place.mkdir(parents=True)
    with tarfile.open(place / "tide_1.2.tar.gz", "w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"tide/{name}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    (place / "PACKAGES").write_text(f"{about}NeedsCompilation: no\n")
    return folder.as_uri()


@pytest.fixture
def with_r(tmp_path: Path, environ: Mapping[str, str]) -> Mapping[str, str]:
    program = shutil.which("Rscript")
    needed = "quit(status = as.integer(!all(sapply(c('IRkernel', 'remotes'), requireNamespace, quietly = TRUE))))"
    if program is None or subprocess.run([program, "-e", needed], capture_output=True, check=False).returncode:
        pytest.skip("there is no R with IRkernel and remotes (on Debian: r-cran-irkernel and r-cran-remotes)")
    profile = tmp_path / "profile.R"
    profile.write_text(f'options(repos = c(CRAN = "{write_repository(tmp_path / "cran")}"))\n')
    # R alone, so that what else this machine has is no matter.
    (tmp_path / "bin").mkdir()
    for name in ("R", "Rscript"):
        (tmp_path / "bin" / name).symlink_to(str(shutil.which(name)))
    path = f"{tmp_path / 'bin'}{os.pathsep}/bin"
    return {**environ, "R_PROFILE_USER": str(profile), "PATH": path}


def write_home(home: Path, packages: list[dict[str, Any]], version: str) -> Path:
    home.mkdir()
    write_notebook(home / "tide.ipynb", "ir", [code("library(tide)"), code("stopifnot(height() == 4.5)")], "R")
    about = document(
        kernels=[KERNEL],
        notebooks=[{"path": "tide.ipynb", "kernel": "ir", "language": "R"}],
        r=[{"version": version, "packages": packages}],
    )
    (home / DOCUMENT).write_text(json.dumps(about))
    return home


def test_rs_packages_are_installed_beside_the_home_and_its_kernel_runs(
    tmp_path: Path, with_r: Mapping[str, str]
) -> None:
    (here,) = r_libraries([])[:1]
    jsonlite = next(each["version"] for each in here["packages"] if each["package"] == "jsonlite")
    packages = [
        {"package": "stats", "version": here["version"], "priority": "base"},
        {"package": "jsonlite", "version": jsonlite},
        {"package": "digest", "version": "0.0.1"},
        {"package": "tide", "version": "1.2", "repository": "CRAN"},
        {"package": "lost", "version": "3"},
    ]
    workspace = recreate(write_home(tmp_path / "home", packages, here["version"]), with_r)

    assert workspace.r is not None
    assert workspace.r.packages == 2
    assert [text.split(" on the hub")[0] for text in workspace.r.differs] == ["digest 0.0.1"]
    assert [name for name, _ in workspace.r.missing] == ["lost 3"]
    assert (workspace.directory / "environments" / "r" / "tide").is_dir()
    assert (workspace.kernels, workspace.without) == ({"ir": "R"}, ())
    (tide,) = checked_apart(workspace, workspace.home, with_r, way="")
    assert (tide.ran, tide.failed, tide.problem) == (2, (), "")


def test_without_r_it_is_said_what_installs_its_packages(tmp_path: Path, environ: Mapping[str, str]) -> None:
    (tmp_path / "bin").mkdir()
    home = write_home(tmp_path / "home", [{"package": "tide", "version": "1.2"}], "4.3.2")
    workspace = recreate(home, {**environ, "PATH": str(tmp_path / "bin")})
    assert workspace.r is None
    (note,) = workspace.without
    assert "it needs R with the package IRkernel, which this machine has not" in note
    assert 'install_version("tide", "1.2"' in (workspace.directory / "binder" / "install.R").read_text()


def test_julia_is_told_how_to_be_made(tmp_path: Path, environ: Mapping[str, str]) -> None:
    (tmp_path / "bin").mkdir()
    kernel = {"name": "julia-1.10", "display_name": "Julia", "language": "julia", "argv": ["julia"]}
    about = document(
        kernels=[kernel],
        notebooks=[{"path": "j.ipynb", "kernel": "julia-1.10", "language": "julia"}],
        julia=[{"name": "v1.10", "project": "[deps]\n"}],
    )
    (tmp_path / DOCUMENT).write_text(json.dumps(about))
    alone = {**environ, "PATH": str(tmp_path / "bin")}
    workspace = recreate(tmp_path, alone)
    (note,) = workspace.without
    assert f"JUPYTER_DATA_DIR={workspace.directory}/jupyter julia --project={workspace.directory}/binder" in note
    # What Julia's own installer then writes stays, and counts.
    place = workspace.kernel_folder / "julia-1.10"
    place.mkdir(parents=True)
    (place / "kernel.json").write_text('{"argv": ["julia"], "display_name": "Julia", "language": "julia"}')
    again = recreate(tmp_path, alone)
    assert (again.without, again.kernels) == ((), {"julia-1.10": "julia"})
