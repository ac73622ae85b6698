"""A hub's environments, and small wheels from which they can be made anew without a network."""

from __future__ import annotations

import json
import os
import sys
import sysconfig
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from takeout.workspace.document import read_document
from takeout.workspace.model import Captured
from takeout.workspace.pythons import find_maker

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"


def write_wheel(folder: Path, name: str, version: str, files: Mapping[str, str]) -> None:
    info = f"{name}-{version}.dist-info"
    about = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    everything = {**files, **about}
    record = "".join(f"{each},,\n" for each in [*everything, f"{info}/RECORD"])
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for file, text in {**everything, f"{info}/RECORD": record}.items():
            wheel.writestr(file, text)


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small packages, and stand-ins for ipykernel and JupyterLab that lend those of the tests' own environment."""
    folder = tmp_path_factory.mktemp("wheels")
    for version in ("1.0", "1.1", "2.0"):
        write_wheel(folder, "tides", version, {"tides/__init__.py": f"VERSION = {version!r}\n"})
    write_wheel(folder, "currents", "2.0", {"currents.py": "SPEED = 3\n"})
    write_wheel(folder, "ipykernel", "7.0", {"lent.pth": sysconfig.get_paths()["purelib"] + "\n"})
    write_wheel(folder, "jupyterlab", "4.0", {})
    return folder


@pytest.fixture(scope="session")
def environ(wheels: Path) -> Mapping[str, str]:
    """Variables with which pip and uv see those packages and nothing else."""
    others = ("PIP_", "UV_", "JUPYTER", "CONDA")
    clean = {key: value for key, value in os.environ.items() if not key.startswith(others)}
    found = dict.fromkeys(("PIP_FIND_LINKS", "UV_FIND_LINKS"), str(wheels))
    apart = dict.fromkeys(("PIP_NO_INDEX", "UV_NO_INDEX", "UV_OFFLINE"), "1")
    return {**clean, **found, **apart, "PIP_CONFIG_FILE": os.devnull}


def write_program(file: Path, text: str) -> Path:
    """Write a program of the shell's, which stands for one that a machine may have."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file


def code(source: str, *, ran: bool = True, error: str = "") -> dict[str, Any]:
    failed = {"output_type": "error", "ename": error, "evalue": "as on the hub", "traceback": []}
    return {
        "cell_type": "code",
        "metadata": {},
        "execution_count": 1 if ran else None,
        "source": source,
        "outputs": [failed] if error else [],
    }


def write_notebook(file: Path, kernel: str, cells: Sequence[Mapping[str, Any]], language: str = "python") -> None:
    about = {"kernelspec": {"name": kernel, "display_name": kernel, "language": language}} if kernel else {}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"cells": cells, "metadata": about, "nbformat": 4, "nbformat_minor": 4}))


def document(**changes: Any) -> dict[str, Any]:
    return {
        "takeout": "environment",
        "format": 1,
        "captured": "2026-08-21T10:00:00Z",
        "home": "/home/jovyan",
        "homes": ["/home/jovyan"],
        "image": {"name": ""},
        "environments": [],
        "kernels": [],
        "notebooks": [],
        "paths": [],
        "r": [],
        "julia": [],
        "jupyterlab": {"settings": [], "extensions": []},
        **changes,
    }


def environment(prefix: str, packages: Sequence[Any], version: str = sys.version.split()[0], **more: Any) -> Any:
    full = [
        each if isinstance(each, dict) else dict(zip(("name", "version"), each, strict=True)) for each in packages
    ]
    return {"prefix": prefix, "version": version, "packages": full, **more}


def kernel(name: str, prefix: str, language: str = "python") -> dict[str, Any]:
    argv = [f"{prefix}/bin/python", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    about = {"name": name, "display_name": name.title(), "language": language, "argv": argv}
    return {**about, "environment": prefix, "program": argv[0], "variables": []}


@pytest.fixture
def captured(tmp_path: Path) -> Callable[..., Captured]:
    """Make what was captured out of the fields that a test cares for."""

    def make(**changes: Any) -> Captured:
        file = tmp_path / "captured.json"
        file.write_text(json.dumps(document(**changes)))
        return read_document(file)

    return make


@pytest.fixture(scope="session")
def hub_python(tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> Path:
    """The Python of a hub's environment, with tides 1.0 and currents 2.0."""
    place = tmp_path_factory.mktemp("hub") / "ocean"
    maker = find_maker({key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "UV_"))})
    maker.create(place, sys.executable)
    index = ["--no-index", "--no-deps", "--find-links", str(wheels)]
    assert maker.install(place, [*index, "tides==1.0", "currents==2.0", "ipykernel"], place) == ""
    return place / "bin" / "python"
