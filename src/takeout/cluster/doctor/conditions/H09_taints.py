"""Every node that would do has a taint."""

from __future__ import annotations

from collections.abc import Iterator

from takeout.cluster.doctor.condition import Case, Condition, Evidence, Finding
from takeout.cluster.doctor.objects import Taint
from takeout.cluster.doctor.scheduling import Unscheduled, unscheduled
from takeout.cluster.doctor.snapshot import Snapshot
from takeout.cluster.doctor.words import kubectl

_VALUES = {
    "singleuser-server": "singleuser.extraTolerations",
    "hub": "hub.tolerations",
    "proxy": "proxy.chp.tolerations",
    "autohttps": "proxy.traefik.tolerations",
    "user-scheduler": "scheduling.userScheduler.tolerations",
}


def look(snapshot: Snapshot) -> Iterator[Finding]:
    """Find pods that a taint keeps off every node."""
    for waiting in unscheduled(snapshot):
        if not waiting.of_taints:
            continue
        taints = list(waiting.taints)
        part = waiting.pods[0].part if waiting.pods else snapshot.part_of(waiting.name)
        path = snapshot.facts.key(_VALUES.get(part, "scheduling.corePods.tolerations"))
        named = ", ".join(str(taint) for taint in taints)
        yield Finding(
            waiting.subject,
            f"{waiting.who} does not tolerate the taint{'s' if len(taints) > 1 else ''} "
            f"{named or 'of the nodes'}, and every node that would do has one",
            f"Put up with the taint in `{path}`, if the nodes are meant for this; or take it off a node that is.",
            tuple(kubectl(snapshot, f"taint node {_bearer(waiting, taint)} {taint}-") for taint in taints)
            or (kubectl(snapshot, "describe nodes | grep -A 2 Taints"),),
            values=((path, [_toleration(taint) for taint in taints]),) if taints else (),
            evidence=(*waiting.evidence, *_bearers(waiting)),
            stops=waiting.stops,
        )


def _toleration(taint: Taint) -> dict[str, str]:
    if taint.value:
        return {"key": taint.key, "operator": "Equal", "value": taint.value, "effect": taint.effect}
    return {"key": taint.key, "operator": "Exists", "effect": taint.effect}


def _bearer(waiting: Unscheduled, taint: Taint) -> str:
    return next((node.name for node in waiting.matching if taint in node.taints), "<node>")


def _bearers(waiting: Unscheduled) -> tuple[Evidence, ...]:
    return tuple(
        Evidence("object", f"Node/{node.name}", f"has {', '.join(str(taint) for taint in node.taints)}")
        for node in waiting.matching[:3]
    )


_POD = """
objects:
- kind: Pod
  metadata: {name: jupyter-ada, labels: {component: singleuser-server},
      annotations: {hub.jupyter.org/username: ada}}
  spec: {containers: [{name: notebook}]TOLERATES}
  status:
    phase: Pending
    conditions:
    - {type: PodScheduled, status: "False",
        message: '0/1 nodes are available: 1 node(s) had untolerated taint(s).'}
- kind: Node
  metadata: {name: gpu-1}
  spec: {taints: [{key: nvidia.com/gpu, value: present, effect: NoSchedule}]}
"""

CONDITION = Condition(
    id="H09",
    title="Nodes have a taint that the pod does not tolerate",
    why="A taint keeps pods off a node that it is not meant for: GPU nodes, spot nodes, the control plane. "
    "Where all "
    "nodes have one and the pod tolerates none, it waits for ever.",
    mend="Tolerate the taint, or take it off.",
    source="https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/",
    look=look,
    cases=(
        Case(
            "a pool of GPU nodes",
            _POD.replace("TOLERATES", ""),
            ("Pod/jupyter-ada",),
            (
                "nvidia.com/gpu=present:NoSchedule",
                "singleuser.extraTolerations",
                "taint node gpu-1 nvidia.com/gpu=present",
            ),
        ),
        Case(
            "nodes could not be read: the older words",
            "unread: [nodes]"
            + _POD.replace("TOLERATES", "").replace(
                "untolerated taint(s).", "untolerated taint {nvidia.com/gpu: present}. preemption: 0/1 nodes"
            ),
            ("Pod/jupyter-ada",),
        ),
        Case("tolerated", _POD.replace("TOLERATES", ", tolerations: [{key: nvidia.com/gpu, operator: Exists}]")),
        Case(
            "a node that only starts",
            _POD.replace("TOLERATES", "")
            .replace("nvidia.com/gpu, value: present", "node.kubernetes.io/not-ready")
            .replace("gpu-1", "new"),
        ),
    ),
)
