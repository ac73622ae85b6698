"""What a workspace is, and the record by which the next start finds it made."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from takeout.workspace.build import Made
from takeout.workspace.capture import replace_text
from takeout.workspace.engine import Container
from takeout.workspace.rlanguage import MadeR

OWN = ".takeout-work"
"""The directory beside the home's files that holds everything that was made; removing it undoes it all."""
_READY = "ready.json"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A home that can be worked on here.

    Attributes:
        home: The home.
        directory: What was made for it.
        environments: The environments that are here.
        kernels: Each kernel's name with the program that runs it.
        lab: The Python that has JupyterLab; empty where the container has it.
        without: Kernels that notebooks name and that are not here, a sentence each.
        better: What would come nearer to the hub and was not done, a sentence each.
        container: The hub's image, where that is what is worked in.
        r: R and its packages, where notebooks use it and it is not in a container or a conda environment.
        fresh: Whether it was made by this run.
    """

    home: Path
    directory: Path
    environments: tuple[Made, ...]
    kernels: Mapping[str, str]
    lab: str
    without: tuple[str, ...]
    better: tuple[str, ...]
    container: Container | None = None
    r: MadeR | None = None
    fresh: bool = False

    @property
    def whole(self) -> bool:
        """Whether every package and every kernel that notebooks name is here."""
        missing = any(each.missing for each in self.environments) or bool(self.r and self.r.missing)
        return not self.without and not missing

    @property
    def kernel_folder(self) -> Path:
        """Where the workspace's kernelspecs are."""
        return self.directory / "jupyter" / "kernels"

    def to_json(self) -> dict[str, Any]:
        """Return the workspace's fields for JSON."""
        return {**asdict(self), "home": str(self.home), "directory": str(self.directory), "whole": self.whole}


def find_ready(directory: Path, home: Path, state: str) -> Workspace | None:
    """Return the workspace of an earlier run, if it was made of the same and all of it is still there.

    A kernel that somebody added since, as Julia's own installer does, is to be counted: then nothing is returned.
    """
    known = read_json(directory / _READY)
    needed = {"environments", "kernels", "lab", "without", "better", "container", "r"}
    if known.get("state") != state or not needed <= known.keys():
        return None
    made = tuple(made_of(each) for each in known["environments"])
    container = Container(**known["container"]) if known["container"] else None
    programs = [container.engine] if container else [known["lab"], *(each.program for each in made)]
    kernels = {file.parent.name for file in (directory / "jupyter" / "kernels").glob("*/kernel.json")}
    added = not container and kernels != known["kernels"].keys()
    if added or not all(Path(each).exists() for each in programs):
        return None
    return Workspace(
        home.absolute(),
        directory,
        made,
        {str(name): str(program) for name, program in known["kernels"].items()},
        known["lab"],
        tuple(known["without"]),
        tuple(known["better"]),
        container,
        MadeR(**{**known["r"], **_lists(known["r"])}) if known["r"] else None,
    )


def keep_ready(ready: Workspace, state: str) -> None:
    """Record a workspace that is complete."""
    text = json.dumps({**replace(ready, fresh=False).to_json(), "state": state}, indent=1)
    replace_text(ready.directory / _READY, text + "\n")


def made_of(known: Mapping[str, Any]) -> Made:
    """Return an environment as it was recorded."""
    return Made(**{**known, **_lists(known)})


def _lists(known: Mapping[str, Any]) -> dict[str, Any]:
    missing = tuple((str(name), str(reason)) for name, reason in known["missing"])
    return {"differs": tuple(known["differs"]), "missing": missing}


def read_json(file: Path) -> dict[str, Any]:
    """Return the mapping in a file; an empty one where there is none that can be read."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


@contextmanager
def alone(directory: Path) -> Iterator[None]:
    """Let one process make it at a time; another one waits and finds it made."""
    with (directory / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
