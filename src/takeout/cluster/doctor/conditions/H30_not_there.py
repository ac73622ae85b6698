"""The hub, or its proxy, is not there at all."""

from __future__ import annotations

from collections.abc import Iterator

from takeout.cluster.doctor.condition import Case, Condition, Evidence, Finding
from takeout.cluster.doctor.pods import Part
from takeout.cluster.doctor.snapshot import Snapshot
from takeout.cluster.doctor.words import kubectl, named_part, stopped

_PARTS: tuple[Part, ...] = ("hub", "proxy", "autohttps")


def look(snapshot: Snapshot) -> Iterator[Finding]:
    """Find parts that were scaled to nothing, and a release without a hub."""
    for workload in snapshot.workloads:
        if workload.kind == "Deployment" and workload.part in _PARTS and workload.wanted == 0:
            yield Finding(
                f"Deployment/{workload.name}",
                f"{named_part(workload.part, workload.name)} is turned off: the deployment wants no pod",
                "Somebody scaled it down, maybe to save a night or to copy the database: scale it up again.",
                (kubectl(snapshot, f"scale deployment {workload.name} --replicas=1"),),
                evidence=(Evidence("object", f"Deployment/{workload.name}", "replicas: 0"),),
                stops=stopped(workload.part),
            )
    if not snapshot.read("deployments") or not snapshot.facts.known:
        return
    there = {workload.part for workload in snapshot.workloads if workload.kind == "Deployment"}
    for part in _PARTS[:2]:
        if part not in there and not snapshot.pods_of(part):
            name = snapshot.facts.release
            yield Finding(
                f"Deployment/{part}",
                f"{named_part(part, part)} is not there: the release {name} has one, and the cluster has none",
                "Somebody deleted it, or an install did not come so far: upgrade the release, and it is made "
                "anew.",
                (_again(snapshot, name),),
                evidence=(Evidence("object", f"Deployment/{part}", "no such deployment"),),
                stops=stopped(part),
                follows=("release",),
            )


def _again(snapshot: Snapshot, release: str) -> str:
    """Return the command that makes anew what is gone, and leaves the rest."""
    context = f" --kube-context {snapshot.context}" if snapshot.context else ""
    manifest = f"helm{context} --namespace {snapshot.namespace} get manifest {release}"
    return f"{manifest} | {kubectl(snapshot, 'apply --filename -')}"


_BOTH = """
objects:
- {kind: Deployment, metadata: {name: hub, labels: {component: hub}}, spec: {replicas: WANTED}}
- {kind: Deployment, metadata: {name: proxy, labels: {component: proxy}}, spec: {replicas: 1}}
release: {name: reef, values: {hub: {}, singleuser: {}}}
"""

CONDITION = Condition(
    id="H30",
    title="The hub or the proxy is not there",
    why="A deployment that was scaled to nothing, or deleted by hand, is not seen by Helm: the release counts "
    "as deployed.",
    mend="Scale it up, or upgrade the release.",
    source="https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#scaling-a-deployment",
    look=look,
    cases=(
        Case(
            "scaled to nothing",
            _BOTH.replace("WANTED", "0"),
            ("Deployment/hub",),
            ("scale deployment hub --replicas=1",),
        ),
        Case(
            "deleted",
            "release: {name: reef, values: {hub: {}, singleuser: {}}}\nobjects:\n"
            "- {kind: Deployment, metadata: {name: proxy, labels: {component: proxy}}, spec: {replicas: 1}}",
            ("Deployment/hub",),
        ),
        Case("both are there", _BOTH.replace("WANTED", "1")),
    ),
)
