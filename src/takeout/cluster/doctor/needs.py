"""What pods need to be there before they start, and is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from takeout.cluster.doctor.condition import Evidence, from_event, from_waiting
from takeout.cluster.doctor.pods import Pod, Reference, Workload
from takeout.cluster.doctor.snapshot import Snapshot
from takeout.cluster.doctor.words import named_part, stopped, stopped_by, whose

EVERYBODY = "every user's server"


@dataclass(slots=True)
class Lack:
    """An object that is not there, and who waits for it.

    Attributes:
        kind: Its kind.
        name: Its name.
        who: Who waits, in words.
        how: The places that name it.
        keys: The keys in it that are asked for.
        stops: What does not work without it.
        evidence: Where the cluster says so.
    """

    kind: str
    name: str
    who: dict[str, None] = field(default_factory=dict)
    how: dict[str, None] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    stops: dict[str, None] = field(default_factory=dict)
    evidence: list[Evidence] = field(default_factory=list)

    @property
    def waiting(self) -> str:
        """Who waits, as one would say it, with the verb."""
        *first, last = self.who
        return f"{', '.join(first)} and {last} wait" if first else f"{last} waits"

    @property
    def told(self) -> tuple[Evidence, ...]:
        """The evidence, at least that the object is not there."""
        nothing = Evidence("object", f"{self.kind}/{self.name}", f"there is no such {self.kind}")
        return tuple(dict.fromkeys(self.evidence)) or (nothing,)


def lacking(snapshot: Snapshot, *kinds: str) -> list[Lack]:
    """Return the objects of these kinds that somebody waits for and that are not there.

    Looked at are pods that are not ready, what makes pods and has too few, and what users' servers will ask for.
    """
    lacks: dict[tuple[str, str], Lack] = {}

    def note(reference: Reference, who: str, stops: tuple[str, ...], how: str) -> Lack | None:
        if reference.kind not in kinds or snapshot.has(reference.kind, reference.name) is not False:
            return None
        lack = lacks.setdefault((reference.kind, reference.name), Lack(reference.kind, reference.name))
        lack.who[who] = lack.how[how] = None
        lack.keys.update({reference.key} - {""})
        lack.stops.update(dict.fromkeys(stops))
        return lack

    for pod in snapshot.pods:
        if pod.ready or pod.deleted:
            continue
        for reference in pod.spec.references:
            lack = note(reference, whose(pod), stopped_by(pod), reference.how)
            if lack is not None:
                lack.evidence += list(_told(snapshot, pod, reference.name))[-1:]
    for workload in _without_pods(snapshot):
        for reference in workload.spec.references:
            note(reference, named_part(workload.part, workload.name), stopped(workload.part), reference.how)
    for reference in snapshot.facts.users_need:
        note(reference, EVERYBODY, ("users",), snapshot.facts.key(reference.how))
    return list(lacks.values())


def _without_pods(snapshot: Snapshot) -> Iterator[Workload]:
    """Yield what should have made pods and has none that could be looked at."""
    covered = {pod.part for pod in snapshot.pods if not pod.ready}
    for workload in snapshot.workloads:
        if workload.kind != "ReplicaSet" and workload.ready < workload.wanted and workload.part not in covered:
            yield workload


def _told(snapshot: Snapshot, pod: Pod, name: str) -> Iterator[Evidence]:
    quoted = f'"{name}" not found'
    for event in snapshot.events:
        if event.kind == "Pod" and event.name == pod.name and quoted in event.message:
            yield from_event(event, snapshot.now)
    for container in pod.spec.containers:
        if quoted in container.message:
            yield from_waiting(pod, container)
    if quoted in pod.scheduling:
        yield Evidence("object", f"Pod/{pod.name}", f"not scheduled: {pod.scheduling}")
