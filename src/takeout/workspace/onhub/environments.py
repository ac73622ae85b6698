"""The Python environments of a hub: their interpreters, their packages, and what conda knows of them."""

# os.path throughout: its functions take every name as the system gives it, and cost nothing to start.
# ruff: noqa: PTH112, PTH117, PTH118, PTH120, PTH207

from __future__ import annotations

import glob
import json
import os
import re
import sys
from typing import Any

from takeout.workspace.onhub.packages import answer, installed_packages, read_text, without_password

_ASK = (
    "import sys,json,platform;print(json.dumps({'version':platform.python_version(),'prefix':sys.prefix,"
    "'base_prefix':getattr(sys,'base_prefix',sys.prefix),'implementation':platform.python_implementation(),"
    "'platform':sys.platform,'machine':platform.machine(),'path':[each for each in sys.path if each]}))"
)
_ENVIRONMENT_VARIABLES = (
    "CONDA_PREFIX",
    "NB_PYTHON_PREFIX",
    "KERNEL_PYTHON_PREFIX",
    "CONDA_DIR",
    "MAMBA_ROOT_PREFIX",
)


def all_prefixes(home: str) -> list[str]:
    """Return the folders that may hold an environment: this Python's, Jupyter's, conda's; each once."""
    found = [sys.prefix, *(os.environ.get(name, "") for name in _ENVIRONMENT_VARIABLES)]
    found += [os.path.dirname(os.path.dirname(program)) for program in _programs("jupyter")]
    found += ["/opt/conda", "/srv/conda", "/srv/conda/envs/notebook"]
    found += read_text(os.path.join(home, ".conda", "environments.txt")).split("\n")
    roots = [
        *found,
        os.path.join(home, ".conda"),
        os.path.join(home, "miniforge3"),
        os.path.join(home, "micromamba"),
    ]
    found += [folder for root in roots if root for folder in sorted(glob.glob(os.path.join(root, "envs", "*")))]
    real = dict.fromkeys(os.path.realpath(prefix) for prefix in found if prefix and os.path.isabs(prefix))
    return [prefix for prefix in real if os.path.isdir(prefix)]


def _programs(name: str) -> list[str]:
    """Return every program of a name on the path."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    places = [os.path.join(folder, name) for folder in folders if folder]
    return [place for place in places if os.access(place, os.X_OK)]


def python_of(prefix: str) -> str:
    """Return an environment's interpreter, or nothing."""
    place = os.path.join(prefix, "bin", "python")
    return place if os.access(place, os.X_OK) else ""


def environment_of(python: str) -> dict[str, Any] | None:
    """Return an interpreter's environment, or nothing where it does not run.

    Returns:
        ``prefix``, ``base_prefix``, ``python`` (the interpreter), ``version``, ``implementation``, ``platform``,
        ``machine``, ``packages`` and, for a conda environment, ``conda``.
    """
    try:
        about = json.loads(answer([python, "-c", _ASK], 60).split("\n")[-1])
        path = about.pop("path")
    except (ValueError, KeyError, AttributeError):
        return None
    record = {**about, "python": python, "packages": installed_packages(path)}
    meta = os.path.join(about["prefix"], "conda-meta")
    if os.path.isdir(meta):
        record["conda"], owned = _conda(meta)
        for package in record["packages"]:
            if os.path.relpath(package["metadata"], about["prefix"]) in owned:
                package["installer"] = "conda"
    for package in record["packages"]:
        del package["metadata"]
    return dict(record)


def _conda(meta: str) -> tuple[dict[str, Any], set[str]]:
    """Return conda's own records of an environment, and the metadata folders that its packages brought.

    Source: https://docs.conda.io/projects/conda/en/stable/dev-guide/specs/index.html
    """
    packages: list[dict[str, str]] = []
    owned: set[str] = set()
    for file in sorted(glob.glob(os.path.join(meta, "*.json"))):
        try:
            known = json.loads(read_text(file, 1 << 26))
            package = {key: str(known[key]) for key in ("name", "version", "build")}
        except (ValueError, KeyError, TypeError):
            continue
        package["channel"] = _channel(str(known.get("channel", "")), str(known.get("url", "")))
        package["subdir"] = str(known.get("subdir", ""))
        packages.append(package)
        owned.update(os.path.dirname(name) for name in known.get("files", ()) if "-info/" in name)
    history = read_text(os.path.join(meta, "history"), 1 << 26)
    return {"packages": packages, "asked": _asked(history), "channels": _channels(packages)}, owned


def _channel(channel: str, url: str) -> str:
    """Return a channel's name, or its address where it is none of anaconda.org's."""
    place = without_password(channel if "://" in channel or not url else url)
    place = re.sub(r"/(noarch|(linux|osx|win)-[\w-]+)(/.*)?$", "", place)
    place = re.sub(r"^https?://(conda\.anaconda\.org|conda\.binstar\.org)/", "", place).rstrip("/")
    return "defaults" if "repo.anaconda.com/pkgs" in place or place.startswith("pkgs/") else place


def _channels(packages: list[dict[str, str]]) -> list[str]:
    """Return the channels, the one with the most packages first; it is the one that conda was to prefer."""
    names = [package["channel"] for package in packages if package["channel"] not in ("", "pypi", "<develop>")]
    return sorted(set(names), key=lambda name: (-names.count(name), name))


def _asked(history: str) -> list[str]:
    """Return what somebody asked conda for, in place of what came with it."""
    wanted: dict[str, str] = {}
    for action, line in re.findall(r"^# (update|install|remove|neutered) specs: (.+)$", history, re.MULTILINE):
        for spec in re.findall(r"['\"]([^'\"]+)['\"]", line):
            name = re.split(r"[ =<>!\[]", spec.split("::")[-1])[0]
            if action in ("remove", "neutered"):
                wanted.pop(name, None)
            else:
                wanted[name] = spec
    return sorted(wanted.values())
