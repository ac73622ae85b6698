"""Make one of the hub's conda environments anew, with whichever of conda's programs is here."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from takeout.errors import ToolError
from takeout.workspace.build import Made, fill, finish
from takeout.workspace.capture import replace_text
from takeout.workspace.compare import name_of
from takeout.workspace.files import conda_specs, environment_yml
from takeout.workspace.model import Captured, Environment
from takeout.workspace.pythons import Maker, last_lines, tail
from takeout.workspace.requirements import normal, requirements_of

_PROGRAMS = ("micromamba", "mamba", "conda", "pixi")
_SHELL_VARIABLES = ("MAMBA_EXE", "CONDA_EXE")
_ROUNDS = 20
_WITH_BUILD = 3
# conda's own words, of several versions, before a list
_LISTED = re.compile(
    r"(?:not available from current channels|missing from the target environment):\s*\n((?:\s*- .*\n?)+)"
)
_NOT_FOUND = (
    # libmamba, in mamba, micromamba and newer condas
    re.compile(r"^[^\w\n]*([A-Za-z_][\w.-]*)[^\n]* does not exist \(perhaps", re.MULTILINE),
    re.compile(r"nothing provides requested ([\w.-]+)"),
    # rattler, in pixi
    re.compile(r"No candidates were found for ([\w.-]+)"),
)


@dataclass(frozen=True, slots=True)
class Conda:
    """A program that makes conda environments: ``name`` is one of conda, mamba, micromamba and pixi."""

    program: str
    name: str

    def commands(self, file: Path, place: Path) -> list[list[str]]:
        """Return what makes an environment in ``place``, run there by pixi and anywhere by the others."""
        words = ["--prefix", str(place), "--file", str(file)]
        if self.name == "pixi":
            return [[self.program, "init", "--import", str(file), str(place)], [self.program, "install"]]
        return [[self.program, *(["create"] if self.name == "micromamba" else ["env", "create"]), *words]]

    def prefix(self, place: Path) -> Path:
        """Return where the environment is, for pixi keeps it in a folder of its project."""
        return place / ".pixi" / "envs" / "default" if self.name == "pixi" else place


def find_conda(maker: Maker) -> Conda | None:
    """Return a program of conda's that runs, or nothing.

    In a shell that conda set up it is often no program on the path but a function, which names the program.
    """
    found = [shutil.which(name, path=maker.environ.get("PATH", os.defpath)) for name in _PROGRAMS]
    for program in (*found, *(maker.environ.get(name) for name in _SHELL_VARIABLES)):
        if program and Path(program).stem in _PROGRAMS and maker.run([program, "--version"]).returncode == 0:
            return Conda(program, Path(program).stem)
    return None


def make_conda(
    environment: Environment, captured: Captured, home: Path, place: Path, *, conda: Conda, maker: Maker
) -> Made:
    """Make a conda environment in ``place``, and install into it what pip had installed on the hub.

    Raises:
        NetworkError: When pip's packages cannot be fetched.
        ToolError: When conda's program cannot make it, or it cannot run a notebook.
    """
    differs, reasons = _create(environment, place, conda, maker)
    prefix = conda.prefix(place)
    by_conda = {normal(each.name) for each in environment.conda}
    lines, left = requirements_of((each for each in environment.packages if each.installer != "conda"), captured)
    of_pip = [line for line in lines if normal(line.name) not in by_conda]
    differs += [f"{line.name}: {line.differs}" for line in of_pip if line.differs]
    reasons = {**reasons, **dict(left), **fill(prefix, of_pip, home, maker)}
    return finish(environment, prefix, home, maker, tool=conda.name, differs=differs, reasons=reasons)


def _create(environment: Environment, place: Path, conda: Conda, maker: Maker) -> tuple[list[str], dict[str, str]]:
    """Ask for what the hub had; where that cannot be had, for less and less of it.

    What no channel has is named by the solver: first its build is given up, then the package. Some solvers name
    one at a time.
    """
    problem = ""
    for specs, less in _wishes(environment):
        reasons: dict[str, str] = {}
        for _ in range(_ROUNDS):
            problem = _attempt(environment, specs, place, conda, maker)
            if not problem:
                return [less] if less else [], reasons
            unknown = _unknown(problem) & specs.keys()
            if not unknown:
                break
            for name in unknown:
                looser = _without_build(specs.pop(name))
                if looser:
                    specs[name] = looser
                else:
                    reasons[name] = "no channel has it for this machine"
    raise ToolError(f"{conda.name} cannot make {environment.prefix}: {last_lines(problem)}")


def _wishes(environment: Environment) -> Iterator[tuple[dict[str, str], str]]:
    """Give what to ask for, the nearest to the hub first, and how that differs."""
    if {each.subdir for each in environment.conda} <= {"", "noarch", platform_name()}:
        yield conda_specs(environment, builds=True), ""
    yield conda_specs(environment), ""
    if environment.asked:
        asked = {"python": f"python={environment.minor}", "pip": "pip"}
        asked |= {name_of(spec): spec for spec in environment.asked}
        yield (
            asked,
            "only what somebody had asked conda for was asked for, for all of it could not be had together",
        )


def _without_build(spec: str) -> str:
    """Return what asks for any build of a version; nothing where that is what was asked for."""
    parts = spec.split("=")
    return "=".join(parts[:2]) if len(parts) == _WITH_BUILD and all(parts) else ""


def _attempt(environment: Environment, specs: Mapping[str, str], place: Path, conda: Conda, maker: Maker) -> str:
    """Make it, and return what went wrong, or nothing."""
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    file = place.parent / f"{place.name}.yml"
    head = f"# {environment.prefix}, as it was on the hub."
    text = environment_yml(environment.channels, {"pip": "pip", **specs}, {}, head)
    replace_text(file, text)
    answers = {"CONDA_ALWAYS_YES": "true", "MAMBA_ALWAYS_YES": "true", "MAMBA_NO_BANNER": "1"}
    for command in conda.commands(file, place):
        done = Maker("", {**maker.environ, **answers}).run(command, place if place.is_dir() else None)
        if done.returncode:
            return (done.stdout + "\n" + done.stderr).strip() or tail(done)
    if not (conda.prefix(place) / "bin" / "python").exists():
        return "the environment has no Python"
    return ""


def _unknown(problem: str) -> set[str]:
    """Return the packages of which a solver says that no channel has them."""
    listed = [line.strip()[2:] for block in _LISTED.findall(problem) for line in block.splitlines()]
    named = {match for pattern in _NOT_FOUND for match in pattern.findall(problem)}
    return named | {name_of(spec) for spec in listed if spec}


def platform_name() -> str:
    """Return conda's name of this machine's platform, such as ``linux-64``.

    Source: https://docs.conda.io/projects/conda-build/en/stable/resources/variants.html
    """
    system = {"linux": "linux", "darwin": "osx", "win32": "win"}.get(sys.platform, sys.platform)
    machine = platform.machine().lower()
    return f"{system}-{'64' if machine in ('x86_64', 'amd64') else machine}"
