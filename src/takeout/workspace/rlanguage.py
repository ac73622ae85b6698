"""R's packages, and the kernel that needs them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from takeout.workspace.capture import replace_text
from takeout.workspace.document import r_library_from
from takeout.workspace.files import install_r, own_packages
from takeout.workspace.model import RLibrary, RPackage
from takeout.workspace.onhub.surroundings import r_libraries
from takeout.workspace.pythons import Maker, tail

KERNEL_PACKAGE = "IRkernel"


@dataclass(frozen=True, slots=True)
class MadeR:
    """R as it is here.

    Attributes:
        version: R's version here.
        library: The folder of packages that were installed for this home.
        packages: How many packages are as on the hub.
        differs: How it is not what the hub had, a sentence each.
        missing: Packages that are not there, with the reason.
    """

    version: str
    library: str
    packages: int
    differs: tuple[str, ...] = ()
    missing: tuple[tuple[str, str], ...] = ()


def make_r(hub: RLibrary, library: Path, maker: Maker) -> MadeR | None:
    """Install the hub's packages that this machine's R has not, each at its version, into a library of the home's.

    Packages that are here at another version are used as they are: a person's R is compiled for this machine, and
    installing hundreds of packages from source takes hours. ``install.R`` does that for who wants it.

    Returns:
        What is here; nothing where this machine has no R.
    """
    program = shutil.which("Rscript", path=maker.environ.get("PATH", os.defpath))
    if not program:
        return None
    with_library = Maker("", r_variables(library, maker.environ))
    library.mkdir(parents=True, exist_ok=True)
    here = _library(program, with_library)
    if here is None:
        return None
    lacking = _lacking(hub, here)
    problem = ""
    if lacking:
        script = library.with_suffix(".R")
        replace_text(script, install_r(RLibrary(hub.version, lacking), keep_going=True))
        done = with_library.run([program, str(script)])
        problem = tail(done) if done.returncode else ""
        here = _library(program, with_library) or here
    return _compared(hub, here, library, problem)


def r_variables(library: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables with which R sees the home's library first, and the person's own after it."""
    others = environ.get("R_LIBS", "")
    return {**environ, "R_LIBS": os.pathsep.join([str(library), *([others] if others else [])])}


def has_kernel(made: MadeR, maker: Maker) -> bool:
    """Whether R has the package that makes a kernel of it."""
    program = shutil.which("Rscript", path=maker.environ.get("PATH", os.defpath)) or "Rscript"
    ask = f"quit(status = as.integer(!requireNamespace('{KERNEL_PACKAGE}', quietly = TRUE)))"
    variables = r_variables(Path(made.library), maker.environ)
    return Maker("", variables).run([program, "-e", ask]).returncode == 0


def _lacking(hub: RLibrary, here: RLibrary) -> tuple[RPackage, ...]:
    there = {each.package for each in here.packages}
    wanted = list(own_packages(hub))
    if KERNEL_PACKAGE not in {each.package for each in wanted}:
        wanted.append(RPackage(KERNEL_PACKAGE, ""))
    return tuple(each for each in wanted if each.package not in there)


def _library(program: str, maker: Maker) -> RLibrary | None:
    """Return what R has, asked with a library's variables."""
    found = r_libraries([program], dict(maker.environ))
    return r_library_from(found[0]) if found else None


def _compared(hub: RLibrary, here: RLibrary, library: Path, problem: str) -> MadeR:
    there = {each.package: each.version for each in reversed(here.packages)}
    same, differs, missing = 0, [], []
    if hub.version != here.version:
        differs.append(f"R {hub.version} on the hub, {here.version} here")
    for each in own_packages(hub):
        version = there.get(each.package)
        if version is None:
            missing.append((f"{each.package} {each.version}", problem or "it could not be installed"))
        elif version != each.version:
            differs.append(f"{each.package} {each.version} on the hub, {version} here")
        else:
            same += 1
    return MadeR(here.version, str(library), same, tuple(differs), tuple(missing))
