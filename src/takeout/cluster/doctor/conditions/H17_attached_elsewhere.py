"""A volume that another node or pod holds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from takeout.cluster.doctor.condition import Case, Condition, Evidence, Finding, from_event
from takeout.cluster.doctor.pods import Pod
from takeout.cluster.doctor.snapshot import Snapshot
from takeout.cluster.doctor.words import everywhere, kubectl, stopped_by, whose

_VOLUME = re.compile(r'Multi-Attach error for volume "(?P<volume>[^"]+)"')
_ALONE = "ReadWriteOncePod access mode already in-use"


def look(snapshot: Snapshot) -> Iterator[Finding]:
    """Find pods whose volume is attached to another node, or taken by another pod."""
    for pod in snapshot.pods:
        if pod.phase != "Pending" or pod.deleted:
            continue
        told = [e for e in snapshot.events if e.name == pod.name and e.reason == "FailedAttachVolume"]
        attached = [from_event(e, snapshot.now) for e in told if "Multi-Attach" in e.message]
        if attached:
            volumes = {m["volume"] for e in told if (m := _VOLUME.search(e.message))}
            yield _finding(snapshot, pod, tuple(attached[-1:]), volumes)
        elif _ALONE in pod.scheduling:
            evidence = Evidence("object", f"Pod/{pod.name}", f"not scheduled: {pod.scheduling}")
            yield _finding(snapshot, pod, (evidence,), set())


def _finding(snapshot: Snapshot, pod: Pod, evidence: tuple[Evidence, ...], volumes: set[str]) -> Finding:
    claims = [c for c in pod.spec.claims if (k := snapshot.claim(c)) and (not volumes or k.volume in volumes)]
    holders = [p for p in snapshot.pods if p.name != pod.name and set(claims) & set(p.spec.claims)]
    evidence += tuple(
        Evidence(
            "object",
            f"Pod/{p.name}",
            f"holds it on the node {p.node or '?'}{' and is ending' if p.deleted else ''}",
        )
        for p in holders
    )
    name = next(iter(claims), next(iter(volumes), "of it"))
    dead = {node.name for node in snapshot.nodes if not node.ready}
    force = any(p.node in dead for p in holders)
    commands = tuple(
        kubectl(snapshot, f"delete pod {p.name}" + (" --grace-period=0 --force" if p.node in dead else ""))
        for p in holders
    )
    gone = (
        "" if holders else " Nobody in the namespace holds it any more: the cloud has yet to take it off the node."
    )
    return Finding(
        f"PersistentVolumeClaim/{name}" if claims else f"Pod/{pod.name}",
        f"the volume {name} of {whose(pod)} is held elsewhere",
        "A disk is on one node at a time. End the pod that holds it; if that one's node is dead, say so to the "
        "cluster."
        f"{gone} For the hub, `hub.deploymentStrategy.type` has to be `Recreate`."
        + (" The node of the pod that holds it is not ready: it may be ended by force." if force else ""),
        commands or (everywhere(snapshot, "get volumeattachments"),),
        evidence=evidence,
        stops=stopped_by(pod),
    )


_GIVEN = """
objects:
- kind: Pod
  metadata: {name: hub-2, labels: {component: hub}}
  spec: {containers: [{name: hub}], volumes: [{name: pvc, persistentVolumeClaim: {claimName: hub-db-dir}}]}
  status: {phase: Pending}
- {kind: PersistentVolumeClaim, metadata: {name: hub-db-dir}, spec: {volumeName: pvc-1}, status: {phase: Bound}}
- kind: Event
  involvedObject: {kind: Pod, name: hub-2}
  reason: FailedAttachVolume
  message: 'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) hub-1'
"""
_OLD = """
- kind: Pod
  metadata: {name: hub-1, labels: {component: hub}, deletionTimestamp: '2026-08-21T11:50:00Z'}
  spec:
    nodeName: a
    containers: [{name: hub}]
    volumes: [{name: pvc, persistentVolumeClaim: {claimName: hub-db-dir}}]
  status: {phase: Running}
- {kind: Node, metadata: {name: a}, status: {conditions: [{type: Ready, status: Unknown}]}}
"""

CONDITION = Condition(
    id="H17",
    title="A volume is attached elsewhere",
    why="A disk is attached to one node at a time. A pod that moves to another node waits until the former "
    "one has let "
    "go; where that node died, or the former pod does not end, it waits for ever.",
    mend="End the pod that holds the volume.",
    source="https://github.com/jupyterhub/zero-to-jupyterhub-k8s/issues/2981",
    look=look,
    cases=(
        Case(
            "the former hub's node is dead",
            _GIVEN + _OLD,
            ("PersistentVolumeClaim/hub-db-dir",),
            ("delete pod hub-1 --grace-period=0 --force", "holds it on the node a and is ending"),
        ),
        Case(
            "nobody holds it any more", _GIVEN, ("PersistentVolumeClaim/hub-db-dir",), ("get volumeattachments",)
        ),
        Case(
            "a volume for one pod alone",
            """
objects:
- kind: Pod
  metadata: {name: hub-2, labels: {component: hub}}
  spec: {containers: [{name: hub}], volumes: [{name: pvc, persistentVolumeClaim: {claimName: hub-db-dir}}]}
  status:
    phase: Pending
    conditions:
    - type: PodScheduled
      status: "False"
      message: "0/1 nodes are available: 1 node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod
        access mode already in-use by another pod."
- {kind: PersistentVolumeClaim, metadata: {name: hub-db-dir}, status: {phase: Bound}}
- kind: Pod
  metadata: {name: copy}
  spec: {containers: [{name: a}], volumes: [{name: b, persistentVolumeClaim: {claimName: hub-db-dir}}]}
""",
            ("PersistentVolumeClaim/hub-db-dir",),
            ("delete pod copy",),
        ),
        Case("attached since", (_GIVEN + _OLD).replace("phase: Pending", "phase: Running")),
    ),
)
