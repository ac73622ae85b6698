"""A claim that pods mount."""

from __future__ import annotations

import re
from collections.abc import Iterator

from takeout.cluster.doctor.condition import Case, Condition, Finding, from_event
from takeout.cluster.doctor.needs import Lack, lacking
from takeout.cluster.doctor.snapshot import Snapshot
from takeout.cluster.doctor.words import kubectl, named_part, stopped

_KIND = "PersistentVolumeClaim"
_SAID = re.compile(r'persistentvolumeclaim "(?P<name>[^"]+)" not found')


def look(snapshot: Snapshot) -> Iterator[Finding]:
    """Find claims that pods name and that are not there."""
    lacks = {lack.name: lack for lack in lacking(snapshot, _KIND)}
    for event in snapshot.recent("FailedScheduling"):
        match = _SAID.search(event.message)
        if match is None or snapshot.has(_KIND, match["name"]) is not False:
            continue
        part = snapshot.part_of(event.name)
        lack = lacks.setdefault(match["name"], Lack(_KIND, match["name"]))
        lack.who.setdefault(named_part(part, event.name))
        lack.stops.update(dict.fromkeys(stopped(part, event.name)))
        lack.evidence.append(from_event(event, snapshot.now))
    for lack in lacks.values():
        yield Finding(
            f"{_KIND}/{lack.name}",
            f"the claim {lack.name} is not there, and {lack.waiting} for it",
            "Make the claim; a replica has it among its manifests. What is to be in it (homes that were "
            "brought along) "
            "belongs on its volume before people log in.",
            (
                kubectl(snapshot, "apply --filename manifests/"),
                kubectl(snapshot, f"get persistentvolumeclaim {lack.name}"),
            ),
            evidence=lack.told[-1:],
            stops=tuple(lack.stops),
        )


CONDITION = Condition(
    id="H03",
    title="A claim is missing",
    why="A pod that mounts a claim which is not there is never scheduled. Hubs whose homes lie on one shared "
    "volume "
    "name a claim that their former operator's chart made, and then no server of anybody starts.",
    mend="Make the claim, and put on its volume what belongs there.",
    source="https://kubernetes.io/docs/concepts/storage/persistent-volumes/#claims-as-volumes",
    look=look,
    cases=(
        Case(
            "homes of everybody",
            """
objects:
- kind: Pod
  metadata: {name: jupyter-ada, labels: {component: singleuser-server},
      annotations: {hub.jupyter.org/username: ada}}
  spec:
    containers: [{name: notebook}]
    volumes: [{name: home, persistentVolumeClaim: {claimName: home-nfs}}]
  status:
    phase: Pending
    conditions:
    - {type: PodScheduled, status: "False", message: 'persistentvolumeclaim "home-nfs" not found. preemption: no'}
""",
            ("PersistentVolumeClaim/home-nfs",),
            ("the server of ada", "not scheduled: persistentvolumeclaim"),
        ),
        Case(
            "known from the values before anybody logs in",
            """
release: {name: hub, values: {hub: {}, singleuser: {storage: {type: static, static: {pvcName: home-nfs}}}}}
""",
            ("PersistentVolumeClaim/home-nfs",),
            ("every user's server",),
        ),
        Case(
            "a pod that is gone: its events remain",
            """
objects:
- kind: Event
  involvedObject: {kind: Pod, name: jupyter-ada}
  reason: FailedScheduling
  message: 'persistentvolumeclaim "home-nfs" not found'
""",
            ("PersistentVolumeClaim/home-nfs",),
        ),
        Case(
            "it is there",
            """
objects:
- kind: PersistentVolumeClaim
  metadata: {name: home-nfs}
- kind: Event
  involvedObject: {kind: Pod, name: jupyter-ada}
  reason: FailedScheduling
  message: 'persistentvolumeclaim "home-nfs" not found'
release: {name: hub, values: {hub: {}, singleuser: {storage: {type: static, static: {pvcName: home-nfs}}}}}
""",
        ),
        Case(
            "a static claim that is not used",
            "release: {name: hub, values: {hub: {}, singleuser: {storage: {type: dynamic, static: {pvcName: "
            "x}}}}}",
        ),
    ),
)
