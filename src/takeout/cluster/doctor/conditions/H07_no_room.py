"""No node has room for a pod."""

from __future__ import annotations

import re
from collections.abc import Iterator

from takeout.cluster.doctor.condition import Case, Condition, Evidence, Finding
from takeout.cluster.doctor.objects import Node
from takeout.cluster.doctor.pods import PodSpec
from takeout.cluster.doctor.scheduling import Unscheduled, unscheduled
from takeout.cluster.doctor.snapshot import Snapshot
from takeout.cluster.doctor.words import kubectl

_GIB = 1024**3
_SHORT = re.compile(r"Insufficient (?P<what>[\w./-]*\w)|Too many pods")
_VALUES = {"hub": "hub.resources", "proxy": "proxy.chp.resources"}


def look(snapshot: Snapshot) -> Iterator[Finding]:
    """Find pods that no node has room for, now or ever."""
    for waiting in unscheduled(snapshot):
        if not waiting.of_room:
            continue
        short = sorted({match["what"] or "pods" for match in _SHORT.finditer(waiting.message)})
        candidates = waiting.tolerated if waiting.is_known else ()
        too_large = [_larger(waiting.spec, candidates, what) for what in short] if candidates else []
        for_ever = next(filter(None, too_large), "")
        if for_ever:
            message = f"{waiting.who} asks for {for_ever}"
            mend = f"Ask for less ({_where(snapshot, waiting)}), or have larger nodes."
        else:
            message = f"{waiting.who} finds no room: the nodes are short of {', '.join(short)}"
            mend = (
                "Add a node, or let the cluster's autoscaler do it (its limit may be reached); or stop what "
                "need not run, "
                f"or ask for less ({_where(snapshot, waiting)})."
            )
        yield Finding(
            waiting.subject,
            message,
            mend,
            (
                kubectl(snapshot, "describe nodes | grep -A 8 'Allocated resources'"),
                kubectl(snapshot, f"get pod {waiting.name} --output jsonpath='{{.spec.containers[*].resources}}'"),
            ),
            evidence=(*waiting.evidence, *(_offers(node) for node in _largest(candidates))),
            stops=waiting.stops,
            certainty="sure" if for_ever or not waiting.of_volumes else "likely",
        )


def _larger(spec: PodSpec, nodes: tuple[Node, ...], what: str) -> str:
    """Return by what the pod is larger than every node; empty where some node is large enough when it is empty."""
    match what:
        case "cpu":
            most = max(node.cpu for node in nodes)
            return f"{spec.cpu:g} cores, and the largest node has {most:g}" if most and spec.cpu > most else ""
        case "memory":
            memory = max(node.memory_bytes for node in nodes)
            if not memory or spec.memory_bytes <= memory:
                return ""
            return f"{_gib(spec.memory_bytes)} of memory, and the largest node has {_gib(memory)}"
    wanted = dict(spec.devices).get(what, 0)
    most = max(dict(node.devices).get(what, 0) for node in nodes)
    return f"{wanted:g} {what}, and no node has more than {most:g}" if wanted > most else ""


def _where(snapshot: Snapshot, waiting: Unscheduled) -> str:
    part = waiting.pods[0].part if waiting.pods else snapshot.part_of(waiting.name)
    if part == "singleuser-server":
        names = ("singleuser.memory.guarantee", "singleuser.cpu.guarantee")
        return f"`{snapshot.facts.key(names[0])}`, `{snapshot.facts.key(names[1])}`, or the profile's own"
    return f"`{snapshot.facts.key(_VALUES.get(part, 'resources'))}`"


def _largest(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    return tuple(sorted(nodes, key=lambda node: (node.memory_bytes, node.cpu))[-1:])


def _offers(node: Node) -> Evidence:
    devices = "".join(f", {number:g} {name}" for name, number in node.devices if number)
    return Evidence(
        "object", f"Node/{node.name}", f"offers {node.cpu:g} cores, {_gib(node.memory_bytes)}{devices}"
    )


def _gib(size_bytes: int) -> str:
    return f"{size_bytes / _GIB:.3g} GiB"


_POD = """
- kind: Pod
  metadata: {name: jupyter-ada, labels: {component: singleuser-server},
      annotations: {hub.jupyter.org/username: ada}}
  spec: {containers: [{name: notebook, resources: {requests: {cpu: CPU, memory: 2Gi}}}]}
  status:
    phase: Pending
    conditions:
    - {type: PodScheduled, status: "False",
        message: '0/1 nodes are available: 1 Insufficient cpu. preemption: none'}
"""
_NODE = """
- {kind: Node, metadata: {name: a}, status: {allocatable: {cpu: "4", memory: 16Gi}}}
"""

CONDITION = Condition(
    id="H07",
    title="No node has room",
    why="A pod goes to a node that has as much to give as the pod is guaranteed, and waits where there is none. A "
    "profile that is larger than every node waits for ever, also where an autoscaler adds nodes of the same size.",
    mend="Add nodes or larger ones, or guarantee less.",
    source="https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#troubleshooting",
    look=look,
    cases=(
        Case(
            "larger than any node",
            "objects:" + _POD.replace("CPU", '"8"') + _NODE,
            ("Pod/jupyter-ada",),
            ("asks for 8 cores, and the largest node has 4", "singleuser.cpu.guarantee"),
        ),
        Case(
            "full at the moment",
            "objects:" + _POD.replace("CPU", '"2"') + _NODE,
            ("Pod/jupyter-ada",),
            ("finds no room: the nodes are short of cpu", "offers 4 cores, 16 GiB"),
        ),
        Case(
            "no device",
            "objects:"
            + _POD.replace("CPU", "1, nvidia.com/gpu: 1").replace(
                "Insufficient cpu", "Insufficient nvidia.com/gpu"
            )
            + _NODE,
            ("Pod/jupyter-ada",),
            ("1 nvidia.com/gpu, and no node has more than 0",),
        ),
        Case(
            "nodes could not be read", "unread: [nodes]\nobjects:" + _POD.replace("CPU", "2"), ("Pod/jupyter-ada",)
        ),
        Case(
            "a node is on its way",
            "objects:"
            + _POD.replace("CPU", "2")
            + _NODE
            + """
- kind: Event
  involvedObject: {kind: Pod, name: jupyter-ada}
  reason: TriggeredScaleUp
  message: 'pod triggered scale-up: [{pool 1->2 (max: 10)}]'
""",
        ),
        Case("scheduled", "objects:" + _POD.replace("CPU", "2").replace("Pending", "Running") + _NODE),
    ),
)
