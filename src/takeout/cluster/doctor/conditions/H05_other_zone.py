"""A volume that lies where the pod's nodes are not."""

from __future__ import annotations

from collections.abc import Iterator

from takeout.cluster.doctor.condition import Case, Condition, Evidence, Finding
from takeout.cluster.doctor.objects import Volume
from takeout.cluster.doctor.peers import meets
from takeout.cluster.doctor.scheduling import Unscheduled, has_labels, unscheduled
from takeout.cluster.doctor.snapshot import Snapshot
from takeout.cluster.doctor.words import kubectl

_ZONES = ("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone")


def look(snapshot: Snapshot) -> Iterator[Finding]:
    """Find pods that no node takes because of a volume's place."""
    for waiting in unscheduled(snapshot):
        if not waiting.of_volumes:
            continue
        volume, claim = _volume(snapshot, waiting)
        if volume is None:
            yield _unnamed(snapshot, waiting)
            continue
        places = [str(requirement) for term in volume.terms for requirement in term]
        there = [n for n in snapshot.nodes if any(meets(dict(n.labels), term) for term in volume.terms)]
        yield Finding(
            waiting.subject,
            f"{waiting.who} cannot be scheduled: the volume of the claim {claim} lies at {', '.join(places)}, "
            "and no "
            "node that the pod may use is there",
            _mend(volume, [node.name for node in there]),
            (
                kubectl(snapshot, "get nodes --label-columns topology.kubernetes.io/zone"),
                kubectl(snapshot, f"describe persistentvolume {volume.name}"),
            ),
            evidence=(
                *waiting.evidence,
                Evidence("object", f"PersistentVolume/{volume.name}", f"only for nodes with {', '.join(places)}"),
                Evidence("object", "Nodes", _zones(snapshot, volume)),
            ),
            stops=waiting.stops,
        )


def _mend(volume: Volume, there: list[str]) -> str:
    if there:
        return (
            f"Nodes are there ({', '.join(there[:3])}), but without the labels, the room or the toleration "
            "that the pod "
            "needs: give that zone a node of the kind that the pod wants. Or, if the volume is empty, delete "
            "claim and "
            "pod, and the volume is made anew where the pod goes."
        )
    return (
        "Add a node in the volume's zone; or copy the data to a volume elsewhere (a snapshot can be restored into "
        f"another zone), or, if it is empty, delete the claim of {volume.name} and the pod: both are made anew "
        "together. "
        "A storage class with `volumeBindingMode: WaitForFirstConsumer` keeps it from coming back."
    )


def _unnamed(snapshot: Snapshot, waiting: Unscheduled) -> Finding:
    return Finding(
        waiting.subject,
        f"{waiting.who} cannot be scheduled: a volume lies in a zone where the pod may not go",
        "See in which zone the volume is, and where the nodes are; add a node there, or move the data.",
        (
            kubectl(snapshot, f"describe pod {waiting.name}"),
            kubectl(snapshot, "get nodes --label-columns topology.kubernetes.io/zone"),
        ),
        evidence=waiting.evidence,
        stops=waiting.stops,
    )


def _volume(snapshot: Snapshot, waiting: Unscheduled) -> tuple[Volume | None, str]:
    """Return the volume that none of the pod's nodes can use, and its claim."""
    volumes = {volume.name: volume for volume in snapshot.volumes}
    usable = [node for node in snapshot.nodes if has_labels(node, waiting.spec)]
    for name in waiting.spec.claims:
        claim = snapshot.claim(name)
        volume = volumes.get(claim.volume) if claim is not None else None
        if volume is None or not volume.terms:
            continue
        if not any(meets(dict(node.labels), term) for node in usable for term in volume.terms):
            return volume, name
    placed = [n for n in waiting.spec.claims if (c := snapshot.claim(n)) and c.volume in volumes]
    with_terms = [(volumes[c.volume], n) for n in placed if (c := snapshot.claim(n)) and volumes[c.volume].terms]
    return next(iter(with_terms), (None, ""))


def _zones(snapshot: Snapshot, volume: Volume) -> str:
    """Return what the nodes have for the labels that the volume asks for."""
    keys = [requirement.key for term in volume.terms for requirement in term]
    wanted = [key for key in keys if key in _ZONES] or keys
    found = {dict(node.labels).get(key, "none") for node in snapshot.nodes for key in wanted[:1]}
    return f"{wanted[0] if wanted else 'no label'} of the nodes: {', '.join(sorted(found)) or 'no nodes'}"


_GIVEN = """
objects:
- kind: Pod
  metadata: {name: hub-1, labels: {component: hub}}
  spec: {containers: [{name: hub}], volumes: [{name: pvc, persistentVolumeClaim: {claimName: hub-db-dir}}]}
  status:
    phase: Pending
    conditions:
    - type: PodScheduled
      status: "False"
      message: "0/1 nodes are available: 1 node(s) didn't match PersistentVolume's node affinity. preemption: 0/1"
- {kind: PersistentVolumeClaim, metadata: {name: hub-db-dir}, spec: {volumeName: pv-1}, status: {phase: Bound}}
- kind: PersistentVolume
  metadata: {name: pv-1}
  spec:
    claimRef: {namespace: hub, name: hub-db-dir}
    nodeAffinity:
      required:
        nodeSelectorTerms:
        - matchExpressions: [{key: topology.kubernetes.io/zone, operator: In, values: [us-east-2a]}]
- {kind: Node, metadata: {name: a, labels: {topology.kubernetes.io/zone: ZONE}}}
"""

CONDITION = Condition(
    id="H05",
    title="A volume lies in another zone",
    why="A cloud's disks belong to one zone, and a pod follows its disk. Where the nodes of that zone are "
    "gone, or the "
    "cluster was made anew in another one, the hub or the server of whoever has such a home is never scheduled.",
    mend="Have a node in the volume's zone, or move the data to where the nodes are.",
    source="https://github.com/jupyterhub/zero-to-jupyterhub-k8s/issues/3263",
    look=look,
    cases=(
        Case(
            "the hub's database",
            _GIVEN.replace("ZONE", "us-east-2b"),
            ("Pod/hub-1",),
            ("lies at topology.kubernetes.io/zone=us-east-2a", "of the nodes: us-east-2b", "WaitForFirstConsumer"),
        ),
        Case(
            "nodes and volumes could not be read: the older words",
            """
objects:
- kind: Event
  involvedObject: {kind: Pod, name: jupyter-ada}
  reason: FailedScheduling
  message: '0/2 nodes are available: 2 node(s) had volume node affinity conflict.'
unread: [nodes, volumes]
""",
            ("Pod/jupyter-ada",),
            ("the server of ada",),
        ),
        Case(
            "scheduled since",
            _GIVEN.replace("ZONE", "us-east-2a")
            .replace("phase: Pending", "phase: Running")
            .split("    conditions:")[0]
            + "\n",
        ),
    ),
)
