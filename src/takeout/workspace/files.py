"""The files from which repo2docker, Binder, conda and pip make an environment."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from takeout.errors import DiskError, Where
from takeout.workspace.capture import replace_text
from takeout.workspace.model import Captured, Environment, RLibrary, RPackage
from takeout.workspace.requirements import normal, requirements_of

_FILES = ("environment.yml", "requirements.txt", "install.R", "Project.toml", "Manifest.toml", "runtime.txt")


@dataclass(frozen=True, slots=True)
class Written:
    """Files that were written.

    Attributes:
        directory: Where they are.
        files: Their names.
        main: The prefix of the environment that they make; repo2docker makes one.
        notes: How it will differ from the hub's.
    """

    directory: Path
    files: tuple[str, ...]
    main: str
    notes: tuple[str, ...]


def main_environment(captured: Captured) -> Environment | None:
    """Return the environment that most notebooks use; of none, the one that Jupyter ran in."""
    used = Counter(found.prefix for each in captured.notebooks if (found := captured.environment_of(each)))
    order = {each.prefix: number for number, each in enumerate(captured.environments)}
    return min(captured.environments, key=lambda each: (-used[each.prefix], order[each.prefix]), default=None)


def write_files(captured: Captured, directory: Path) -> Written:
    """Write the files into ``directory``, which repo2docker takes when it is called ``binder`` in a repository.

    Files of these names that are there are replaced, and those that are not needed any more are removed.

    Raises:
        DiskError: When they cannot be written.
    """
    main = main_environment(captured)
    texts, notes = binder_files(captured, main)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name in _FILES:
            if name in texts:
                replace_text(directory / name, texts[name])
            else:
                (directory / name).unlink(missing_ok=True)
    except OSError as error:
        raise DiskError(error.strerror or str(error), where=Where(str(directory))) from error
    return Written(directory, tuple(texts), main.prefix if main else "", tuple(notes))


def binder_files(captured: Captured, main: Environment | None) -> tuple[dict[str, str], list[str]]:
    """Return the files' texts by their names, and how the environment differs."""
    texts: dict[str, str] = {}
    notes: list[str] = []
    if main:
        texts.update(_conda_file(main, captured, notes) if main.conda else _python_files(main, captured, notes))
        others = [each for each in captured.environments if each != main and _is_used(each, captured)]
        notes += [f"{each.prefix} is not in these files: repo2docker makes one environment" for each in others]
    library = used_r(captured)
    has_r = bool(main) and any(each.name.startswith("r-") for each in main.conda) if main else False
    if library:
        texts["install.R"] = install_r(library)
        if not has_r:
            texts["runtime.txt"] = f"r-{library.version}-{captured.captured[:10]}\n"
            date = captured.captured[:10]
            notes.append(f"R packages are CRAN's of {date}, and Python is of the version that repo2docker has")
    if captured.julia:
        project = captured.julia[-1]
        texts["Project.toml"] = project.project
        if project.manifest:
            texts["Manifest.toml"] = project.manifest
    return texts, notes


def _is_used(environment: Environment, captured: Captured) -> bool:
    return any(captured.environment_of(each) == environment for each in captured.notebooks)


def used_r(captured: Captured) -> RLibrary | None:
    """Return the R that notebooks use; an R that merely is in the image is no reason to build with R."""
    uses = any(each.language.lower() == "r" or each.kernel.lower() in ("ir", "r") for each in captured.notebooks)
    return captured.r[0] if captured.r and uses else None


def _python_files(main: Environment, captured: Captured, notes: list[str]) -> dict[str, str]:
    lines, left = requirements_of(main.packages, captured)
    notes += [f"{name} is not in requirements.txt: {reason}" for name, reason in left]
    notes += [f"{line.name}: {line.differs}" for line in lines if line.differs]
    head = f"# Python {main.version}, as captured on {captured.captured[:10]}.\n"
    text = head + "".join(f"{line.line}\n" for line in lines)
    return {"requirements.txt": text, "runtime.txt": f"python-{main.minor}\n"}


