"""A service account that pods are to run as."""

from __future__ import annotations

import re
from collections.abc import Iterator

from takeout.cluster.doctor.condition import Case, Condition, Evidence, Finding, from_event, from_log
from takeout.cluster.doctor.needs import EVERYBODY, Lack, lacking
from takeout.cluster.doctor.snapshot import Snapshot
from takeout.cluster.doctor.words import kubectl

_SAID = re.compile(r"error looking up service account \S+?/(?P<name>[\w.-]+)")


def look(snapshot: Snapshot) -> Iterator[Finding]:
    """Find accounts that pods name, that somebody was refused for, and that are not there."""
    lacks = {lack.name: lack for lack in lacking(snapshot, "ServiceAccount")}
    for item, text in _told(snapshot):
        match = _SAID.search(text)
        if match is None or snapshot.has("ServiceAccount", match["name"]) is not False:
            continue
        if match["name"] not in lacks and item.kind == "log":  # a profile's own, which the hub was refused for
            lacks[match["name"]] = Lack("ServiceAccount", match["name"], {EVERYBODY: None}, stops={"users": None})
        if match["name"] in lacks:
            lacks[match["name"]].evidence.append(item)
    for lack in lacks.values():
        yield Finding(
            f"ServiceAccount/{lack.name}",
            f"the service account {lack.name} is not there, and {lack.waiting} for it: the cluster refuses "
            "such pods",
            "Make the account, with the rights (or the cloud identity) that it is meant to give; or take its "
            "name out "
            "of the values, and pods run as the namespace's default account.",
            (kubectl(snapshot, f"create serviceaccount {lack.name}"),),
            evidence=lack.told[-2:],
            stops=tuple(lack.stops),
        )


def _told(snapshot: Snapshot) -> Iterator[tuple[Evidence, str]]:
    for event in snapshot.events:
        if event.reason == "FailedCreate":
            yield from_event(event, snapshot.now), event.message
    for workload in snapshot.workloads:
        if workload.problem:
            yield Evidence("object", f"{workload.kind}/{workload.name}", workload.problem), workload.problem
    for place, line in snapshot.lines("hub"):
        if "service account" in line:
            yield from_log(place, line), line


CONDITION = Condition(
    id="H02",
    title="A service account is missing",
    why="The cluster refuses every pod whose service account is not there. No pod appears that one could look "
    "at: the "
    "refusal stands in the events of what makes the pods, or in the hub's log for users' servers.",
    mend="Make the account, or take its name out of the values.",
    source="https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/",
    look=look,
    cases=(
        Case(
            "the hub's own",
            """
objects:
- kind: Deployment
  metadata: {name: hub}
  spec:
    replicas: 1
    template: {metadata: {labels: {component: hub}}, spec: {serviceAccountName: hub, containers: [{name: hub}]}}
- kind: Event
  involvedObject: {kind: ReplicaSet, name: hub-7d}
  reason: FailedCreate
  count: 15
  message: 'Error creating: pods "hub-7d-" is forbidden: error looking up service account hub/hub: serviceaccount
    "hub" not found'
""",
            ("ServiceAccount/hub",),
            ("create serviceaccount hub", "15 times"),
        ),
        Case(
            "of users' servers, known from the values and told by the hub",
            """
objects:
- kind: Pod
  metadata: {name: hub-1, labels: {component: hub}}
  spec: {containers: [{name: hub}]}
release: {name: hub, values: {hub: {}, singleuser: {serviceAccountName: user-sa}}}
logs:
  hub-1/hub: >-
    HTTP response body: {"message":"pods \\"jupyter-ada\\" is forbidden: error looking up service account
    hub/user-sa: serviceaccount \\"user-sa\\" not found"}
""",
            ("ServiceAccount/user-sa",),
            ("error looking up service account", "every user's server"),
        ),
        Case(
            "it was made since",
            """
objects:
- kind: Event
  involvedObject: {kind: ReplicaSet, name: hub-7d}
  reason: FailedCreate
  message: 'Error creating: pods "hub-7d-" is forbidden: error looking up service account hub/hub: serviceaccount
    "hub" not found'
names: {ServiceAccount: [hub]}
release: {name: hub, values: {hub: {}, singleuser: {serviceAccountName: hub}}}
""",
        ),
    ),
)
