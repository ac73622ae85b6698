"""Make a hub's environments anew beside a home, once; the second time they are simply there."""

from __future__ import annotations

import hashlib
import json
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from takeout.errors import DiskError, OptionError, TakeoutError, ToolError, Where
from takeout.progress import Progress, silent
from takeout.workspace.build import Made, directory_name, make
from takeout.workspace.capture import DOCUMENT, replace_text
from takeout.workspace.conda import Conda, find_conda, make_conda
from takeout.workspace.container import work_in_image
from takeout.workspace.document import read_document
from takeout.workspace.files import main_environment, used_r, write_files
from takeout.workspace.kernelspecs import absent_kernels, write_kernels
from takeout.workspace.lab import find_lab, write_settings
from takeout.workspace.model import Captured, Environment, Kernel
from takeout.workspace.pythons import Maker, find_maker
from takeout.workspace.ready import OWN, Workspace, alone, find_ready, keep_ready, made_of, read_json
from takeout.workspace.rlanguage import MadeR, has_kernel, make_r, r_variables

WAYS = ("image", "conda", "uv", "venv")
"""How an environment can be made anew, the nearest to the hub first."""
_LAYOUT = 2
_CACHE_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# Made by `takeout home work`; it can be made again.\n"


@dataclass(frozen=True, slots=True)
class _Job:
    """What is to be made, of what, where and how; ``way`` is one of ``WAYS``, or empty for the nearest."""

    captured: Captured
    home: Path
    directory: Path
    maker: Maker
    wanted: tuple[Environment, ...]
    way: str


def recreate(
    home: Path,
    environ: Mapping[str, str],
    *,
    document: Path | None = None,
    every: bool = False,
    way: str = "",
    again: bool = False,
    progress: Progress = silent,
) -> Workspace:
    """Make what a home's notebooks need, or find it made.

    Args:
        home: The home on this machine.
        environ: The environment's variables.
        document: What was captured; the home's own where it is nothing.
        every: Make also the environments that no notebook uses.
        way: One of ``WAYS``; the nearest to the hub that this machine offers where it is empty.
        again: Make everything anew, also what is there.
        progress: Told about each environment.

    Raises:
        DirectoryError: When nothing was captured.
        InputError: When what was captured cannot be read, or there is no such way.
        NetworkError: When packages must be fetched and cannot be.
        ToolError: When an environment cannot be made at all, or not in the way asked for.
        DiskError: When the workspace cannot be written.
    """
    if way and way not in WAYS:
        raise OptionError(f"unknown way {way!r}", hint=f"it is one of {', '.join(WAYS)}")
    file = document or home / DOCUMENT
    captured = read_document(file)
    directory = home.absolute() / OWN
    # The folder counts: environments do not work where they were moved to. So does Takeout's Python, which starts
    # kernels in containers.
    about = f"\n{_LAYOUT} {every} {way} {directory} {sys.executable}"
    state = hashlib.sha256(file.read_bytes() + about.encode()).hexdigest()
    try:
        directory.mkdir(exist_ok=True)
        with alone(directory):
            if again:
                shutil.rmtree(directory / "environments", ignore_errors=True)
            ready = None if again else find_ready(directory, home, state)
            if ready is None:
                replace_text(directory / "CACHEDIR.TAG", _CACHE_TAG)
                maker = find_maker(environ, use_uv=way != "venv")
                if way == "uv" and not maker.uv:
                    raise ToolError("uv is not here", hint="`pip install uv` beside Takeout brings it")
                wanted = wanted_environments(captured, every=every)
                ready = _make(_Job(captured, home, directory, maker, wanted, way), progress)
                keep_ready(ready, state)
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


def _make(job: _Job, progress: Progress) -> Workspace:
    """Take the hub's image where there is one, and make each environment by itself where there is none."""
    better: list[str] = []
    if job.way in ("", "image") and (job.captured.image or job.way):
        progress(f"fetch and run {job.captured.image or 'the image'}", 0, 0)
        try:
            return work_in_image(job.captured, job.wanted, job.home, job.directory, job.maker)
        except ToolError as error:
            if job.way:
                raise ToolError(f"the hub's image cannot be used: {error.message}", hint=error.hint) from error
            better.append(f"its image {job.captured.image}: {error.message}")
    try:
        return _make_each(job, better, progress)
    except TakeoutError as error:
        # Why a nearer way was not taken is as much of a help as why this one failed.
        before = "; ".join(f"nearer would have been {note}" for note in better)
        error.hint = "; ".join(filter(None, [error.hint, before]))
        raise


