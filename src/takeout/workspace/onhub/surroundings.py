"""What a hub has beside Python: R, Julia, JupyterLab's extensions and settings, the image."""

# os.path throughout: its functions take every name as the system gives it, and cost nothing to start.
# ruff: noqa: PTH113, PTH117, PTH118, PTH119, PTH120, PTH207

from __future__ import annotations

import glob
import json
import os
import re
import shutil
from typing import Any

from takeout.workspace.onhub.packages import answer, read_text

_R_FIELDS = (
    "Package",
    "Version",
    "Priority",
    "Repository",
    "RemoteType",
    "RemoteUsername",
    "RemoteRepo",
    "RemoteSha",
)
_R_ASK = (
    "x <- installed.packages(fields=c(%s)); "
    "cat('R', paste(R.version$major, R.version$minor, sep='.'), '\\n', sep='\\t'); "
    "write.table(x[, c(%s), drop=FALSE], sep='\\t', quote=FALSE, row.names=FALSE, col.names=FALSE, na='')"
)
_LARGEST_SETTING_BYTES = 1 << 18


def r_libraries(programs: list[str], environ: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """Return each R with its packages.

    Args:
        programs: Interpreters that kernels name; R on the path is looked at too.
        environ: Variables to ask with, in place of the process's own.

    Returns:
        For each R: ``program``, ``version`` and ``packages``, whose fields are those of R's own, in lower case.
    """
    beside = [os.path.join(os.path.dirname(program), "Rscript") for program in programs]
    known = [place for place in [*beside, shutil.which("Rscript") or ""] if place and os.access(place, os.X_OK)]
    fields = ",".join(f"'{field}'" for field in _R_FIELDS)
    found = []
    for program in dict.fromkeys(os.path.realpath(place) for place in known):
        lines = answer([program, "-e", _R_ASK % (fields, fields)], 120, environ).split("\n")
        start = [number for number, line in enumerate(lines) if line.startswith("R\t")][:1]
        if start:
            rows = [line.split("\t") for line in lines[start[0] + 1 :]]
            packages = [
                dict(zip(map(str.lower, _R_FIELDS), row))  # noqa: B905 - Python 3.8
                for row in rows
                if len(row) == len(_R_FIELDS)
            ]
            version = lines[start[0]].split("\t")[1].strip()
            found.append({"program": program, "version": version, "packages": packages})
    return found


def julia_projects(home: str) -> list[dict[str, str]]:
    """Return Julia's shared environments: ``name``, ``project`` and ``manifest``, the texts of their files."""
    depots = os.environ.get("JULIA_DEPOT_PATH", "").split(os.pathsep)
    folders = [
        each
        for depot in [*depots, os.path.join(home, ".julia")]
        if depot
        for each in sorted(glob.glob(os.path.join(depot, "environments", "*")))
    ]
    folders += [each for each in [os.environ.get("JULIA_PROJECT", "")] if os.path.isabs(each)]
    found = []
    for folder in dict.fromkeys(folders):
        project = read_text(os.path.join(folder, "Project.toml"))
        if project:
            manifest = read_text(os.path.join(folder, "Manifest.toml"))
            found.append({"name": os.path.basename(folder), "project": project, "manifest": manifest})
    return found


def lab_extensions(home: str, prefixes: list[str]) -> dict[str, Any]:
    """Return JupyterLab's extensions, what is switched off, and its settings: the person's and the hub's."""
    roots = [os.path.join(home, ".local"), *prefixes, "/usr/local"]
    extensions: dict[str, dict[str, str]] = {}
    disabled: list[str] = []
    overrides: list[dict[str, str]] = []
    for root in roots:
        folder = os.path.join(root, "share", "jupyter", "labextensions")
        for file in sorted(
            glob.glob(os.path.join(folder, "*", "package.json"))
            + glob.glob(os.path.join(folder, "@*", "*", "package.json"))
        ):
            about = _json(file)
            name = str(about.get("name") or os.path.relpath(os.path.dirname(file), folder))
            extensions.setdefault(name, {"name": name, "version": str(about.get("version", ""))})
        file = os.path.join(root, "share", "jupyter", "lab", "settings", "overrides.json")
        if os.path.isfile(file):
            overrides.append({"file": file, "text": read_text(file, _LARGEST_SETTING_BYTES)})
    for root in [os.path.join(home, ".jupyter"), *(os.path.join(prefix, "etc", "jupyter") for prefix in prefixes)]:
        off = _json(os.path.join(root, "labconfig", "page_config.json")).get("disabledExtensions") or {}
        disabled += [name for name in off if not isinstance(off, dict) or off[name]]
    return {
        "extensions": sorted(extensions.values(), key=lambda each: each["name"]),
        "disabled": sorted(set(disabled)),
        "settings": _settings(os.path.join(home, ".jupyter", "lab", "user-settings")),
        "overrides": overrides,
    }


def _settings(folder: str) -> list[dict[str, str]]:
    files = sorted(glob.glob(os.path.join(folder, "**", "*.jupyterlab-settings"), recursive=True))
    return [
        {"file": os.path.relpath(file, folder), "text": read_text(file, _LARGEST_SETTING_BYTES)} for file in files
    ]


def _json(file: str) -> dict[str, Any]:
    try:
        found = json.loads(read_text(file) or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def image_name() -> dict[str, str]:
    """Return the image that the server runs in, as the spawner or Binder tells, and the system in it."""
    name = os.environ.get("JUPYTER_IMAGE_SPEC") or os.environ.get("JUPYTER_IMAGE") or ""
    system = re.search(r'^PRETTY_NAME="?([^"\n]+)', read_text("/etc/os-release"), re.MULTILINE)
    return {
        "name": name,
        "binder": os.environ.get("BINDER_REF_URL") or os.environ.get("BINDER_REPO_URL") or "",
        "system": system.group(1) if system else "",
    }
