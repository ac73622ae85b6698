"""Find a Python of a version, and make environments with uv or with Python's own venv."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from takeout.errors import NetworkError, ToolError

_NO_NETWORK = re.compile(
    r"Temporary failure in name resolution|Name or service not known|nodename nor servname|dns error|"
    r"tcp connect error|NewConnectionError|ConnectTimeout|Network is unreachable|ProxyError|"
    r"client error \(Connect\)",
    re.IGNORECASE,
)
_LAST_LINES = 4


@dataclass(frozen=True, slots=True)
class Maker:
    """What environments are made with.

    Attributes:
        uv: The program, or nothing where Python's own venv and pip do it.
        environ: The environment's variables, without what would reach into another Python.
    """

    uv: str
    environ: Mapping[str, str]

    @property
    def name(self) -> str:
        """What a person calls it."""
        return "uv" if self.uv else "venv and pip"

    def python(self, minor: str) -> str:
        """Return a Python of version ``minor``, such as ``3.11``, or nothing where this machine has none.

        A program of that name counts only when it runs and says so: version managers put stand-ins on the path.
        """
        asked = shutil.which(f"python{minor}", path=self.environ.get("PATH", os.defpath))
        for place in (sys.executable, asked):
            if place and self._version(place) == minor:
                return place
        if self.uv:
            done = self.run([self.uv, "python", "find", "--no-project", minor])
            found = done.stdout.strip()
            if done.returncode == 0 and self._version(found) == minor:
                return found
        return ""

    def create(self, directory: Path, python: str) -> Maker:
        """Make an empty environment; one that is half there is made anew.

        Returns:
            What it was made with, and is to be filled with: Python's own venv where uv would not.

        Raises:
            ToolError: When that fails.
        """
        shutil.rmtree(directory, ignore_errors=True)
        directory.parent.mkdir(parents=True, exist_ok=True)
        if self.uv:
            command = [self.uv, "venv", "--quiet", "--no-project", "--python", python, str(directory)]
            return self if self.run(command).returncode == 0 else self.without_uv().create(directory, python)
        # Takeout's own pip serves an environment without one; making it there takes most of the time.
        bare = ["--without-pip"] if importlib.util.find_spec("pip") else []
        done = self.run([python, "-m", "venv", *bare, str(directory)])
        if done.returncode:
            hint = "on Debian and Ubuntu the package python3-venv brings what is missing; uv needs nothing else"
            raise ToolError(f"cannot make an environment with {self.name}: {tail(done)}", hint=hint)
        return self

    def without_uv(self) -> Maker:
        """Return what makes environments in uv's place."""
        return replace(self, uv="")

    def install(self, directory: Path, arguments: Sequence[str], cwd: Path) -> str:
        """Install into an environment.

        Args:
            directory: The environment.
            arguments: What ``pip install`` takes.
            cwd: The folder from which paths in them are.

        Returns:
            Nothing, or the end of what went wrong.

        Raises:
            NetworkError: When there is no network, for then nothing else would go better.
        """
        python = str(directory / "bin" / "python")
        pip = [] if self.uv else [*self._pip(directory), "install", "--quiet", "--no-input"]
        uv = [self.uv, "pip", "install", "--quiet", "--no-config", "--python", python]
        done = self.run([*(uv if self.uv else pip), *arguments], cwd)
        if done.returncode and _NO_NETWORK.search(done.stderr + done.stdout):
            hint = "the first `takeout home work` needs the network, or a mirror that pip or uv is configured for"
            raise NetworkError(f"packages cannot be fetched: {tail(done)}", hint=hint)
        return (done.stderr + done.stdout).strip() if done.returncode else ""

    def install_somehow(self, directory: Path, arguments: Sequence[str], cwd: Path) -> str:
        """Install into an environment, with pip where uv would not; see ``install``."""
        try:
            problem = self.install(directory, arguments, cwd)
        except NetworkError:
            if not self.uv:
                raise
            problem = "uv has no network"
        return self.without_uv().install(directory, arguments, cwd) if problem and self.uv else problem

    def run(self, command: Sequence[str], cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a program to its end; one that cannot be started has failed."""
        try:
            return subprocess.run(  # noqa: S603 - our own arguments
                command,
                env=dict(self.environ),
                cwd=cwd,
                capture_output=True,
                text=True,
                errors="replace",
                stdin=subprocess.DEVNULL,
                check=False,
            )
        except OSError as error:
            return subprocess.CompletedProcess(command, 127, "", f"{command[0]}: {error.strerror}")

    def has(self, directory: Path, module: str) -> bool:
        """Whether an environment has a module; it is looked for and not imported, for that can take seconds."""
        ask = f"import importlib.util as u, sys; sys.exit(not u.find_spec({module!r}))"
        return self.run([str(directory / "bin" / "python"), "-c", ask]).returncode == 0

    def _pip(self, directory: Path) -> list[str]:
        """Return what calls pip for an environment; those that uv makes have none, and Takeout's own serves."""
        python = str(directory / "bin" / "python")
        quiet = "--disable-pip-version-check"
        if not any(directory.glob("lib/python*/site-packages/pip")):
            if importlib.util.find_spec("pip"):
                return [sys.executable, "-m", "pip", quiet, "--python", python]
            self.run([python, "-m", "ensurepip"])
        return [python, "-m", "pip", quiet]

    def _version(self, python: str) -> str:
        ask = "import sys; print('%d.%d' % sys.version_info[:2])"
        return self.run([python, "-c", ask]).stdout.strip()


def find_maker(environ: Mapping[str, str], *, use_uv: bool = True) -> Maker:
    """Return what this machine makes environments with: uv where it is there, else Python's own.

    uv is also looked for beside Takeout's own Python, where ``pip install uv`` puts it.
    """
    reaching = (
        "PYTHONPATH",
        "PYTHONHOME",
        "VIRTUAL_ENV",
        "CONDA_PREFIX",
        "PIP_USER",
        "PIP_TARGET",
        "PIP_REQUIRE_VIRTUALENV",
    )
    clean = {key: value for key, value in environ.items() if key not in reaching}
    places = os.pathsep.join([environ.get("PATH", os.defpath), str(Path(sys.executable).parent)])
    uv = shutil.which("uv", path=places) if use_uv else None
    return Maker(uv or "", clean)


def tail(done: subprocess.CompletedProcess[str]) -> str:
    """Return the end of what a program printed, in one line."""
    return last_lines((done.stderr + done.stdout).strip())


def last_lines(text: str) -> str:
    """Return the last lines of a text in one."""
    return " / ".join(line.strip() for line in text.splitlines()[-_LAST_LINES:])
