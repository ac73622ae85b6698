"""Kernelspecs of the workspace: the hub's names, on the environments that are here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from takeout.workspace.build import Made
from takeout.workspace.capture import replace_text
from takeout.workspace.model import Captured, Kernel, Notebook

_CONNECTION = "{connection_file}"
OURS = {"takeout": True}
"""What our kernelspecs have among their metadata, so that others in the same folder stay."""


def write_kernels(
    captured: Captured, made: Iterable[Made], folder: Path, environ: Mapping[str, str], r: Mapping[str, str]
) -> dict[str, str]:
    """Write a kernelspec for each of the hub's kernels that can run here.

    Args:
        captured: What was captured.
        made: The environments that are here.
        folder: Where kernelspecs go; those of an earlier run that are not written again are removed.
        environ: The environment's variables.
        r: What a kernel of R is started with besides; empty where R has no kernel here.

    Returns:
        Each kernel's name with the program that runs it, also of kernels that somebody else put there.
    """
    by_prefix = {each.prefix: each for each in made}
    remove_kernels(folder)
    written: dict[str, str] = {}
    for kernel in captured.kernels:
        found = _in_environment(kernel, by_prefix)
        if found:
            environment, command = found
            variables = _activated(Path(environment.directory), environ)
        elif kernel.language.lower() == "r" and r:
            command, variables = ["R", *kernel.argv[1:]], dict(r)
        else:
            continue
        _write(kernel, command, variables, folder)
        written[kernel.name] = command[0]
    # What a person added, as Julia's own installer does, stays.
    others = {file.parent.name: file for file in folder.glob("*/kernel.json")}
    return {**{name: _program(file) for name, file in others.items()}, **written}


def _write(kernel: Kernel, command: list[str], variables: Mapping[str, str], folder: Path) -> None:
    place = folder / kernel.name
    place.mkdir(parents=True, exist_ok=True)
    about = {"display_name": kernel.display_name, "language": kernel.language}
    spec = {"argv": command, **about, "env": variables, "metadata": {"debugger": False, **OURS}}
    replace_text(place / "kernel.json", json.dumps(spec, indent=1) + "\n")


def remove_kernels(folder: Path) -> None:
    """Remove the kernelspecs of an earlier run."""
    for file in folder.glob("*/kernel.json"):
        try:
            ours = json.loads(file.read_text(encoding="utf-8")).get("metadata", {}).items() >= OURS.items()
        except (OSError, ValueError, AttributeError):
            ours = True
        if ours:
            shutil.rmtree(file.parent, ignore_errors=True)


def _program(file: Path) -> str:
    return str(json.loads(file.read_text(encoding="utf-8"))["argv"][0])


def _in_environment(kernel: Kernel, made: Mapping[str, Made]) -> tuple[Made, list[str]] | None:
    """Return the environment that a kernel runs in here and what starts it, or nothing.

    What follows the interpreter on the hub stays. A kernel of another language counts where its program came along
    with the environment, as conda's R does.
    """
    if kernel.language.lower() == "python":
        environment = made.get(kernel.environment)
        return (environment, [environment.program, *_after_python(kernel)]) if environment else None
    for prefix, environment in made.items():
        moved = _moved(kernel.program, prefix, environment)
        if moved != kernel.program and Path(moved).exists():
            return environment, [moved, *(_moved(word, prefix, environment) for word in kernel.argv[1:])]
    return None


def _moved(word: str, prefix: str, environment: Made) -> str:
    return f"{environment.directory}{word[len(prefix) :]}" if word.startswith(f"{prefix}/") else word


def _after_python(kernel: Kernel) -> list[str]:
    words = list(kernel.argv)
    for name in (kernel.program, "python", "python3"):
        if name in words and _CONNECTION in words:
            return words[words.index(name) + 1 :]
    return ["-m", "ipykernel_launcher", "-f", _CONNECTION]


def _activated(prefix: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of an activated environment, so that `!pip` and the like in a notebook are its own.

    Conda packages such as proj and gdal bring scripts that tell libraries where their data is.
    """
    variables = {"PATH": f"{prefix / 'bin'}{os.pathsep}${{PATH}}"}
    scripts = sorted((prefix / "etc" / "conda" / "activate.d").glob("*.sh"))
    bash = shutil.which("bash", path=environ.get("PATH", os.defpath))
    if (prefix / "conda-meta").is_dir():
        variables["CONDA_PREFIX"] = str(prefix)
    if not scripts or not bash:
        return variables
    before = {
        **environ,
        "CONDA_PREFIX": str(prefix),
        "PATH": f"{prefix / 'bin'}{os.pathsep}{environ.get('PATH', '')}",
    }
    text = 'for each in "$@"; do . "$each" >/dev/null 2>&1; done; exec env -0'
    command = [bash, "-c", text, "activate", *map(str, scripts)]
    done = subprocess.run(command, env=before, capture_output=True, check=False)  # noqa: S603 - our own words
    pairs = [each.partition(b"=")[::2] for each in done.stdout.split(b"\0") if each]
    after = {os.fsdecode(name): os.fsdecode(value) for name, value in pairs}
    own = {"PATH", "_", "SHLVL", "PWD", "OLDPWD", "CONDA_PREFIX"}
    changed = {name: value for name, value in after.items() if before.get(name) != value and name not in own}
    # Jupyter puts in what stands after a dollar.
    return {**variables, **{name: value.replace("$", "$$") for name, value in changed.items()}}


def absent_kernels(captured: Captured, there: Iterable[str], why: Callable[[Kernel], str]) -> list[str]:
    """Return a sentence for each kernel that notebooks name and that is not here.

    Args:
        captured: What was captured.
        there: The names of the kernels that are here.
        why: Says why one of the hub's kernels is not.
    """
    names = {each.lower() for each in there}
    users: dict[str, list[str]] = {}
    for notebook in captured.notebooks:
        name = notebook.kernel or "python3"
        if not notebook.problem and name.lower() not in names:
            users.setdefault(name, []).append(notebook.path)
    found = []
    for name, paths in sorted(users.items()):
        kernel = captured.kernel_of(Notebook("", kernel=name))
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        reason = (
            why(kernel)
            if kernel
            else "the hub had none of that name when it was captured; choose another in the notebook"
        )
        found.append(f"kernel {name} ({paths[0]}{more}): {reason}")
    return found
