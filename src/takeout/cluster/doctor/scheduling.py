"""Why a pod has no node: what the scheduler says, and what the nodes say to the pod's demands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from takeout.cluster.doctor.condition import Evidence, from_event
from takeout.cluster.doctor.objects import Node, Taint
from takeout.cluster.doctor.peers import meets
from takeout.cluster.doctor.pods import Pod, PodSpec, Requirement, Toleration
from takeout.cluster.doctor.snapshot import Snapshot
from takeout.cluster.doctor.words import named_part, stopped, stopped_by, whose

_HARD = ("NoSchedule", "NoExecute")
_OF_CLUSTER = re.compile(
    r"^(?:node\.kubernetes\.io/|node\.cloudprovider\.kubernetes\.io/|ToBeDeletedBy|DeletionCandidate)"
)
_GROWING = ("TriggeredScaleUp", "Nominated")
"""What the cluster autoscaler and Karpenter say when a node is on its way."""

_GROWING_SECONDS = 900
_VOLUME = ("volume node affinity", "PersistentVolume's node affinity", "no available volume zone")
_LABELS = ("node affinity/selector", "node selector", "Pod's node affinity")
_ROOM = ("Insufficient", "Too many pods")
_TAINTS = ("taint",)


@dataclass(frozen=True)
class Unscheduled:
    """Pods of one part that have no node, for one reason.

    Attributes:
        pods: The pods; none where they are gone and only events remain.
        name: The first pod's name.
        who: Whose they are, in words.
        message: What the scheduler says.
        evidence: That, as evidence.
        stops: What does not work.
        nodes: The cluster's nodes; None where they could not be read.
    """

    pods: tuple[Pod, ...]
    name: str
    who: str
    message: str
    evidence: tuple[Evidence, ...]
    stops: tuple[str, ...]
    nodes: tuple[Node, ...] | None

    @property
    def subject(self) -> str:
        """The first pod."""
        return f"Pod/{self.name}"

    @property
    def spec(self) -> PodSpec:
        """What the pods ask for; nothing where they are gone."""
        return self.pods[0].spec if self.pods else PodSpec()

    @property
    def is_known(self) -> bool:
        """Whether pod and nodes can be held against each other."""
        return bool(self.pods) and self.nodes is not None

    def says(self, *words: str) -> bool:
        """Whether the scheduler says one of the words."""
        return any(word in self.message for word in words)

    @property
    def of_volumes(self) -> bool:
        """Whether a volume keeps nodes out."""
        return self.says(*_VOLUME)

    @property
    def of_labels(self) -> bool:
        """Whether no node has the labels that are demanded."""
        return not self.matching if self.is_known else self.says(*_LABELS) and not self.says(*_ROOM, *_TAINTS)

    @property
    def of_taints(self) -> bool:
        """Whether every node with the labels has a taint that the pod does not put up with."""
        if not self.is_known:
            return self.says(*_TAINTS) and not self.says(*_ROOM)
        return bool(self.matching) and not self.tolerated and bool(self.taints)

    @property
    def of_room(self) -> bool:
        """Whether the nodes that would do have no room."""
        return self.says(*_ROOM) and not self.of_labels and not self.of_taints

    @cached_property
    def matching(self) -> tuple[Node, ...]:
        """The nodes with the labels that are demanded."""
        return tuple(node for node in self.nodes or () if has_labels(node, self.spec))

    @cached_property
    def tolerated(self) -> tuple[Node, ...]:
        """Those of them whose taints the pod puts up with."""
        return tuple(node for node in self.matching if not untolerated(node, self.spec.tolerations))

    @cached_property
    def taints(self) -> tuple[Taint, ...]:
        """Taints that keep the pod off nodes that would do; the cluster's own pass by themselves."""
        found = (taint for node in self.matching for taint in untolerated(node, self.spec.tolerations))
        return tuple(dict.fromkeys(taint for taint in found if not _OF_CLUSTER.match(taint.key)))


