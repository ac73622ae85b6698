"""The hub's own pages here: their templates and what they show."""

from __future__ import annotations

import shutil
from pathlib import Path, PurePosixPath
from typing import Any

from jupyterhub._data import DATA_FILES_PATH

from takeout.local.plan import Plan

_STATIC = PurePosixPath("/usr/local/share/jupyterhub/static")


def settle(config: Any, plan: Plan) -> None:
    """Lead the hub to its pages here; those that are not here leave JupyterHub's own."""
    hub = config.JupyterHub
    paths = hub.get("template_paths")
    if paths:
        hub["template_paths"] = [
            path for path in (_here(str(path), plan) for path in paths) if Path(path).is_dir()
        ]
    logo = _here(str(hub.get("logo_file") or ""), plan)
    if Path(logo).is_file():
        hub["logo_file"] = logo
    else:
        hub.pop("logo_file", None)
    if plan.pages:
        hub["data_files_path"] = str(_with_assets(plan))


def _here(path: str, plan: Plan) -> str:
    """Return where ``path`` of the hub's pod is here; itself where it is nowhere else."""
    for seen, folder in plan.pages.items():
        if PurePosixPath(path).is_relative_to(seen):
            return str(Path(folder) / PurePosixPath(path).relative_to(seen))
    return path


def _with_assets(plan: Plan) -> Path:
    """Return a folder of JupyterHub's own files with those that are mounted among the static ones."""
    data = plan.places.hub / "share"
    shutil.rmtree(data, ignore_errors=True)
    # Links would do, but tornado gives out no file that lies outside of its folder.
    shutil.copytree(DATA_FILES_PATH, data, ignore=shutil.ignore_patterns("*.map"))
    for seen, folder in plan.pages.items():
        if PurePosixPath(seen).is_relative_to(_STATIC) and Path(folder).is_dir():
            shutil.copytree(folder, data / "static" / PurePosixPath(seen).relative_to(_STATIC), dirs_exist_ok=True)
    return data
