"""What a home's notebooks and scripts use: kernels, imports, and paths that only the hub has."""

# os.path throughout: its functions take every name as the system gives it, and cost nothing to start.
# ruff: noqa: PTH110, PTH112, PTH113, PTH118, PTH120, PTH123, PTH202

from __future__ import annotations

import ast
import json
import os
import re
from typing import Any

from takeout.workspace.onhub.packages import read_text

LARGEST_NOTEBOOK_BYTES = 1 << 27
_LARGEST_SCRIPT_BYTES = 1 << 21
_SCRIPTS = (".py", ".r", ".jl", ".sh", ".rmd", ".qmd")
_LEFT_OUT = {"node_modules", "__pycache__", "site-packages", "lost+found"}
_SYSTEM = {"bin", "boot", "dev", "etc", "lib", "lib64", "proc", "run", "sbin", "sys", "tmp", "usr", "var"}
_QUOTED = re.compile(r"""["'](/[^"'\n\\]{1,500})["']""")


def walk_home(home: str) -> list[str]:
    """Return the notebooks and scripts below a home, by their paths in it; no hidden folders, no environments."""
    found = []
    for folder, below, names in os.walk(home):
        if "pyvenv.cfg" in names or "conda-meta" in below:
            below.clear()
            continue
        below[:] = sorted(name for name in below if not name.startswith(".") and name not in _LEFT_OUT)
        chosen = [
            name for name in names if name.lower().endswith((".ipynb", *_SCRIPTS)) and not name.startswith(".")
        ]
        found += [os.path.relpath(os.path.join(folder, name), home) for name in sorted(chosen)]
    return found


def notebook_use(home: str, path: str, homes: list[str]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return what a notebook uses, and the absolute paths in it.

    Args:
        home: The home directory.
        path: The notebook's path in it.
        homes: The names by which the home is known.

    Returns:
        ``path``, ``kernel``, ``display_name``, ``language``, ``cells`` (of code), ``ran``, ``failed``,
        ``imports``; or ``path`` and ``problem`` where it cannot be read. And the paths: ``file``, ``cell``
        (counted from 1), ``line``, ``path``.
    """
    place = os.path.join(home, path)
    try:
        if not os.path.isfile(place) or os.path.getsize(place) > LARGEST_NOTEBOOK_BYTES:
            return {"path": path, "problem": "too large to look into, or no file"}, []
        with open(place, encoding="utf-8") as stream:
            notebook = json.load(stream)
        sheets = notebook.get("worksheets") or [notebook]
        cells = [cell for sheet in sheets for cell in sheet["cells"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return {"path": path, "problem": f"cannot be read as a notebook: {type(error).__name__}"}, []
    about = notebook.get("metadata") or {}
    spec, language = about.get("kernelspec") or {}, about.get("language_info") or {}
    code = [cell for cell in cells if isinstance(cell, dict) and cell.get("cell_type") == "code"]
    sources = [_source(cell) for cell in code]
    is_python = str(spec.get("language") or language.get("name") or "python").lower() in ("python", "ipython")
    use = {
        "path": path,
        "kernel": str(spec.get("name", "")),
        "display_name": str(spec.get("display_name", "")),
        "language": str(spec.get("language") or language.get("name") or ""),
        "cells": len(code),
        "ran": sum(bool(cell.get("execution_count") or cell.get("prompt_number")) for cell in code),
        "failed": sum(any(_is_error(each) for each in cell.get("outputs") or ()) for cell in code),
        "imports": sorted({name for text in sources for name in imported_names(text)}) if is_python else [],
    }
    places = [
        {"file": path, "cell": number, **found}
        for number, text in enumerate(sources, 1)
        for found in absolute_paths(text, homes)
    ]
    return use, places


def script_use(home: str, path: str, homes: list[str]) -> tuple[list[str], list[dict[str, Any]]]:
    """Return what a script imports, and the absolute paths in it, as ``notebook_use`` does with ``cell`` 0."""
    text = read_text(os.path.join(home, path), _LARGEST_SCRIPT_BYTES)
    names = imported_names(text) if path.endswith(".py") else []
    return names, [{"file": path, "cell": 0, **found} for found in absolute_paths(text, homes)]


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", cell.get("input", ""))
    return "".join(str(line) for line in source) if isinstance(source, list) else str(source)


def _is_error(output: Any) -> bool:
    return isinstance(output, dict) and output.get("output_type") in ("error", "pyerr")


def imported_names(text: str) -> list[str]:
    """Return the modules that Python code imports, by their first names; IPython's own lines are passed over."""
    if text.lstrip().startswith("%%") and not re.match(r"\s*%%(time|timeit|capture|prun)", text):
        return []
    lines = ["pass" if line.lstrip()[:1] in ("%", "!", "?") else line for line in text.split("\n")]
    indents = [line[: len(line) - len(line.lstrip())] for line in text.split("\n")]
    pairs = zip(indents, lines)  # noqa: B905 - Python 3.8
    plain = "\n".join(indent + line if line == "pass" else line for indent, line in pairs)
    try:
        nodes = list(ast.walk(ast.parse(plain)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return sorted(set(re.findall(r"^[ \t]*(?:from|import)[ \t]+([A-Za-z_]\w*)", text, re.MULTILINE)))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level}
    return sorted({name.split(".")[0] for name in names})


def absolute_paths(text: str, homes: list[str]) -> list[dict[str, Any]]:
    """Return the paths in a text that begin with the home, or name something else that the hub has."""
    bare = re.compile(
        r"(?<![\w./~-])(?:{})(?:/[^\s\"'`\\,;:)\]}}>|]*)?(?![\w-])".format("|".join(map(re.escape, homes)))
    )
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        quoted = [path for path in _QUOTED.findall(line) if _is_of_hub(path, homes)]
        inside = " ".join(quoted)
        paths = quoted + [match for match in bare.findall(line) if match not in inside]
        found += [{"line": number, "path": path} for path in dict.fromkeys(paths)]
    return found


def _is_of_hub(path: str, homes: list[str]) -> bool:
    if any(path == home or path.startswith(home + "/") for home in homes):
        return True
    top = path.split("/")[1]
    return bool(top) and top not in _SYSTEM and os.path.isdir("/" + top) and os.path.exists(os.path.dirname(path))
