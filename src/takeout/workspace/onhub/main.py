"""Everything about a hub's environments in one document."""

# os.path throughout: its functions take every name as the system gives it, and cost nothing to start.
# ruff: noqa: PTH100, PTH111, PTH121

from __future__ import annotations

import os
import sys
import time
from typing import Any

from takeout.workspace.onhub.environments import all_prefixes, environment_of, python_of
from takeout.workspace.onhub.kernels import found_kernels
from takeout.workspace.onhub.notebooks import notebook_use, script_use, walk_home
from takeout.workspace.onhub.surroundings import image_name, julia_projects, lab_extensions, r_libraries


def takeout_capture(root: str = "") -> dict[str, Any]:
    """Return what it takes to work on with a home elsewhere.

    Args:
        root: The directory whose notebooks count; the person's own home where it is empty.

    Returns:
        A document for JSON; ``takeout.workspace.model`` describes its fields.
    """
    own = os.path.expanduser("~")
    home = os.path.abspath(root or own)
    prefixes = all_prefixes(own)
    kernels = found_kernels(own, prefixes)
    environments = _environments(prefixes, kernels)
    files = walk_home(home)
    homes = sorted(_names_of(home) | _names_of(own), key=len, reverse=True)
    uses = [notebook_use(home, path, homes) for path in files if path.lower().endswith(".ipynb")]
    scripts = {path: script_use(home, path, homes) for path in files if not path.lower().endswith(".ipynb")}
    return {
        "takeout": "environment",
        "format": 1,
        "captured": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "home": home,
        "homes": homes,
        "image": image_name(),
        "variables": sorted(os.environ),
        "environments": environments,
        "kernels": kernels,
        "r": r_libraries([kernel["program"] for kernel in kernels if kernel["language"].lower() == "r"]),
        "julia": julia_projects(own),
        "jupyterlab": lab_extensions(own, prefixes),
        "notebooks": [use for use, _ in uses],
        "scripts": [{"path": path, "imports": names} for path, (names, _) in scripts.items() if names],
        "paths": [found for _, places in [*uses, *scripts.values()] for found in places],
    }


def _environments(prefixes: list[str], kernels: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each environment once, and write its prefix into the kernels that run in it."""
    found: dict[str, dict[str, Any]] = {}
    by_program: dict[str, str] = {}
    pythons = [kernel["program"] for kernel in kernels if kernel["language"].lower() == "python"]
    for python in dict.fromkeys([*(python_of(prefix) for prefix in prefixes), sys.executable, *pythons]):
        about = environment_of(python) if python else None
        if about:
            # Two interpreters of one environment are one; what the person installed for both is the same.
            found.setdefault(about["prefix"], about)
            by_program[python] = about["prefix"]
    for kernel in kernels:
        kernel["environment"] = by_program.get(kernel["program"], "")
    used = {prefix for prefix in by_program.values() if prefix}
    return [about for prefix, about in found.items() if prefix in used]


def _names_of(home: str) -> set[str]:
    """Return the names of a home: its own, its real one, and the usual ones where they lead to it."""
    names = {home, os.path.realpath(home)}
    for name in ("/home/jovyan", "/home/rstudio"):
        try:
            if os.path.samefile(name, home):
                names.add(name)
        except OSError:
            continue
    return {name for name in names if name != "/"}
