"""A container that took more memory than it may."""

from __future__ import annotations

from collections.abc import Iterator

from takeout.cluster.doctor.condition import Case, Condition, Evidence, Finding, ago
from takeout.cluster.doctor.snapshot import Snapshot
from takeout.cluster.doctor.words import kubectl, stopped_by, whose

_VALUES = {"hub": "hub.resources.limits.memory", "proxy": "proxy.chp.resources.limits.memory"}
_RECENT_SECONDS = 86400


def look(snapshot: Snapshot) -> Iterator[Finding]:
    """Find containers that the kernel ended for their memory, within the last day."""
    for pod in snapshot.pods:
        for container in pod.spec.containers:
            ended = next((e for e in (container.ended, container.last) if e and e.reason == "OOMKilled"), None)
            if ended is None:
                continue
            if ended.at is not None and (snapshot.now - ended.at).total_seconds() > _RECENT_SECONDS:
                continue
            is_server = pod.part == "singleuser-server"
            key = snapshot.facts.key(
                "singleuser.memory.limit" if is_server else _VALUES.get(pod.part, "resources")
            )
            limit = container.memory_limit
            yield Finding(
                f"Pod/{pod.name}",
                f"{whose(pod)} was ended: it took more memory than its limit{f' of {limit}' if limit else ''}",
                f"Raise the limit (`{key}`{', or the profile has more' if is_server else ''}), or let less be "
                "done at a time.",
                (kubectl(snapshot, f"describe pod {pod.name}"),),
                evidence=(
                    Evidence(
                        "object",
                        f"Pod/{pod.name}",
                        f"the container {container.name} ended: OOMKilled, {container.restarts} restarts"
                        + ago(ended.at, snapshot.now),
                    ),
                ),
                stops=() if container.ready else stopped_by(pod),
            )


_GIVEN = """
objects:
- kind: Pod
  metadata: {name: hub-1, labels: {component: hub}}
  spec: {containers: [{name: hub, resources: {limits: {memory: 256Mi}}}]}
  status:
    containerStatuses:
    - name: hub
      ready: true
      restartCount: 4
      lastState: {terminated: {reason: REASON, exitCode: 137, finishedAt: '2026-08-21T11:30:00Z'}}
"""

CONDITION = Condition(
    id="H25",
    title="A container ran out of memory",
    why="A container that takes more than its limit is ended at once. A hub with many users starts again and "
    "again; "
    "a person loses the kernel, or the whole server, without a word.",
    mend="Raise the limit, or do less at a time.",
    source="https://kubernetes.io/docs/tasks/configure-pod-container/assign-memory-resource/",
    look=look,
    cases=(
        Case(
            "the hub", _GIVEN.replace("REASON", "OOMKilled"), ("Pod/hub-1",), ("limit of 256Mi", "30 minutes ago")
        ),
        Case("an end of another kind", _GIVEN.replace("REASON", "Error")),
        Case("a week ago", _GIVEN.replace("REASON", "OOMKilled").replace("2026-08-21", "2026-08-14")),
    ),
)
