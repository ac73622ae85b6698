"""No node has the labels that a pod demands."""

from __future__ import annotations

from collections.abc import Iterator

from takeout.cluster.doctor.condition import Case, Condition, Evidence, Finding
from takeout.cluster.doctor.pods import Requirement
from takeout.cluster.doctor.scheduling import Unscheduled, unmet, unscheduled
from takeout.cluster.doctor.snapshot import Snapshot
from takeout.cluster.doctor.words import kubectl

_PURPOSE = "hub.jupyter.org/node-purpose"
_NAMES_OF_MACHINES = ("node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type")


def look(snapshot: Snapshot) -> Iterator[Finding]:
    """Find pods whose node selector or affinity no node fulfils."""
    for waiting in unscheduled(snapshot):
        if not waiting.of_labels or waiting.of_volumes:
            continue
        demands = unmet(waiting.nodes or (), waiting.spec) if waiting.is_known else []
        wanted = ", ".join(str(demand) for demand in demands)
        yield Finding(
            waiting.subject,
            f"{waiting.who} wants a node with {wanted or 'labels that no node has'}, and there is none",
            _mend(snapshot, waiting, demands),
            tuple(kubectl(snapshot, f"label node <node> {d.key}={d.values[0]}") for d in demands if _can_be_set(d))
            or (kubectl(snapshot, "get nodes --show-labels"),),
            evidence=(*waiting.evidence, *_labels(waiting, demands)),
            stops=waiting.stops,
        )


def _mend(snapshot: Snapshot, waiting: Unscheduled, demands: list[Requirement]) -> str:
    keys = {demand.key for demand in demands}
    part = waiting.pods[0].part if waiting.pods else snapshot.part_of(waiting.name)
    key = snapshot.facts.key
    if _PURPOSE in keys:
        place = "scheduling.userPods" if part == "singleuser-server" else "scheduling.corePods"
        return (
            f"Label the nodes that are meant, or set `{key(place + '.nodeAffinity.matchNodePurpose')}` to "
            "`prefer`, and "
            "any node will do."
        )
    if keys & set(_NAMES_OF_MACHINES):
        return (
            "The machine's name is another cloud's or another region's: name one that the cluster has, in the "
            "profile "
            f"(`{key('singleuser.profileList')}`) or in `{key('singleuser.nodeSelector')}`; `kubectl get nodes "
            "--label-columns node.kubernetes.io/instance-type` shows them."
        )
    place = "singleuser.nodeSelector" if part == "singleuser-server" else f"{part}.nodeSelector"
    return (
        f"Label the nodes that are meant, or take the demand out of the values (`{key(place)}`, or an affinity)."
    )


def _can_be_set(demand: Requirement) -> bool:
    """Whether a label may be put on a node by hand: what its cloud says of it may not."""
    is_own = demand.key not in _NAMES_OF_MACHINES and "topology.kubernetes.io" not in demand.key
    return demand.operator == "In" and len(demand.values) == 1 and is_own


def _labels(waiting: Unscheduled, demands: list[Requirement]) -> tuple[Evidence, ...]:
    found = []
    for key in dict.fromkeys(demand.key for demand in demands):
        values = sorted({dict(node.labels).get(key, "") for node in waiting.nodes or ()} - {""})
        says = f"{key} of the nodes: {', '.join(values)}" if values else f"no node has the label {key}"
        found.append(Evidence("object", "Nodes", says))
    return tuple(found)


_GIVEN = """
objects:
- kind: Pod
  metadata: {name: hub-1, labels: {component: hub}}
  spec:
    containers: [{name: hub}]
    affinity:
      nodeAffinity:
        requiredDuringSchedulingIgnoredDuringExecution:
          nodeSelectorTerms:
          - matchExpressions: [{key: hub.jupyter.org/node-purpose, operator: In, values: [core]}]
  status:
    phase: Pending
    conditions:
    - type: PodScheduled
      status: "False"
      message: "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. preemption:
          0/1 nodes"
"""

CONDITION = Condition(
    id="H08",
    title="No node has the labels that are demanded",
    why="Hubs of larger operators demand nodes of a purpose, of an instance type or of the hub's own name. A "
    "cluster "
    "that labels its nodes otherwise has no node for them, however much room there is.",
    mend="Label the nodes, or take the demand out.",
    source="https://z2jh.jupyter.org/en/stable/administrator/optimization.html",
    look=look,
    cases=(
        Case(
            "nodes without a purpose",
            _GIVEN + "- {kind: Node, metadata: {name: a, labels: {zone: b}}}\n",
            ("Pod/hub-1",),
            (
                "scheduling.corePods.nodeAffinity.matchNodePurpose",
                "label node <node> hub.jupyter.org/node-purpose=core",
            ),
        ),
        Case(
            "a machine of another cloud",
            """
objects:
- kind: Pod
  metadata: {name: jupyter-ada, labels: {component: singleuser-server}}
  spec: {containers: [{name: notebook}], nodeSelector: {node.kubernetes.io/instance-type: r5.xlarge}}
  status:
    phase: Pending
    conditions:
    - {type: PodScheduled, status: "False",
        message: "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."}
- {kind: Node, metadata: {name: a, labels: {node.kubernetes.io/instance-type: n2-highmem-4}}}
""",
            ("Pod/jupyter-ada",),
            ("node.kubernetes.io/instance-type=r5.xlarge", "of the nodes: n2-highmem-4", "singleuser.profileList"),
        ),
        Case("nodes could not be read", "unread: [nodes]" + _GIVEN, ("Pod/hub-1",)),
        Case(
            "a node has the label, and no room",
            _GIVEN.replace("1 node(s) didn't match Pod's node affinity/selector", "1 Insufficient cpu")
            + "- {kind: Node, metadata: {name: a, labels: {hub.jupyter.org/node-purpose: core}}}\n",
        ),
    ),
)
