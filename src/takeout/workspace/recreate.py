"""Make a hub's environments anew beside a home, once; the second time they are simply there."""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from takeout.errors import DiskError, ToolError, Where
from takeout.progress import Progress, silent
from takeout.workspace.build import Made, directory_name, make
from takeout.workspace.capture import DOCUMENT, replace_text
from takeout.workspace.files import main_environment, write_files
from takeout.workspace.kernelspecs import write_kernels
from takeout.workspace.model import Captured, Environment, read_document
from takeout.workspace.pythons import Maker, find_maker, last_lines

OWN = ".takeout-work"
"""The directory beside the home's files that holds everything that was made; removing it undoes it all."""
_READY = "ready.json"
_LAYOUT = 1
_CACHE_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# Made by `takeout home work`; it can be made again.\n"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A home that can be worked on here.

    Attributes:
        home: The home.
        directory: What was made for it.
        environments: The environments that were made.
        kernels: Each kernel's name with the program that runs it.
        lab: The Python that has JupyterLab.
        without: Kernels that notebooks name and that are not here, a sentence each.
        better: What would come nearer to the hub and was not done, a sentence each.
        fresh: Whether it was made by this run.
    """

    home: Path
    directory: Path
    environments: tuple[Made, ...]
    kernels: Mapping[str, str]
    lab: str
    without: tuple[str, ...]
    better: tuple[str, ...]
    fresh: bool = False

    @property
    def whole(self) -> bool:
        """Whether every package and every kernel that notebooks name is here."""
        return not self.without and not any(each.missing for each in self.environments)

    def to_json(self) -> dict[str, Any]:
        """Return the workspace's fields for JSON."""
        return {**asdict(self), "home": str(self.home), "directory": str(self.directory), "whole": self.whole}


def recreate(
    home: Path,
    environ: Mapping[str, str],
    *,
    document: Path | None = None,
    every: bool = False,
    use_uv: bool = True,
    again: bool = False,
    progress: Progress = silent,
) -> Workspace:
    """Make what a home's notebooks need, or find it made.

    Args:
        home: The home on this machine.
        environ: The environment's variables.
        document: What was captured; the home's own where it is nothing.
        every: Make also the environments that no notebook uses.
        use_uv: Use uv where it is there.
        again: Make everything anew, also what is there.
        progress: Told about each environment.

    Raises:
        DirectoryError: When nothing was captured.
        InputError: When what was captured cannot be read.
        NetworkError: When packages must be fetched and cannot be.
        ToolError: When an environment cannot be made at all.
        DiskError: When the workspace cannot be written.
    """
    file = document or home / DOCUMENT
    captured = read_document(file)
    directory = home.absolute() / OWN
    # The folder counts: environments do not work where they were moved to.
    state = hashlib.sha256(file.read_bytes() + f"\n{_LAYOUT} {every} {directory}".encode()).hexdigest()
    try:
        directory.mkdir(exist_ok=True)
        with _alone(directory):
            if again:
                shutil.rmtree(directory / "environments", ignore_errors=True)
            ready = _found(directory, home, state)
            if ready is None:
                replace_text(directory / "CACHEDIR.TAG", _CACHE_TAG)
                maker = find_maker(environ, use_uv=use_uv)
                ready = _make_all(captured, home, directory, maker, every=every, progress=progress)
                _keep(ready, state)
            return ready
    except OSError as error:
        where = Where(str(error.filename or directory))
        raise DiskError(f"cannot write the workspace: {error.strerror or error}", where=where) from error


def wanted_environments(captured: Captured, *, every: bool = False) -> tuple[Environment, ...]:
    """Return the environments that notebooks use; where none does, the one that they would."""
    if every:
        return captured.environments
    used = {found.prefix for each in captured.notebooks if (found := captured.environment_of(each))}
    main = main_environment(captured)
    return tuple(each for each in captured.environments if each.prefix in (used or {main.prefix if main else ""}))


def _make_all(
    captured: Captured, home: Path, directory: Path, maker: Maker, *, every: bool, progress: Progress
) -> Workspace:
    wanted = wanted_environments(captured, every=every)
    made = []
    for number, environment in enumerate(wanted):
        progress(f"make {environment.prefix}", number, len(wanted) + 1)
        target = directory / "environments" / directory_name(environment.prefix)
        made.append(_kept_or_made(environment, captured, home, target, maker))
    progress("make JupyterLab", len(wanted), len(wanted) + 1)
    lab = _lab(captured, made, directory, maker)
    kernels, without = write_kernels(captured, made, directory / "jupyter" / "kernels", maker.environ)
    _write_settings(captured, directory)
    written = write_files(captured, directory / "binder")
    progress("make JupyterLab", len(wanted) + 1, len(wanted) + 1)
    better = tuple(_better_ways(captured, home, written.directory, maker))
    return Workspace(home.absolute(), directory, tuple(made), kernels, lab, tuple(without), better, fresh=True)