def _make_each(job: _Job, better: list[str], progress: Progress) -> Workspace:
    total = len(job.wanted) + 2
    conda = None
    if job.way in ("", "conda") and any(each.conda for each in job.wanted):
        conda = find_conda(job.maker)
        if conda is None and job.way:
            hint = "https://mamba.readthedocs.io tells how to install micromamba, which needs nothing else"
            raise ToolError("none of micromamba, mamba, conda and pixi is here", hint=hint)
    made = []
    for number, environment in enumerate(job.wanted):
        progress(f"make {environment.prefix}", number, total)
        made.append(_kept_or_made(job, environment, conda, better))
    progress("make R's packages", len(made), total)
    r = _r(job, made)
    progress("make JupyterLab", len(made) + 1, total)
    lab = find_lab(job.captured, made, job.directory, job.maker)
    folder = job.directory / "jupyter" / "kernels"
    with_r = {"R_LIBS": r_variables(Path(r.library), {})["R_LIBS"]} if r and has_kernel(r, job.maker) else {}
    kernels = write_kernels(job.captured, made, folder, job.maker.environ, with_r)
    write_settings(job.captured, job.directory)
    written = write_files(job.captured, job.directory / "binder")
    if conda is None and job.way in ("", "conda") and any(each.conda for each in job.wanted):
        file = written.directory / "environment.yml"
        better.append(f"conda packages, with micromamba, mamba, conda or pixi: none of them is here; {file}")
    progress("make JupyterLab", total, total)
    without = absent_kernels(job.captured, kernels, lambda kernel: _why_absent(kernel, job, r))
    return Workspace(
        job.home.absolute(),
        job.directory,
        tuple(made),
        kernels,
        lab,
        tuple(without),
        tuple(better),
        r=r,
        fresh=True,
    )


def _kept_or_made(job: _Job, environment: Environment, conda: Conda | None, better: list[str]) -> Made:
    """Make an environment, or take one that an earlier run finished, of the very same packages."""
    target = job.directory / "environments" / directory_name(environment.prefix)
    if environment.conda and conda:
        try:
            return _remembered(job, environment, target, conda)
        except ToolError as error:
            if job.way:
                raise
            better.append(f"{environment.prefix}, with conda: {error.message}")
    return _remembered(job, environment, target, None)


def _remembered(job: _Job, environment: Environment, target: Path, conda: Conda | None) -> Made:
    tool = conda.name if conda else job.maker.name
    said = json.dumps([_LAYOUT, asdict(environment), job.captured.homes, tool], default=str)
    state = hashlib.sha256(said.encode()).hexdigest()
    mark = target.with_suffix(target.suffix + ".json")
    known = read_json(mark)
    if known.get("state") == state and Path(made_of(known["made"]).program).exists():
        return made_of(known["made"])
    mark.unlink(missing_ok=True)
    if conda:
        made = make_conda(environment, job.captured, job.home, target, conda=conda, maker=job.maker)
    else:
        made = make(environment, job.captured, job.home, target, job.maker)
    replace_text(mark, json.dumps({"state": state, "made": asdict(made)}) + "\n")
    return made


def _r(job: _Job, made: Sequence[Made]) -> MadeR | None:
    """Make R's packages where a notebook needs R and no conda environment brings it."""
    library = used_r(job.captured)
    programs = [each.program for each in job.captured.kernels if each.language.lower() == "r"]
    moved = [
        Path(one.directory + program[len(one.prefix) :])
        for one in made
        for program in programs
        if program.startswith(f"{one.prefix}/")
    ]
    if library is None or any(each.exists() for each in moved):
        return None
    return make_r(library, job.directory / "environments" / "r", job.maker)


def _why_absent(kernel: Kernel, job: _Job, r: MadeR | None) -> str:
    """Say why a kernel of the hub's is not here, and what makes it."""
    language = kernel.language.lower()
    binder = job.directory / "binder"
    if language == "r":
        lacks = "which could not be installed" if r else "which this machine has not"
        return f"it needs R with the package IRkernel, {lacks}; {binder / 'install.R'} installs the hub's packages"
    if language == "julia":
        project = shlex.quote(f"--project={binder}")
        steps = 'using Pkg; Pkg.instantiate(); Pkg.add("IJulia"); using IJulia; '
        steps += f'installkernel("Julia", "--project={binder}"; specname="{kernel.name}")'
        folder = shlex.quote(str(job.directory / "jupyter"))
        return f"where Julia is, make it by: JUPYTER_DATA_DIR={folder} julia {project} -e {shlex.quote(steps)}"
    return f"there is no {kernel.language or 'such'} kernel that Takeout can make here"