def _conda_file(main: Environment, captured: Captured, notes: list[str]) -> dict[str, str]:
    """Return ``environment.yml``: every conda package at its version; builds are of one platform."""
    by_conda = {normal(each.name) for each in main.conda}
    lines, left = requirements_of((each for each in main.packages if each.installer != "conda"), captured)
    of_pip = [line for line in lines if normal(line.name) not in by_conda]
    notes += [f"{name} is not in environment.yml: {reason}" for name, reason in left]
    notes += [f"{line.name}: {line.differs}" for line in of_pip if line.differs]
    head = f"# As captured on {captured.captured[:10]}; the builds are those of {_platforms(main)}."
    specs = conda_specs(main)
    if of_pip and not any(each.name == "pip" for each in main.conda):
        specs["pip"] = "pip"
    builds = {each.name: each.build for each in main.conda}
    text = environment_yml(main.channels, specs, builds, head)
    if of_pip:
        text += "".join(["  - pip:\n", *(f"      - {_quoted(line.line)}\n" for line in of_pip)])
    return {"environment.yml": text}


def conda_specs(environment: Environment, *, builds: bool = False) -> dict[str, str]:
    """Return what conda is asked for by a package's name: its version and, if wanted, its build."""
    return {
        each.name: f"{_elsewhere(each.channel, environment)}{each.name}={each.version}"
        + (f"={each.build}" if builds and each.build else "")
        for each in environment.conda
        if each.channel not in ("pypi", "<develop>")
    }


def environment_yml(
    channels: Iterable[str], specs: Mapping[str, str], builds: Mapping[str, str], head: str
) -> str:
    """Return an ``environment.yml``; builds stand in comments, where people and not solvers read them."""
    lines = [head, "channels:"]
    lines += [f"  - {_quoted(channel)}" for channel in tuple(channels) or ("conda-forge",)]
    lines.append("dependencies:")
    for package, spec in specs.items():
        lines.append(f"  - {_quoted(spec)}" + (f" # {builds[package]}" if builds.get(package) else ""))
    return "\n".join(lines) + "\n"


def _elsewhere(channel: str, environment: Environment) -> str:
    """Return a channel as it stands before a package that is not from the preferred one."""
    known = environment.channels
    return f"{channel}::" if known and channel not in ("", known[0]) and "://" not in channel else ""


def _platforms(main: Environment) -> str:
    return ", ".join(sorted({each.subdir for each in main.conda if each.subdir} - {"noarch"})) or "the hub"


def _quoted(text: str) -> str:
    """Return a plain YAML scalar, in quotes where it could be read as something else."""
    return (
        text
        if re.fullmatch(r"[A-Za-z][\w.=:/+-]*", text) and ": " not in text
        else "'" + text.replace("'", "''") + "'"
    )


def own_packages(library: RLibrary) -> tuple[RPackage, ...]:
    """Return the packages that do not come with R, each once: of two libraries the first counts, as for R."""
    found: dict[str, RPackage] = {}
    for each in library.packages:
        if each.priority not in ("base", "recommended"):
            found.setdefault(each.package, each)
    return tuple(found.values())


def install_r(library: RLibrary, *, keep_going: bool = False) -> str:
    """Return ``install.R``: each package at its version.

    Packages that come with R (priority ``base`` and ``recommended``) are left to it. ``upgrade = "never"`` keeps a
    later package from replacing an earlier one.

    Args:
        library: The packages.
        keep_going: Whether a package that cannot be installed is passed over.
    """
    lines = [
        f"# R {library.version}: the packages of the hub, each at its version.",
        'if (identical(unname(getOption("repos")["CRAN"]), "@CRAN@"))',
        '  options(repos = c(CRAN = "https://cloud.r-project.org"))',
        'if (!requireNamespace("remotes", quietly = TRUE)) install.packages("remotes")',
    ]
    for each in own_packages(library):
        if each.package != "remotes":
            found = _r_lines(each)
            lines += [*found[:-1], f"try({found[-1]})" if keep_going else found[-1]]
    return "\n".join(dict.fromkeys(lines)) + "\n"


def _r_lines(each: RPackage) -> list[str]:
    if each.remotetype in ("github", "gitlab") and each.remoterepo:
        place = f"{each.remoteusername}/{each.remoterepo}" + (f"@{each.remotesha}" if each.remotesha else "")
        return [f'remotes::install_{each.remotetype}({_r(place)}, upgrade = "never")']
    if each.repository.startswith(("Bioconductor", "BioC")):
        return [
            'if (!requireNamespace("BiocManager", quietly = TRUE)) install.packages("BiocManager")',
            f"BiocManager::install({_r(each.package)}, update = FALSE, ask = FALSE)",
        ]
    if not each.version:
        return [f"install.packages({_r(each.package)})"]
    return [f'remotes::install_version({_r(each.package)}, {_r(each.version)}, upgrade = "never")']


def _r(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