def _kept_or_made(environment: Environment, captured: Captured, home: Path, target: Path, maker: Maker) -> Made:
    """Make an environment, or take one that an earlier run finished, of the very same packages."""
    said = json.dumps([_LAYOUT, asdict(environment), captured.homes, maker.name], default=str)
    state = hashlib.sha256(said.encode()).hexdigest()
    mark = target / "takeout.json"
    known = _json(mark)
    if known.get("state") == state and Path(target / "bin" / "python").exists():
        return _made_of(known["made"])
    made = make(environment, captured, home, target, maker)
    replace_text(mark, json.dumps({"state": state, "made": asdict(made)}) + "\n")
    return made


def _lab(captured: Captured, made: Sequence[Made], directory: Path, maker: Maker) -> str:
    """Return a Python with JupyterLab: an environment's of the hub, or one made for it."""
    for each in made:
        if maker.run([each.program, "-c", "import jupyterlab"]).returncode == 0:
            return each.program
    target = directory / "environments" / "jupyterlab"
    program = target / "bin" / "python"
    if maker.run([str(program), "-c", "import jupyterlab"]).returncode == 0:
        return str(program)
    maker.create(target, sys.executable)
    packages = [package for each in captured.environments for package in each.packages]
    versions = [each.version for each in packages if each.name.lower() == "jupyterlab"]
    tries: list[Callable[[], str]] = [
        lambda: maker.install(target, [f"jupyterlab=={versions[0]}"], directory),
        lambda: maker.install(target, ["jupyterlab"], directory),
    ]
    problem = ""
    for install in tries if versions else tries[1:]:
        problem = install()
        if not problem:
            return str(program)
    raise ToolError(f"JupyterLab cannot be installed: {last_lines(problem)}")


def _write_settings(captured: Captured, directory: Path) -> None:
    """Write JupyterLab's settings as they were on the hub; what was changed here since stays."""
    folder = directory / "jupyter" / "lab" / "user-settings"
    for name, text in captured.settings:
        file = folder / name
        if not file.exists() and file.resolve().is_relative_to(folder.resolve()):
            file.parent.mkdir(parents=True, exist_ok=True)
            replace_text(file, text)


def _better_ways(captured: Captured, home: Path, files: Path, maker: Maker) -> Iterator[str]:
    """Say what would come nearer to the hub and is not done here."""
    path = maker.environ.get("PATH")
    if captured.image:
        engine = next((name for name in ("docker", "podman") if shutil.which(name, path=path)), "docker")
        inside = captured.home
        mount = f"-v {home.absolute()}:{inside}"
        yield (
            "Takeout does not start containers; the hub's own image comes nearest: "
            f"{engine} run --rm -p 8888:8888 {mount} {captured.image} jupyter lab --ip 0.0.0.0"
        )
    if any(each.conda for each in wanted_environments(captured)) and (files / "environment.yml").is_file():
        tool = next(
            (name for name in ("micromamba", "mamba", "conda") if shutil.which(name, path=path)), "micromamba"
        )
        yield (
            "Takeout does not call conda; an environment with the conda packages is made by: "
            f"{tool} create -n hub -f {files / 'environment.yml'}"
        )


def _found(directory: Path, home: Path, state: str) -> Workspace | None:
    known = _json(directory / _READY)
    needed = {"environments", "kernels", "lab", "without", "better"}
    if known.get("state") != state or not needed <= known.keys():
        return None
    made = tuple(_made_of(each) for each in known["environments"])
    programs = [known["lab"], *(each.program for each in made)]
    if not all(Path(each).exists() for each in programs):
        return None
    notes = (tuple(known["without"]), tuple(known["better"]))
    kernels = {str(name): str(program) for name, program in known["kernels"].items()}
    return Workspace(home.absolute(), directory, made, kernels, known["lab"], *notes)


def _keep(ready: Workspace, state: str) -> None:
    text = json.dumps({**replace(ready, fresh=False).to_json(), "state": state}, indent=1)
    replace_text(ready.directory / _READY, text + "\n")


def _made_of(known: Mapping[str, Any]) -> Made:
    missing = tuple((str(name), str(reason)) for name, reason in known["missing"])
    return Made(**{**known, "differs": tuple(known["differs"]), "missing": missing})


def _json(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Let one process make it at a time; another one waits and finds it made."""
    with (directory / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
