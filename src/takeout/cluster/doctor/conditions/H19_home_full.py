"""A home that is full."""

from __future__ import annotations

import re
from collections.abc import Iterator

from takeout.cluster.doctor.condition import Case, Condition, Finding
from takeout.cluster.doctor.homes import home_of, said
from takeout.cluster.doctor.snapshot import Snapshot
from takeout.cluster.doctor.words import kubectl, stopped_by, whose

_FULL = re.compile(r"Disk quota exceeded|\[Errno 122\]|No space left on device|\[Errno 28\]")


def look(snapshot: Snapshot) -> Iterator[Finding]:
    """Find servers that end because nothing can be written any more."""
    for pod, evidence in said(snapshot, _FULL):
        home = home_of(pod, snapshot.facts.home)
        claim = home.claim if home else ""
        known = snapshot.claim(claim) if claim else None
        quota = "quota" in evidence.text or "122" in evidence.text
        size = known.requested if known is not None and known.requested else "of unknown size"
        mend = (
            "Raise the person's quota for one start, or delete what they can spare from another pod that mounts "
            "the home; then their server starts again."
            if quota or not claim
            else f"Make the claim larger (now {size}), where its class can grow, or delete what the person can "
            "spare from another pod that mounts it."
        )
        patch = '\'{"spec":{"resources":{"requests":{"storage":"<size>"}}}}\''
        yield Finding(
            f"Pod/{pod.name}",
            f"{whose(pod)} starts and ends: the home is full",
            mend,
            (kubectl(snapshot, f"patch persistentvolumeclaim {claim} --patch {patch}"),)
            if claim and not quota
            else (kubectl(snapshot, f"describe pod {pod.name}"),),
            evidence=(evidence,),
            stops=stopped_by(pod),
        )


_GIVEN = """
objects:
- kind: Pod
  metadata: {name: jupyter-ada, labels: {component: singleuser-server},
      annotations: {hub.jupyter.org/username: ada}}
  spec:
    containers: [{name: notebook, volumeMounts: [{name: home, mountPath: /home/jovyan}]}]
    volumes: [{name: home, persistentVolumeClaim: {claimName: claim-ada}}]
  status:
    phase: Running
    containerStatuses:
    - {name: notebook, ready: READY, state: {waiting: {reason: CrashLoopBackOff}},
        lastState: {terminated: {exitCode: 1}}}
- {kind: PersistentVolumeClaim, metadata: {name: claim-ada}, spec: {resources: {requests: {storage: 10Gi}}}}
previous: {jupyter-ada/notebook: "ERROR"}
"""

CONDITION = Condition(
    id="H19",
    title="A home is full",
    why="A Jupyter server writes into the home before it answers. Where the volume or the quota is used up it "
    "ends at "
    "once, and the person cannot even get in to delete something.",
    mend="Give the home more room, or make room from another pod.",
    source="https://github.com/2i2c-org/infrastructure/issues/6639",
    look=look,
    cases=(
        Case(
            "a volume of one's own",
            _GIVEN.replace("READY", "false").replace("ERROR", "OSError: [Errno 28] No space left on device"),
            ("Pod/jupyter-ada",),
            ("patch persistentvolumeclaim claim-ada", "now 10Gi"),
        ),
        Case(
            "a quota",
            _GIVEN.replace("READY", "false").replace(
                "ERROR", "OSError: [Errno 122] Disk quota exceeded: '/home/jovyan/.l'"
            ),
            ("Pod/jupyter-ada",),
            ("Raise the person's quota",),
        ),
        Case(
            "a server that runs in a home that is full",
            _GIVEN.replace("READY", "true").replace("ERROR", "OSError: [Errno 122] Disk quota exceeded"),
        ),
    ),
)
