"""What the hub's files say: packages, conda environments, kernels, notebooks."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from takeout.workspace.onhub.environments import _conda
from takeout.workspace.onhub.kernels import found_kernels
from takeout.workspace.onhub.notebooks import absolute_paths, imported_names, notebook_use, walk_home
from takeout.workspace.onhub.packages import installed_packages, without_password
from takeout.workspace.onhub.surroundings import image_name, julia_projects, r_libraries
from workspace.conftest import code, write_notebook


def distribution(site: Path, name: str, version: str, direct: Any = None) -> None:
    folder = site / f"{name}-{version}.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Name: {name}\nVersion: {version}\n\nName: not this one\n")
    if direct:
        (folder / "direct_url.json").write_text(json.dumps(direct))


def test_where_a_package_came_from_is_kept_without_what_logs_in(tmp_path: Path) -> None:
    vcs = {"vcs": "git", "commit_id": "abc123", "requested_revision": "main"}
    url = "https://ana:ghp_hush@github.com/ana/waves"
    distribution(tmp_path, "waves", "1.0", {"url": url, "vcs_info": vcs, "subdirectory": "python"})

    (waves,) = installed_packages([str(tmp_path)])
    assert waves["url"] == "git+https://github.com/ana/waves@abc123"
    assert waves["subdirectory"] == "python"


def test_editables_are_known_by_their_folder_and_repository(tmp_path: Path) -> None:
    work = tmp_path / "work"
    (work / "old.egg-info").mkdir(parents=True)
    (work / "old.egg-info" / "PKG-INFO").write_text("Name: old\nVersion: 0.1\n")
    git = ["git", "-C", str(work), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "x"]):
        subprocess.run([*git, *words], check=True)
    remote = "git@github.com:ana/old.git"
    subprocess.run([*git, "remote", "add", "origin", remote], check=True)
    site = tmp_path / "site"
    distribution(site, "new", "0.2", {"url": work.as_uri(), "dir_info": {"editable": True}})
    (site / "old.egg-link").write_text(f"{work}\n.")

    new, old = installed_packages([str(site)])
    commit = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    for each in (new, old):
        assert each["editable"] == str(work)
        assert each["url"] == f"git+ssh://git@github.com/ana/old.git@{commit}"


def test_the_first_on_the_path_counts_and_damage_does_not(tmp_path: Path) -> None:
    distribution(tmp_path / "user", "tides", "2.0")
    distribution(tmp_path / "image", "Tides", "1.0")
    (tmp_path / "image" / "half-1.dist-info").mkdir()
    found = installed_packages([str(tmp_path / "user"), str(tmp_path / "absent"), str(tmp_path / "image")])
    assert [(each["name"], each["version"]) for each in found] == [("tides", "2.0")]


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("https://token@example.org/x.whl", "https://example.org/x.whl"),
        ("https://conda.example.org/t/tk-123/lab/noarch", "https://conda.example.org/lab/noarch"),
        ("ssh://git:pw@example.org/x", "ssh://git@example.org/x"),
        ("file:///home/jovyan/x", "file:///home/jovyan/x"),
    ],
)
def test_passwords_leave_addresses(url: str, plain: str) -> None:
    assert without_password(url) == plain


def test_conda_tells_channels_builds_and_what_was_asked_for(tmp_path: Path) -> None:
    forge = "https://conda.anaconda.org/conda-forge/linux-64"
    for name, version, channel, files in (
        ("gdal", "3.8.4", forge, []),
        ("numpy", "1.26.4", forge, ["lib/python3.11/site-packages/numpy-1.26.4.dist-info/METADATA"]),
        ("mkl", "2023.1", "https://repo.anaconda.com/pkgs/main/linux-64", []),
    ):
        about = {"name": name, "version": version, "build": "py_0", "channel": channel, "subdir": "linux-64"}
        (tmp_path / f"{name}.json").write_text(json.dumps({**about, "files": files}))
    (tmp_path / "broken.json").write_text("{")
    history = "# update specs: ['gdal=3.8', \"conda-forge::numpy\", 'xarray']\n# remove specs: ['xarray']\n"
    (tmp_path / "history").write_text(history)

    conda, owned = _conda(str(tmp_path))
    assert conda["channels"] == ["conda-forge", "defaults"]
    assert conda["asked"] == ["conda-forge::numpy", "gdal=3.8"]
    assert {each["name"]: each["channel"] for each in conda["packages"]}["mkl"] == "defaults"
    assert owned == {"lib/python3.11/site-packages/numpy-1.26.4.dist-info"}


@pytest.mark.parametrize(
    ("argv", "program"),
    [
        (["/opt/conda/envs/a/bin/python3.11", "-m", "ipykernel_launcher"], "/opt/conda/envs/a/bin/python3.11"),
        (
            ["/opt/conda/bin/python", "-m", "nb_conda_kernels.runner", "/opt/conda", "/e", "/e/bin/python"],
            "/e/bin/python",
        ),
        (
            ["bash", "-c", "source /e/x && exec /e/bin/python -m ipykernel_launcher -f '{connection_file}'"],
            "/e/bin/python",
        ),
    ],
)
def test_kernels_are_followed_to_their_interpreter(argv: list[str], program: str, tmp_path: Path) -> None:
    place = tmp_path / ".local" / "share" / "jupyter" / "kernels" / "One"
    place.mkdir(parents=True)
    (place / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "One", "language": "python"}))
    (tmp_path / ".local" / "share" / "jupyter" / "kernels" / "damaged").mkdir()
    found = {each["name"]: each for each in found_kernels(str(tmp_path), [])}
    assert found["One"]["program"] == program
    assert "damaged" not in found


def test_notebooks_are_read_whatever_their_age_and_damage(tmp_path: Path) -> None:
    write_notebook(tmp_path / "new.ipynb", "", [code("import a.b, c\nfrom d import e"), code("1/0", error="Zero")])
    old = {
        "cell_type": "code",
        "input": ["import f\n", "!ls"],
        "prompt_number": 3,
        "outputs": [{"output_type": "pyerr"}],
    }
    (tmp_path / "old.ipynb").write_text(
        json.dumps({"nbformat": 3, "metadata": {}, "worksheets": [{"cells": [old]}]})
    )
    (tmp_path / "cut.ipynb").write_text('{"cells": [')
    (tmp_path / "list.ipynb").write_text("[]")
    uses = {path: notebook_use(str(tmp_path), path, ["/h"])[0] for path in walk_home(str(tmp_path))}
    assert uses["new.ipynb"]["imports"] == ["a", "c", "d"]
    assert (uses["new.ipynb"]["cells"], uses["new.ipynb"]["ran"], uses["new.ipynb"]["failed"]) == (2, 2, 1)
    assert (uses["old.ipynb"]["imports"], uses["old.ipynb"]["ran"], uses["old.ipynb"]["failed"]) == (["f"], 1, 1)
    assert uses["cut.ipynb"]["problem"]
    assert uses["list.ipynb"]["problem"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("%%bash\nimport nothing", []),
        ("%%time\nimport a", ["a"]),
        ("if x:\n    !pip install y\n    import b", ["b"]),
        ("print 'python 2'\nimport c", ["c"]),
        ("from . import d", []),
    ],
)
def test_imports_are_found_between_ipythons_own_lines(text: str, names: list[str]) -> None:
    assert imported_names(text) == names


def test_environments_and_hidden_folders_are_not_looked_into(tmp_path: Path) -> None:
    for name in ("venv/x.py", ".cache/x.py", "node_modules/x.py", "kept/x.R"):
        file = tmp_path / name
        file.parent.mkdir()
        file.touch()
    (tmp_path / "venv" / "pyvenv.cfg").touch()
    assert walk_home(str(tmp_path)) == ["kept/x.R"]


def test_paths_of_the_hub_are_found_in_strings_and_in_commands() -> None:
    text = "a = '/home/jovyan/my data/x.csv'\n!head /home/jovyan/y.csv; ls\n"
    text += "url = 'https://x.org/home/jovyan/z'\nb = '/etc/passwd'\n"
    found = absolute_paths(text, ["/home/jovyan"])
    assert [(each["line"], each["path"]) for each in found] == [
        (1, "/home/jovyan/my data/x.csv"),
        (2, "/home/jovyan/y.csv"),
    ]


def test_julia_and_the_image_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / ".julia" / "environments" / "v1.10"
    folder.mkdir(parents=True)
    (folder / "Project.toml").write_text("[deps]\n")
    monkeypatch.setenv("JUPYTER_IMAGE_SPEC", "quay.io/ana/ocean:2026.1")
    monkeypatch.delenv("JULIA_DEPOT_PATH", raising=False)
    monkeypatch.delenv("JULIA_PROJECT", raising=False)
    assert julia_projects(str(tmp_path)) == [{"name": "v1.10", "project": "[deps]\n", "manifest": ""}]
    assert image_name()["name"] == "quay.io/ana/ocean:2026.1"


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="there is no R here")
def test_r_tells_its_packages() -> None:
    (library,) = r_libraries([])
    packages = {each["package"]: each for each in library["packages"]}
    assert packages["stats"]["priority"] == "base"
    assert packages["stats"]["version"] == library["version"]
