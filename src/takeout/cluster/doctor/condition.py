"""What a condition is, what it finds, and how a finding is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from takeout.cluster.doctor.objects import Event
from takeout.cluster.doctor.pods import Container, Pod
from takeout.cluster.doctor.snapshot import Snapshot

Certainty = Literal["sure", "likely", "possible"]

_LONGEST = 400
_MINUTE, _HOUR = 60, 3600


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a finding rests on.

    Attributes:
        kind: ``event``, ``log``, ``object``, ``answer`` or ``values``.
        where: The object, the container whose log it is, the address, or the value's path.
        text: What is said there, without secrets.
    """

    kind: Literal["event", "log", "object", "answer", "values"]
    where: str
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a hub.

    Attributes:
        subject: The object that it is about, as ``Kind/name``.
        message: What is wrong, in one sentence without a full stop.
        mend: What to do, in a sentence or two.
        commands: Shell commands that do it, as far as commands can; ``<…>`` is for a person to fill in.
        values: What to set in the release's values, by dotted path; None takes a value out.
        evidence: What it rests on.
        stops: What does not work because of it: ``hub``, ``proxy``, ``users``, ``address``, ``login``,
            ``user/ada``,
            ``pod/hub-1``.
        follows: What it may be a consequence of, in the same words.
        certainty: ``sure`` where the cluster says so itself.
    """

    subject: str
    message: str
    mend: str
    commands: tuple[str, ...] = ()
    values: tuple[tuple[str, object], ...] = ()
    evidence: tuple[Evidence, ...] = ()
    stops: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    certainty: Certainty = "sure"


@dataclass(frozen=True, slots=True)
class Case:
    """A small proof of a condition, run by one test for all.

    Attributes:
        name: What it shows, in a few words.
        given: The hub, as YAML; see ``takeout.cluster.doctor.picture``.
        finds: The subjects that the condition must find, exactly.
        says: What must stand somewhere in the findings.
    """

    name: str
    given: str
    finds: tuple[str, ...] = ()
    says: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that can be wrong with a hub.

    Attributes:
        id: ``H`` and two digits, never used again for another condition.
        title: What is wrong, in a few words.
        why: What comes of it, and how it comes about.
        mend: What to do in general; a finding says it for the hub at hand.
        source: Where that is known from: an https address that anybody can open.
        look: Finds it in a look at a hub.
        cases: At least one where it is found and one where it is not.
    """

    id: str
    title: str
    why: str
    mend: str
    source: str
    look: Callable[[Snapshot], Iterator[Finding]]
    cases: tuple[Case, ...] = field(default=())


def from_event(event: Event, now: datetime) -> Evidence:
    """Return an event as evidence, with how often and how long ago."""
    often = f" ({event.count} times)" if event.count > 1 else ""
    return Evidence(
        "event", f"{event.kind}/{event.name}", f"{shorten(event.message)}{often}{ago(event.last, now)}"
    )


def from_log(place: str, line: str) -> Evidence:
    """Return a line of a log as evidence."""
    return Evidence("log", place, shorten(line))


def from_waiting(pod: Pod, container: Container) -> Evidence:
    """Return what the kubelet says of a container that waits."""
    said = f"{container.reason}: {container.message}" if container.message else container.reason
    return Evidence("object", f"Pod/{pod.name}", f"the container {container.name} waits: {shorten(said)}")


def ago(moment: datetime | None, now: datetime) -> str:
    """Return ``, 12 minutes ago``; empty where the time is not known."""
    if moment is None:
        return ""
    seconds = max(0, int((now - moment).total_seconds()))
    for unit, length in (("hour", _HOUR), ("minute", _MINUTE), ("second", 1)):
        number = seconds // length
        if number:
            return f", {number} {unit}{'s' if number > 1 else ''} ago"
    return ", just now"


def shorten(text: str) -> str:
    """Return one line of bearable length."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
