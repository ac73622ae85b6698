"""Which pods a replica's hub would start, for whom and for which choice; nothing is started."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import takeout
from takeout.errors import InputError, ToolError, Where
from takeout.local.environment import Environment
from takeout.local.hub import ADMIN, MEMBER, snippet_error
from takeout.local.hubdir import KUBECONFIG, hub_environ, write_hub
from takeout.local.plan import Addresses
from takeout.local.prepare import Prepared, Wishes, group_names, prepare
from takeout.local.processes import last_lines
from takeout.replica.lock import read_lock

NOWHERE = Addresses("http://127.0.0.1:8000", "http://127.0.0.1:8081", "http://127.0.0.1:8001")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody for whom pods are described.

    Attributes:
        name: The user's name.
        groups: Groups of the hub.
    """

    name: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Described:
    """What one choice of one person gives.

    Attributes:
        user: The user.
        options: The profile and the choices, as KubeSpawner's form gives them.
        pod: The manifest; None where there is none.
        error: Why there is none.
    """

    user: str
    options: dict[str, str]
    pod: dict[str, Any] | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """A hub to describe.

    Attributes:
        prepared: Its plan, with ``dry`` set.
        people: For whom.
        choices: The choices to make; None for every one that the form offers.
        traits: Whether to tell the whole configuration as well.
    """

    prepared: Prepared
    people: tuple[Person, ...]
    choices: tuple[Mapping[str, str], ...] | None = None
    traits: bool = False


@dataclass(frozen=True, slots=True)
class Descriptions:
    """What a hub gives.

    Attributes:
        hub: The hub.
        pods: One entry for each person and choice.
        traits: The configuration by class and trait, where it was asked for; it holds secrets.
        error: Why its configuration does not load; None where it does.
    """

    hub: str
    pods: tuple[Described, ...] = field(default=())
    traits: dict[str, Any] = field(default_factory=dict)
    error: InputError | ToolError | None = None


def subject(
    directory: Path,
    environment: Environment,
    wishes: Wishes,
    people: Sequence[Person] = (),
    options: Mapping[str, str] | None = None,
) -> Subject:
    """Return the hub of the replica in ``directory``, ready to be described.

    Args:
        directory: The replica.
        environment: The programs.
        wishes: What the command line asks for.
        people: For whom; a member of every group and an admin where it is empty.
        options: One choice; None for every one.
    """
    read_lock(directory)
    prepared = prepare(directory, NOWHERE, environment.users, wishes, dry=True)
    groups = tuple(group_names(prepared.plan.values))
    prepared.plan.admins.append(ADMIN)
    choices = None if options is None else (options,)
    return Subject(prepared, tuple(people) or (Person(MEMBER, groups), Person(ADMIN, groups)), choices)


def describe(
    subjects: Sequence[Subject], environment: Environment, environ: Mapping[str, str] = os.environ
) -> list[Descriptions]:
    """Return what each hub gives; see ``Describer``."""
    with Describer(environment, environ) as describer:
        return describer.describe(subjects)


class Describer:
    """A process of the hub's environment that describes pods: its start takes seconds, each hub then little.

    Args:
        environment: The programs.
        environ: The environment of this process.
    """

    def __init__(self, environment: Environment, environ: Mapping[str, str] = os.environ) -> None:
        self._environment = environment
        self._environ = environ
        self._folder = tempfile.TemporaryDirectory(prefix="takeout-pods-")
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            with self._process:  # the end of its input ends it
                pass
        self._folder.cleanup()

    def describe(self, subjects: Sequence[Subject]) -> list[Descriptions]:
        """Return what each hub gives; each needs a part of ``.takeout`` of its own."""
        folder = Path(self._folder.name)
        outputs = [folder / f"{number}.json" for number in range(len(subjects))]
        for output in outputs:
            output.unlink(missing_ok=True)
        jobs = [_job(one, output) for one, output in zip(subjects, outputs, strict=True)]
        (folder / "jobs.json").write_text(json.dumps(jobs))
        if self._process is None:
            self._process = self._start(subjects[0].prepared)
        assert self._process.stdin is not None  # noqa: S101 - they are pipes
        assert self._process.stdout is not None  # noqa: S101
        with contextlib.suppress(BrokenPipeError):  # the results tell
            self._process.stdin.write(f"{folder / 'jobs.json'}\n")
            self._process.stdin.flush()
            self._process.stdout.readline()
        tail = last_lines(folder / "log", 6)
        return [_result(one, output, tail) for one, output in zip(subjects, outputs, strict=True)]

    def _start(self, first: Prepared) -> subprocess.Popen[str]:
        folder = Path(self._folder.name)
        (folder / "lib").mkdir()
        (folder / "lib" / "takeout").symlink_to(Path(takeout.__file__).parent, target_is_directory=True)
        # Kubernetes' client looks for it once, when it is imported; it must be there as long as the process.
        (folder / "kubeconfig").write_text(KUBECONFIG)
        environ = hub_environ(first.plan, first.environ, self._environ, self._environment.hub, "")
        with (folder / "log").open("wb") as log:
            return subprocess.Popen(  # noqa: S603 - our own arguments
                [str(self._environment.hub), "-W", "ignore", "-m", "takeout.local.inside.show"],
                env={**environ, "PYTHONPATH": str(folder / "lib"), "KUBECONFIG": str(folder / "kubeconfig")},
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )


def _job(one: Subject, output: Path) -> dict[str, Any]:
    return {
        "config": str(write_hub(one.prepared.plan)),
        "output": str(output),
        "environ": one.prepared.environ,
        "people": [{"name": person.name, "groups": list(person.groups)} for person in one.people],
        "choices": [dict(options) for options in one.choices] if one.choices is not None else None,
        "traits": one.traits,
    }


def _result(one: Subject, output: Path, tail: Iterable[str]) -> Descriptions:
    hub = one.prepared.plan.hub
    report = one.prepared.plan.places.report
    if report.is_file():
        return Descriptions(hub, error=snippet_error(json.loads(report.read_text()), one.prepared))
    try:
        result = json.loads(output.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Descriptions(hub, error=ToolError(f"describing pods failed: {' / '.join(tail)}"))
    if result["error"]:
        where = Where(str(one.prepared.files.directory))
        hint = "an authenticator or a class that is not installed here belongs to the hub's own image"
        return Descriptions(
            hub, error=InputError(f"the configuration does not load: {result['error']}", where=where, hint=hint)
        )
    pods = tuple(Described(each["user"], each["options"], each["pod"], each["error"]) for each in result["pods"])
    return Descriptions(hub, pods, result["traits"])