def unscheduled(snapshot: Snapshot) -> Iterator[Unscheduled]:
    """Yield the pods without a node, alike ones together; nodes on their way are left time."""
    groups: dict[tuple[object, ...], list[tuple[Pod, Evidence]]] = {}
    for pod in snapshot.pods:
        is_waiting = pod.phase == "Pending" and not pod.node and not pod.deleted and bool(pod.scheduling)
        if is_waiting and not _grows(snapshot, pod):
            item = Evidence("object", f"Pod/{pod.name}", f"not scheduled: {_brief(pod.scheduling)}")
            groups.setdefault(_alike(pod), []).append((pod, item))
    nodes = snapshot.nodes if snapshot.read("nodes") and snapshot.nodes else None
    for (message, *_), members in groups.items():
        pods = tuple(pod for pod, _ in members)
        more = f" and {len(pods) - 1} more like it" if len(pods) > 1 else ""
        stops = tuple(dict.fromkeys(word for pod in pods for word in stopped_by(pod)))
        about = [e for e in snapshot.events if e.name == pods[0].name and e.reason == "NotTriggerScaleUp"]
        evidence = (members[0][1], *(from_event(event, snapshot.now) for event in about[-1:]))
        yield Unscheduled(pods, pods[0].name, whose(pods[0]) + more, str(message), evidence, stops, nodes)
    gone = {e.name: e for e in snapshot.recent("FailedScheduling") if snapshot.pod(e.name) is None}
    for event in gone.values():
        part = snapshot.part_of(event.name)
        item = from_event(event, snapshot.now)
        who = named_part(part, event.name)
        yield Unscheduled((), event.name, who, _brief(event.message), (item,), stopped(part, event.name), nodes)


def has_labels(node: Node, spec: PodSpec) -> bool:
    """Whether a node has the labels that a pod demands."""
    labels = dict(node.labels)
    return meets(labels, spec.selector) and (not spec.terms or any(meets(labels, term) for term in spec.terms))


def unmet(nodes: Iterable[Node], spec: PodSpec) -> list[Requirement]:
    """Return the demands that no node meets; all of them where each is met by some node, and together by none."""
    nodes = list(nodes)
    demands = list(spec.selector)
    if len(spec.terms) == 1:
        demands += spec.terms[0]
    alone = [demand for demand in demands if not any(meets(dict(node.labels), [demand]) for node in nodes)]
    return alone or demands or [demand for term in spec.terms for demand in term]


def untolerated(node: Node, tolerations: Iterable[Toleration]) -> list[Taint]:
    """Return the taints of a node that keep a pod with these tolerations away."""
    tolerations = list(tolerations)
    return [t for t in node.taints if t.effect in _HARD and not any(_tolerates(each, t) for each in tolerations)]


def _tolerates(toleration: Toleration, taint: Taint) -> bool:
    if toleration.effect and toleration.effect != taint.effect:
        return False
    if toleration.operator == "Exists":
        return not toleration.key or toleration.key == taint.key
    return toleration.key == taint.key and toleration.value == taint.value


def _alike(pod: Pod) -> tuple[object, ...]:
    """Return what pods that wait for the same have in common, the scheduler's words first."""
    spec = pod.spec
    asked = (spec.selector, spec.terms, spec.tolerations, spec.cpu, spec.memory_bytes, spec.devices)
    own = spec.claims if any(word in pod.scheduling for word in _VOLUME) else ()
    return (_brief(pod.scheduling), pod.part, asked, own)


def _grows(snapshot: Snapshot, pod: Pod) -> bool:
    return any(
        event.name == pod.name
        and event.reason in _GROWING
        and (event.last is None or (snapshot.now - event.last).total_seconds() < _GROWING_SECONDS)
        for event in snapshot.events
    )


def _brief(message: str) -> str:
    """Return what keeps the nodes out, without what the scheduler says of preemption."""
    return re.split(r"\.? (?:no new claims to deallocate, )?preemption:", message)[0].strip()
