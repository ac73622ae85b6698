"""A server that the hub cannot even ask for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from takeout.cluster.doctor.condition import Case, Condition, Finding, from_event, from_log
from takeout.cluster.doctor.snapshot import Snapshot
from takeout.cluster.doctor.words import kubectl, named_part, stopped

_STARTING = re.compile(r"(?:Unhandled error|Error) starting (?P<user>[^\]]+?)'s server: (?P<error>.*)")
_CAME = re.compile(r"User (?P<user>\S+?)(?::\S*)? took [\d.]+ seconds to start")
_MOST_LINES = 60
"""How far below the hub's line the reason may stand: a traceback is in between."""


@dataclass(frozen=True, slots=True)
class _Refusal:
    """What the cluster's words mean, and the mend."""

    words: re.Pattern[str]
    what: str
    mend: str
    command: str


_REFUSALS = (
    _Refusal(
        re.compile(r"exceeded quota: (?P<name>[\w.-]+)[^\"\\]*"),
        "the namespace's quota is used up",
        "Raise the quota, or let servers ask for less.",
        "describe resourcequota {name}",
    ),
    _Refusal(
        re.compile(r"violates PodSecurity \\?\"(?P<name>[\w.:-]+)\\?\"[^\"\\]*"),
        "the namespace's security level does not admit the pod",
        "Servers of the chart need `singleuser.cloudMetadata.blockWithIptables: false` at the level "
        "`baseline`: its "
        "container that blocks the cloud's metadata is privileged. Or lower the level of the namespace.",
        "get namespace {namespace} --show-labels",
    ),
    _Refusal(
        re.compile(r"(?:maximum|minimum) (?:cpu|memory)[^\"\\]*|must specify limits[^\"\\]*|failed quota[^\"\\]*"),
        "the namespace's limits do not admit the pod",
        "Let servers ask for what the limits admit, or change the limits.",
        "describe limitrange,resourcequota",
    ),
    _Refusal(
        re.compile(r"admission webhook \\?\"(?P<name>[^\"\\]+)\\?\" denied the request[^\"\\]*"),
        "a policy of the cluster does not admit the pod",
        "The policy's owner, the cluster's administrators, say what has to change.",
        "get events --field-selector reason=FailedCreate",
    ),
    _Refusal(
        re.compile(r"cannot (?:create|get|list|watch) resource \\?\"\w+\\?\"[^\"\\]*"),
        "the hub lacks the rights to make pods",
        "The chart gives the hub its rights (`rbac.create`): upgrade the release with that on.",
        "auth can-i create pods --as system:serviceaccount:{namespace}:hub",
    ),
)


def look(snapshot: Snapshot) -> Iterator[Finding]:
    """Find pods that were refused, and starts that an error ended."""
    yield from _of_workloads(snapshot)
    lines = list(snapshot.lines("hub"))
    last: dict[str, int] = {}
    for index, (_, line) in enumerate(lines):
        if match := _STARTING.search(line):
            last[match["user"]] = index
        elif match := _CAME.search(line):
            last.pop(match["user"], None)
    for user, index in last.items():
        place, line = lines[index]
        following = [text for _, text in lines[index : index + _MOST_LINES]]
        if any("error looking up service account" in text for text in following):
            continue
        refusal, said = _refused("\n".join(following))
        error = _STARTING.search(line)
        yield Finding(
            f"User/{user.replace(' ', '_')}",
            f"the server of {user} is not made: "
            f"{refusal.what if refusal else error['error'] if error else 'an error'}",
            refusal.mend
            if refusal
            else "What `hub.extraConfig`, a profile or the login hands over raises this: the hub's log has "
            "the lines below, "
            "and `takeout hub try DIR --show-pod` shows a replica's pod without a cluster.",
            (_command(snapshot, refusal, said),),
            evidence=(from_log(place, line), *((from_log(place, said[0]),) if said else ())),
            stops=(f"user/{user}",),
            follows=("hub",),
        )


def _of_workloads(snapshot: Snapshot) -> Iterator[Finding]:
    """Find what the cluster refuses of the hub's own parts."""
    seen = set()
    for event in snapshot.events:
        if event.reason != "FailedCreate" or event.name in seen:
            continue
        refusal, said = _refused(event.message)
        owners = [w for w in snapshot.workloads if event.name.startswith(w.name) and w.ready < w.wanted]
        if refusal is None or not owners:
            continue
        seen.add(event.name)
        part = owners[0].part
        yield Finding(
            f"{event.kind}/{event.name}",
            f"the pod of {named_part(part, owners[0].name)} is not made: {refusal.what}",
            refusal.mend,
            (_command(snapshot, refusal, said),),
            evidence=(from_event(event, snapshot.now),),
            stops=stopped(part),
        )


def _refused(text: str) -> tuple[_Refusal | None, re.Match[str] | None]:
    for refusal in _REFUSALS:
        if match := refusal.words.search(text):
            return refusal, match
    return None, None


def _command(snapshot: Snapshot, refusal: _Refusal | None, said: re.Match[str] | None) -> str:
    if refusal is None or said is None:
        return kubectl(snapshot, "logs deployment/hub --tail 200")
    named = said.groupdict().get("name", "")
    return kubectl(snapshot, refusal.command.format(name=named, namespace=snapshot.namespace))


_HUB = """
objects:
- {kind: Pod, metadata: {name: hub-1, labels: {component: hub}}, spec: {containers: [{name: hub}]}}
logs:
  hub-1/hub: |
    [E 2026-08-21 11:54:02 JupyterHub user:1] Unhandled error starting ada's server: ERROR
        Traceback (most recent call last):
    BELOW
"""

CONDITION = Condition(
    id="H24",
    title="A server is refused before it is there",
    why="The hub asks the cluster for a pod and is refused: a quota, a security level, a policy, rights that "
    "it lacks. "
    "Or its own configuration raises when it puts the pod together. No pod appears, and no event tells of it.",
    mend="Change what refuses, or ask for what it admits.",
    source="https://kubernetes.io/docs/concepts/policy/resource-quotas/",
    look=look,
    cases=(
        Case(
            "a quota",
            _HUB.replace("ERROR", "(403)").replace(
                "BELOW",
                'HTTP response body: {"message":"pods is forbidden: exceeded quota: team, requested: cpu=2"}',
            ),
            ("User/ada",),
            ("the namespace's quota is used up", "describe resourcequota team", "requested: cpu=2"),
        ),
        Case(
            "a snippet that raises when a pod is put together",
            _HUB.replace("ERROR", "'NoneType' object has no attribute 'get'").replace("BELOW", ""),
            ("User/ada",),
            ("has no attribute 'get'", "--show-pod"),
        ),
        Case(
            "a security level, for the hub itself",
            """
objects:
- kind: Deployment
  metadata: {name: hub}
  spec: {replicas: 1, template: {metadata: {labels: {component: hub}}, spec: {containers: [{name: hub}]}}}
- kind: Event
  involvedObject: {kind: ReplicaSet, name: hub-7d}
  reason: FailedCreate
  message: 'pods "hub-7d-x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true'
""",
            ("ReplicaSet/hub-7d",),
            ("the namespace's security level",),
        ),
        Case(
            "the next start went well",
            _HUB.replace("ERROR", "(403)").replace("BELOW", "[I] User ada took 3.141 seconds to start"),
        ),
    ),
)
