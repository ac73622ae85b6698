"""The kernels that notebooks on a hub may name, and which environment each runs in."""

# os.path throughout: its functions take every name as the system gives it, and cost nothing to start.
# ruff: noqa: PTH112, PTH117, PTH118, PTH119, PTH208

from __future__ import annotations

import json
import os
import re
import shutil
from typing import Any

from takeout.workspace.onhub.environments import python_of
from takeout.workspace.onhub.packages import read_text


def found_kernels(home: str, prefixes: list[str]) -> list[dict[str, Any]]:
    """Return every kernelspec, in the order in which Jupyter looks: the first of a name counts.

    Args:
        home: The home directory.
        prefixes: The environments, the one that Jupyter runs in first.

    Returns:
        For each: ``name``, ``display_name``, ``language``, ``argv``, ``metadata``, ``variables`` (names alone),
        ``interrupt_mode``, ``place``, and ``program``: the interpreter that runs it, as far as it can be told.

    Source: https://jupyter-client.readthedocs.io/en/stable/kernels.html#kernel-specs
    """
    found: dict[str, dict[str, Any]] = {}
    for folder, prefix in _kernel_folders(home, prefixes):
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            continue
        for name in names:
            spec = _kernelspec(os.path.join(folder, name), prefix)
            if spec:
                found.setdefault(name.lower(), spec)
    for prefix in prefixes[1:]:
        # nb_conda_kernels offers every conda environment with ipykernel, with no file that says so.
        python, name = python_of(prefix), f"conda-env-{os.path.basename(prefix)}-py"
        if python and os.path.isdir(os.path.join(prefix, "conda-meta")):
            found.setdefault(name.lower(), _offered(name, prefix, python))
    return list(found.values())


def _kernel_folders(home: str, prefixes: list[str]) -> list[tuple[str, str]]:
    """Return where kernelspecs may be, each with the environment whose ``python`` a bare name means."""
    first = prefixes[0] if prefixes else ""
    data = [each for each in os.environ.get("JUPYTER_PATH", "").split(os.pathsep) if each]
    data.append(os.environ.get("JUPYTER_DATA_DIR") or os.path.join(home, ".local", "share", "jupyter"))
    data.append(os.path.join(home, "Library", "Jupyter"))
    places = [(folder, first) for folder in data]
    places += [(os.path.join(prefix, "share", "jupyter"), prefix) for prefix in prefixes]
    places += [("/usr/local/share/jupyter", first), ("/usr/share/jupyter", first)]
    return [(os.path.join(folder, "kernels"), prefix) for folder, prefix in places]


def _kernelspec(place: str, prefix: str) -> dict[str, Any] | None:
    try:
        spec = json.loads(read_text(os.path.join(place, "kernel.json")))
        argv = [str(word) for word in spec["argv"]]
    except (ValueError, KeyError, TypeError):
        return None
    language = str(spec.get("language", ""))
    return {
        "name": os.path.basename(place),
        "display_name": str(spec.get("display_name", "")),
        "language": language,
        "argv": argv,
        "metadata": spec.get("metadata") if isinstance(spec.get("metadata"), dict) else {},
        "variables": sorted(spec.get("env") or {}),
        "interrupt_mode": str(spec.get("interrupt_mode", "")),
        "place": place,
        "program": _program(argv, prefix, language),
    }


def _offered(name: str, prefix: str, python: str) -> dict[str, Any]:
    return {
        "name": name,
        "display_name": f"Python [conda env:{os.path.basename(prefix)}]",
        "language": "python",
        "argv": [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "metadata": {},
        "variables": [],
        "interrupt_mode": "",
        "place": "",
        "program": python,
    }


def _program(argv: list[str], prefix: str, language: str) -> str:
    """Return the interpreter that a kernel ends up in, also behind a shell or a runner, or nothing.

    The last absolute path to a Python counts: runners name their own Python first, and then the environment's.
    """
    words = [word for part in argv for word in re.split(r"[\s;&|'\"]+", part)]
    if language.lower() == "python":
        pythons = [word for word in words if re.match(r"^/.*/bin/python[\d.]*$", word)]
        if pythons:
            return pythons[-1]
        for flag in ("-p", "--prefix"):
            if flag in words[:-1]:
                return python_of(words[words.index(flag) + 1])
        if argv and re.match(r"^python[\d.]*$", argv[0]):
            return python_of(prefix) or shutil.which(argv[0]) or ""
    first = argv[0] if argv else ""
    return first if os.path.isabs(first) else shutil.which(first) or ""
