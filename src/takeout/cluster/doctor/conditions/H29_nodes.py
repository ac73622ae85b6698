"""Nodes that are not well, and pods that were put out for it."""

from __future__ import annotations

from collections.abc import Iterator

from takeout.cluster.doctor.condition import Case, Condition, Evidence, Finding, from_event
from takeout.cluster.doctor.objects import Event, Node
from takeout.cluster.doctor.pods import Pod
from takeout.cluster.doctor.snapshot import Snapshot
from takeout.cluster.doctor.words import everywhere, kubectl, stopped_by, whose


def look(snapshot: Snapshot) -> Iterator[Finding]:
    """Find nodes with parts of the hub that are not ready or short of something, and pods that were put out."""
    for node in snapshot.nodes:
        if node.ready and not node.pressures:
            continue
        pods = [pod for pod in snapshot.pods if pod.node == node.name and pod.phase in ("Pending", "Running")]
        if pods or not any(other.ready for other in snapshot.nodes):
            yield _of_node(snapshot, node, [whose(pod) for pod in pods], [w for p in pods for w in stopped_by(p)])
    yield from _without_sandbox(snapshot)
    for pod in snapshot.pods:
        if pod.reason == "Evicted":
            yield Finding(
                f"Pod/{pod.name}",
                f"{whose(pod)} was put out of its node",
                "The node was short of what the message names: give servers a limit of it, or nodes more of "
                "it. What is "
                "left of the pod can be deleted.",
                (kubectl(snapshot, f"delete pod {pod.name}"),),
                evidence=(Evidence("object", f"Pod/{pod.name}", pod.message or "Evicted"),),
                stops=stopped_by(pod) if pod.part == "singleuser-server" else (),
            )


def _without_sandbox(snapshot: Snapshot) -> Iterator[Finding]:
    """Find nodes that cannot begin a pod at all: no address is left, or the runtime fails."""
    told: dict[str, tuple[Pod, Event]] = {}
    for event in snapshot.recent("FailedCreatePodSandBox"):
        pod = snapshot.pod(event.name)
        if pod is not None and pod.phase == "Pending" and pod.node:
            told[pod.node] = (pod, event)
    for node, (pod, event) in told.items():
        yield Finding(
            f"Node/{node}",
            f"the node {node} cannot begin {whose(pod)}: its network or its runtime fails",
            "The event says which: a network without addresses left needs a larger range, a runtime that fails a "
            "node made anew.",
            (everywhere(snapshot, f"describe node {node}"), kubectl(snapshot, f"describe pod {pod.name}")),
            evidence=(from_event(event, snapshot.now),),
            stops=stopped_by(pod),
        )


def _of_node(snapshot: Snapshot, node: Node, whom: list[str], stops: list[str]) -> Finding:
    what = f"is short: {', '.join(node.pressures)}" if node.ready else "is not ready"
    on_it = f", and {', '.join(whom)} {'is' if len(whom) == 1 else 'are'} on it" if whom else ""
    return Finding(
        f"Node/{node.name}",
        f"the node {node.name} {what}{on_it}",
        "Let the cloud make it anew, or mend it; pods move to another node once it is drained or gone.",
        (
            everywhere(snapshot, f"describe node {node.name}"),
            everywhere(snapshot, f"drain {node.name} --ignore-daemonsets --delete-emptydir-data"),
        ),
        evidence=(Evidence("object", f"Node/{node.name}", what),),
        stops=() if node.ready else tuple(dict.fromkeys(stops)),
        certainty="sure" if not node.ready else "likely",
    )


_GIVEN = """
objects:
- kind: Pod
  metadata: {name: hub-1, labels: {component: hub}}
  spec: {nodeName: a, containers: [{name: hub}]}
  status: {phase: Running}
- {kind: Node, metadata: {name: a}, status: {conditions: [{type: Ready, status: "READY"}]}}
- {kind: Node, metadata: {name: b}, status: {conditions: [{type: Ready, status: Unknown}]}}
- {kind: Node, metadata: {name: c}, status: {conditions: [{type: Ready, status: "True"}]}}
"""

CONDITION = Condition(
    id="H29",
    title="A node is not well",
    why="A node that no longer answers keeps its pods for five minutes, and their volumes longer; one that "
    "runs out of "
    "disk or memory puts pods out, users' servers first.",
    mend="Mend the node, or have another.",
    source="https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/",
    look=look,
    cases=(
        Case("the hub's node", _GIVEN.replace("READY", "Unknown"), ("Node/a",), ("the hub is on it", "drain a")),
        Case(
            "a server that was put out",
            """
objects:
- kind: Pod
  metadata: {name: jupyter-ada, labels: {component: singleuser-server}}
  status: {phase: Failed, reason: Evicted, message: 'The node was low on resource: ephemeral-storage.'}
""",
            ("Pod/jupyter-ada",),
            ("ephemeral-storage",),
        ),
        Case(
            "a network without addresses",
            """
objects:
- kind: Pod
  metadata: {name: hub-1, labels: {component: hub}}
  spec: {nodeName: a, containers: [{name: hub}]}
  status: {phase: Pending}
- kind: Event
  involvedObject: {kind: Pod, name: hub-1}
  reason: FailedCreatePodSandBox
  message: 'plugin type="aws-cni" failed (add): add cmd: failed to assign an IP address to container'
""",
            ("Node/a",),
            ("failed to assign an IP address",),
        ),
        Case("another node, with nothing of the hub", _GIVEN.replace("READY", "True")),
    ),
)
