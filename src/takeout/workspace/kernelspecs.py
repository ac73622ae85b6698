"""Kernelspecs of the workspace: the hub's names, on the environments that are here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from takeout.workspace.build import Made
from takeout.workspace.capture import replace_text
from takeout.workspace.model import Captured, Kernel

_CONNECTION = "{connection_file}"


def write_kernels(
    captured: Captured, made: Iterable[Made], folder: Path, environ: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    """Write a kernelspec for each of the hub's kernels that can run here.

    Args:
        captured: What was captured.
        made: The environments that are here.
        folder: Where kernelspecs go; those of an earlier run that are not written again are removed.
        environ: The environment's variables; ``PATH`` is where R is looked for.

    Returns:
        Each kernel's name with the program that runs it, and a sentence for each kernel that notebooks name and
        that cannot run here.
    """
    programs = {each.prefix: each.program for each in made}
    shutil.rmtree(folder, ignore_errors=True)
    written: dict[str, str] = {}
    for kernel in captured.kernels:
        command = _command(kernel, programs, environ)
        if command:
            spec = {"argv": command, "display_name": kernel.display_name, "language": kernel.language}
            # As in an activated environment: `!pip` and other programs in a notebook are the kernel's own.
            path = (
                {"PATH": f"{Path(command[0]).parent}{os.pathsep}${{PATH}}"}
                if Path(command[0]).is_absolute()
                else {}
            )
            place = folder / kernel.name
            place.mkdir(parents=True, exist_ok=True)
            replace_text(
                place / "kernel.json",
                json.dumps({**spec, "env": path, "metadata": {"debugger": False}}, indent=1) + "\n",
            )
            written[kernel.name] = command[0]
    return written, _without(captured, written)


def _command(kernel: Kernel, programs: Mapping[str, str], environ: Mapping[str, str]) -> list[str]:
    """Return what starts a kernel here, or nothing. What follows the interpreter on the hub stays."""
    if kernel.language.lower() == "python":
        program = programs.get(kernel.environment, "")
        own = ["-m", "ipykernel_launcher", "-f", _CONNECTION]
        words = list(kernel.argv)
        for name in (kernel.program, "python", "python3"):
            if name in words and _CONNECTION in words:
                own = words[words.index(name) + 1 :]
                break
        return [program, *own] if program else []
    if kernel.language.lower() == "r":
        return ["R", *kernel.argv[1:]] if _has_irkernel(environ) else []
    return []


def _has_irkernel(environ: Mapping[str, str]) -> bool:
    program = shutil.which("Rscript", path=environ.get("PATH", os.defpath))
    if not program:
        return False
    ask = "quit(status = as.integer(!requireNamespace('IRkernel', quietly = TRUE)))"
    command = [program, "-e", ask]
    done = subprocess.run(command, env=dict(environ), capture_output=True, check=False)  # noqa: S603 - our own
    return done.returncode == 0


def _without(captured: Captured, written: Mapping[str, str]) -> list[str]:
    """Return a sentence for each kernel that notebooks name and that is not here."""
    there = {name.lower() for name in written}
    users: dict[str, list[str]] = {}
    for notebook in captured.notebooks:
        name = notebook.kernel or "python3"
        if not notebook.problem and name.lower() not in there:
            users.setdefault(name, []).append(notebook.path)
    found = []
    for name, paths in sorted(users.items()):
        kernel = next((each for each in captured.kernels if each.name.lower() == name.lower()), None)
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        if kernel is None:
            why = "the hub had none of that name when it was captured; choose another in the notebook"
        elif kernel.language.lower() == "r":
            why = "it needs R with the package IRkernel, which this machine has not; install.R lists the packages"
        else:
            why = f"there is no {kernel.language or 'such'} kernel that Takeout can make here"
        found.append(f"kernel {name} ({paths[0]}{more}): {why}")
    return found
