"""Make one of the hub's Python environments anew, and say how it differs from what the hub had."""

from __future__ import annotations

import hashlib
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from takeout.errors import ToolError
from takeout.workspace.lock import install_lock
from takeout.workspace.model import Captured, Environment
from takeout.workspace.onhub.environments import environment_of
from takeout.workspace.pythons import Maker, last_lines
from takeout.workspace.requirements import TOOLS, Requirement, normal, requirements_of

_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Made:
    """An environment that was made.

    Attributes:
        prefix: What it stands for: its folder on the hub.
        directory: Where it is here.
        python: Its Python's version here.
        tool: What it was made with.
        packages: How many distributions are as on the hub.
        differs: How it is not what the hub had, a sentence each.
        missing: Distributions that are not there, with the reason.
    """

    prefix: str
    directory: str
    python: str
    tool: str
    packages: int
    differs: tuple[str, ...] = ()
    missing: tuple[tuple[str, str], ...] = ()

    @property
    def program(self) -> str:
        """The environment's Python."""
        return str(Path(self.directory) / "bin" / "python")


def directory_name(prefix: str) -> str:
    """Return a folder's name for a hub's environment: what a person recognises, and what keeps two apart."""
    words = [word for word in prefix.split("/") if word]
    plain = re.sub(r"[^\w.-]+", "-", words[-1] if words else "root")
    return f"{plain}-{hashlib.sha256(prefix.encode()).hexdigest()[:6]}"


def make(environment: Environment, captured: Captured, home: Path, directory: Path, maker: Maker) -> Made:
    """Make an environment in ``directory``.

    Raises:
        NetworkError: When packages cannot be fetched.
        ToolError: When no environment can be made, or it cannot run a notebook.
    """
    differs: list[str] = []
    maker.create(directory, _python_for(environment, maker, differs))
    lines, left = requirements_of(environment.packages, captured)
    wanted = [line for line in lines if not line.folder or (home / line.folder).is_dir()]
    left += tuple(
        (line.name, f"its folder {line.folder} is not in this copy") for line in lines if line not in wanted
    )
    differs += [f"{line.name}: {line.differs}" for line in wanted if line.differs]

    def attempt(chosen: Sequence[Requirement]) -> str:
        with _lock_file(chosen) as lock:
            return maker.install(directory, ["--no-deps", "--requirement", lock.name], home)

    aside = install_lock(wanted, attempt)
    reasons = dict(left)
    for line, problem in aside:
        with _lock_file([each for each in wanted if each.name != line.name and "==" in each.line]) as lock:
            if maker.install(directory, ["--constraint", lock.name, line.name], home):
                reasons[line.name] = last_lines(problem)
    problem = maker.install(directory, ["ipykernel"], home)
    if problem:
        raise ToolError(f"no notebook can run without ipykernel: {last_lines(problem)}")
    return _made(environment, directory, maker, differs, reasons)


def _lock_file(lines: Sequence[Requirement]) -> tempfile._TemporaryFileWrapper[str]:
    file = tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8")  # noqa: SIM115 - the caller closes it
    file.writelines(f"{line.line}\n" for line in lines)
    file.flush()
    return file


def _python_for(environment: Environment, maker: Maker, differs: list[str]) -> str:
    """Return a Python of the hub's version, or this one, which is then said."""
    found = maker.python(environment.minor)
    if found:
        return found
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    differs.append(
        f"Python {environment.version} on the hub, {here} here: this machine has no {environment.minor}"
    )
    return sys.executable


def _made(
    environment: Environment, directory: Path, maker: Maker, differs: list[str], reasons: dict[str, str]
) -> Made:
    """Compare what is there now with what the hub had; what pip said does not count, what is installed does."""
    about = environment_of(str(directory / "bin" / "python"))
    if about is None:
        raise ToolError("the new environment's Python does not run", hint="remove .takeout-work and try again")
    here = {normal(each["name"]): each["version"] for each in about["packages"]}
    same, missing = 0, []
    for package in environment.packages:
        if normal(package.name) in TOOLS:
            continue
        version = here.get(normal(package.name))
        if version is None:
            missing.append(
                (f"{package.name} {package.version}", reasons.get(package.name, "it was not installed"))
            )
        elif version != package.version and not package.editable and not package.url:
            differs.append(f"{package.name} {package.version} on the hub, {version} here")
        else:
            same += 1
    differs += _beyond_python(environment)
    return Made(
        environment.prefix, str(directory), about["version"], maker.name, same, tuple(differs), tuple(missing)
    )


def _beyond_python(environment: Environment) -> list[str]:
    """Say which of a conda environment's packages no Python index has; what somebody asked for comes first."""
    if not environment.conda:
        return []
    python = {normal(each.name) for each in environment.packages} | {"python", "pip"}
    others = [each.name for each in environment.conda if normal(each.name) not in python]
    if not others:
        return []
    asked = {re.split(r"[ =<>!\[]", spec.split("::")[-1])[0] for spec in environment.asked}
    shown = sorted(others, key=lambda name: (name not in asked, name))[:_SHOWN]
    more = f" and {len(others) - len(shown)} more" if len(others) > len(shown) else ""
    return [f"{len(others)} conda packages are no Python packages and are not here: {', '.join(shown)}{more}"]
