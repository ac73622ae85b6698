"""Make one of the hub's Python environments anew, and say how it differs from what the hub had."""

from __future__ import annotations

import hashlib
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from takeout.errors import NetworkError, ToolError
from takeout.workspace.compare import compare
from takeout.workspace.document import environment_from
from takeout.workspace.lock import install_lock
from takeout.workspace.model import Captured, Environment
from takeout.workspace.onhub.environments import environment_of
from takeout.workspace.pythons import Maker, last_lines
from takeout.workspace.requirements import Requirement, requirements_of


@dataclass(frozen=True, slots=True)
class Made:
    """An environment that is here.

    Attributes:
        prefix: What it stands for: its folder on the hub.
        directory: Where it is here; in a container, there.
        python: Its Python's version here.
        tool: What it was made with.
        packages: How many packages are as on the hub.
        differs: How it is not what the hub had, a sentence each.
        missing: Packages that are not there, with the reason.
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
    """Make a virtual environment in ``directory``.

    Raises:
        NetworkError: When packages cannot be fetched.
        ToolError: When no environment can be made, or it cannot run a notebook.
    """
    differs: list[str] = []
    maker = maker.create(directory, _python_for(environment, maker, differs))
    lines, left = requirements_of(environment.packages, captured)
    reasons = {**dict(left), **fill(directory, lines, home, maker)}
    differs += [f"{line.name}: {line.differs}" for line in lines if line.differs]
    if any(each.name == "pip" for each in environment.packages) and not maker.has(directory, "pip"):
        # For `%pip` in a notebook; nothing else needs it, so that it is no fault where it cannot be had.
        maker.install_somehow(directory, ["pip"], home)
    return finish(environment, directory, home, maker, tool=maker.name, differs=differs, reasons=reasons)


def fill(directory: Path, lines: Sequence[Requirement], home: Path, maker: Maker) -> dict[str, str]:
    """Install a lock into an environment as far as it goes; what uv does not install, pip is asked for.

    Returns:
        Why a distribution is not there, by its name.

    Raises:
        NetworkError: When packages cannot be fetched.
    """
    wanted = [line for line in lines if not line.folder or (home / line.folder).is_dir()]
    reasons = {line.name: f"its folder {line.folder} is not in this copy" for line in lines if line not in wanted}
    aside = _installed(directory, wanted, home, maker)
    for line, problem in aside:
        with _lock_file([each for each in wanted if each.name != line.name and "==" in each.line]) as lock:
            if maker.install(directory, ["--constraint", lock.name, line.name], home):
                reasons[line.name] = last_lines(problem)
    return reasons


def _installed(
    directory: Path, wanted: Sequence[Requirement], home: Path, maker: Maker
) -> list[tuple[Requirement, str]]:
    """Install what can be installed, and return the rest with what went wrong.

    uv does not read pip's configuration, and is stricter with old packages: what it cannot have, pip often can.
    """

    def with_maker(maker: Maker, lines: Sequence[Requirement]) -> list[tuple[Requirement, str]]:
        def attempt(chosen: Sequence[Requirement]) -> str:
            with _lock_file(chosen) as lock:
                return maker.install(directory, ["--no-deps", "--requirement", lock.name], home)

        return install_lock(lines, attempt)

    if not maker.uv:
        return with_maker(maker, wanted)
    try:
        aside = with_maker(maker, wanted)
    except NetworkError:
        return with_maker(maker.without_uv(), wanted)
    return with_maker(maker.without_uv(), [line for line, _ in aside]) if aside else []


def finish(
    environment: Environment,
    directory: Path,
    home: Path,
    maker: Maker,
    *,
    tool: str,
    differs: Sequence[str],
    reasons: dict[str, str],
) -> Made:
    """See to it that an environment can run notebooks, and compare it with the hub's.

    Raises:
        NetworkError: When ipykernel cannot be fetched.
        ToolError: When it cannot run a notebook.
    """
    python = str(directory / "bin" / "python")
    if not maker.has(directory, "ipykernel"):
        problem = maker.install_somehow(directory, ["ipykernel"], home)
        if problem:
            raise ToolError(f"no notebook can run without ipykernel: {last_lines(problem)}")
    about = environment_of(python)
    if about is None:
        raise ToolError("the new environment's Python does not run", hint="remove .takeout-work and try again")
    found = compare(environment, environment_from(about), reasons)
    all_that_differs = (*differs, *found.differs)
    return Made(
        environment.prefix, str(directory), about["version"], tool, found.same, all_that_differs, found.missing
    )


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
