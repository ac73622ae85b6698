"""What a wheel brings, beside the package, for every front end."""

from __future__ import annotations

import json
from pathlib import Path

from browser.wheel import data_of


def test_the_wheel_has_each_front_ends_files_and_no_others(wheel: Path, tmp_path: Path) -> None:
    data = data_of(wheel, tmp_path)
    files = {path.relative_to(data).as_posix() for path in data.rglob("*") if path.is_file()}
    lab = "share/jupyter/labextensions/jupyterhub-takeout/"
    bundles = {name for name in files if name.startswith(f"{lab}static/") and name.endswith(".js")}
    assert files - bundles == {
        "etc/jupyter/jupyter_server_config.d/takeout.json",
        "etc/jupyter/nbconfig/tree.d/takeout.json",
        "share/jupyter/nbextensions/takeout/tree.js",
        f"{lab}install.json",
        f"{lab}package.json",
        f"{lab}schemas/jupyterhub-takeout/package.json.orig",
        f"{lab}schemas/jupyterhub-takeout/plugin.json",
        f"{lab}static/third-party-licenses.json",
    }
    package = json.loads((data / lab / "package.json").read_text(encoding="utf-8"))
    assert f"{lab}{package['jupyterlab']['_build']['load']}" in bundles
    assert json.loads((data / lab / "install.json").read_text(encoding="utf-8"))["packageManager"] == "python"
    assert sum((data / name).stat().st_size for name in files) < 60_000


def test_the_bundle_holds_nothing_of_others(wheel: Path, tmp_path: Path) -> None:
    licences = next(data_of(wheel, tmp_path).rglob("third-party-licenses.json"))
    assert json.loads(licences.read_text(encoding="utf-8")) == {"packages": []}
