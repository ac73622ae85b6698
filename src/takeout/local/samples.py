"""What a new home begins with here: a few notebooks, so that there is something to open and to take along."""

from __future__ import annotations

import json
from pathlib import Path

_WELCOME = """\
# Your hub, on this machine

This home belongs to a hub that `takeout hub try` runs: the configuration is your community's own, the server is
a process of this computer, and the image of the profile that you chose is not there. What is installed is
JupyterLab and little else.

Files that you write stay in the replica's `.takeout/volumes` and are there again next time.
"""
_NOTEBOOKS = {
    "Welcome.ipynb": [
        ("markdown", _WELCOME),
        ("code", "import os\nprint('Hello', os.environ['JUPYTERHUB_USER'])"),
    ],
    "notebooks/What the hub gives.ipynb": [
        ("markdown", "# What the hub gives to this server\n\nVariables that its configuration sets:"),
        ("code", "import os\nfor name in sorted(os.environ):\n    print(f'{name}={os.environ[name][:80]}')"),
    ],
    "notebooks/A table.ipynb": [
        (
            "code",
            "import csv\nwith open('../data/tides.csv') as file:\n    rows = list(csv.DictReader(file))\nrows[:3]",
        ),
        ("code", "max(rows, key=lambda row: float(row['height_m']))"),
    ],
}
_TIDES = "hour,height_m\n" + "".join(
    f"{hour},{height}\n"
    for hour, height in enumerate((0.4, 0.9, 1.7, 2.6, 3.1, 3.3, 2.9, 2.1, 1.3, 0.7, 0.4, 0.3))
)


def write_samples(folder: Path) -> None:
    """Write what a new home is filled with into ``folder``."""
    for name, cells in _NOTEBOOKS.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(notebook(cells), indent=1))
    (folder / "data").mkdir(exist_ok=True)
    (folder / "data" / "tides.csv").write_text(_TIDES)


def notebook(cells: list[tuple[str, str]]) -> dict[str, object]:
    """Return a notebook in the format 4.5 with the given cells, each a type and its text."""
    written: list[dict[str, object]] = [
        {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": text.splitlines(keepends=True)}
        | ({"execution_count": None, "outputs": []} if kind == "code" else {})
        for number, (kind, text) in enumerate(cells)
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": written, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
