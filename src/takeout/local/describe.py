"""Which pods a replica's hub would start, for whom and for which choice; nothing is started."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from takeout.errors import InputError, ToolError, Where
from takeout.local.environment import Environment
from takeout.local.hub import ADMIN, MEMBER, snippet_error
from takeout.local.hubdir import hub_environ, write_hub
from takeout.local.plan import Addresses
from takeout.local.prepare import Prepared, Wishes, group_names, prepare
from takeout.local.processes import last_lines
from takeout.replica.lock import read_lock

_NOWHERE = Addresses("http://127.0.0.1:8000", "http://127.0.0.1:8081", "http://127.0.0.1:8001")


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
        options: The one choice to make; None for every one that the form offers.
        traits: Whether to tell the whole configuration as well.
    """

    prepared: Prepared
    people: tuple[Person, ...]
    options: Mapping[str, str] | None = None
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
    prepared = prepare(directory, _NOWHERE, environment.users, wishes, dry=True)
    groups = tuple(group_names(prepared.plan.values))
    prepared.plan.admins.append(ADMIN)
    return Subject(prepared, tuple(people) or (Person(MEMBER, groups), Person(ADMIN, groups)), options)


def describe(
    subjects: Sequence[Subject], environment: Environment, environ: Mapping[str, str] = os.environ
) -> list[Descriptions]:
    """Return what each hub gives; one process is started for all of them.

    Args:
        subjects: The hubs.
        environment: The programs.
        environ: The environment of this process.

    Raises:
        ToolError: When the describing process fails.
    """
    with tempfile.TemporaryDirectory(prefix="takeout-pods-") as name:
        folder = Path(name)
        jobs = [_job(one, folder / f"{number}.json") for number, one in enumerate(subjects)]
        (folder / "jobs.json").write_text(json.dumps(jobs))
        first = subjects[0].prepared
        own = hub_environ(first.plan, first.environ, environ, environment.hub, "")
        log = folder / "log"
        command = [
            str(environment.hub),
            "-W",
            "ignore",
            "-m",
            "takeout.local.inside.show",
            str(folder / "jobs.json"),
        ]
        with log.open("wb") as output:
            # The exit code says that a configuration failed; each result says which and why.
            subprocess.run(command, env=own, stdout=output, stderr=subprocess.STDOUT, cwd=folder, check=False)  # noqa: S603
        return [_result(one, folder / f"{number}.json", last_lines(log, 6)) for number, one in enumerate(subjects)]


def _job(one: Subject, output: Path) -> dict[str, Any]:
    return {
        "config": str(write_hub(one.prepared.plan)),
        "output": str(output),
        "environ": one.prepared.environ,
        "people": [{"name": person.name, "groups": list(person.groups)} for person in one.people],
        "options": dict(one.options) if one.options is not None else None,
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
