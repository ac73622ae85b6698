"""Whether the objects that will be made can be made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from takeout.adapt.nets import cast, surprises
from takeout.cluster.preflight.check import Check, Problem, Subject
from takeout.replica.recall import actions_of, keeps_of

OWNER = "meta.helm.sh/release-name"
OWNER_NAMESPACE = "meta.helm.sh/release-namespace"
_MADE_BY = {
    "cert-manager.io": "install cert-manager, as the runbook says",
    "traefik.io": "the chart dask-gateway brings these kinds; Helm installs them with the release",
    "traefik.containo.us": "the chart dask-gateway brings these kinds; Helm installs them with the release",
    "monitoring.coreos.com": "install the Prometheus operator, or turn the service monitors off",
}


def kinds(subject: Subject) -> Iterator[Problem]:
    """Yield kinds that the cluster does not know and the chart does not bring."""
    brought = set(subject.plan.chart.custom_kinds())
    wanted: dict[str, list[str]] = defaultdict(list)
    for item in subject.plan.every_object:
        kind = f"{item.get('apiVersion')}/{item.get('kind')}"
        if str(item.get("kind")) not in brought and not subject.cluster.has(kind):
            wanted[kind].append(str((item.get("metadata") or {}).get("name")))
    for kind, names in wanted.items():
        group = kind.partition("/")[0]
        mend = next((text for known, text in _MADE_BY.items() if group.endswith(known)), "install what brings it")
        # Without an issuer the hub runs, and browsers warn.
        blocking = not group.endswith("cert-manager.io")
        yield Problem(f"the cluster does not know the kind {kind} ({', '.join(names)})", mend, blocking=blocking)


def owners(subject: Subject) -> Iterator[Problem]:
    """Yield objects that are there already, and are another's."""
    plan, cluster = subject.plan, subject.cluster
    present: dict[str, dict[str, Mapping[str, Any]]] = {}
    for item in plan.objects:
        kind = f"{item.get('apiVersion')}/{item.get('kind')}"
        name = str((item.get("metadata") or {}).get("name"))
        if not cluster.has(kind) or "helm.sh/hook" in ((item.get("metadata") or {}).get("annotations") or {}):
            continue
        if kind not in present:
            listed = cluster.list(kind, plan.namespace)
            present[kind] = {str(found["metadata"]["name"]): found for found in listed}
        found = present[kind].get(name)
        if found is None:
            continue
        notes = found["metadata"].get("annotations") or {}
        owner = (notes.get(OWNER, ""), notes.get(OWNER_NAMESPACE, ""))
        if owner != (plan.release, plan.namespace):
            whose = f"the release {owner[0]} in the namespace {owner[1]}" if owner[0] else "nobody that Helm knows"
            yield Problem(
                f"{item.get('kind')}/{name} is there already, and belongs to {whose}",
                "deploy into another namespace: --namespace NAME",
            )


def manifests(subject: Subject) -> Iterator[Problem]:
    """Yield the replica's own objects that somebody else keeps, and may not be changed."""
    plan, cluster = subject.plan, subject.cluster
    for item in plan.manifests:
        kind, name = f"{item.get('apiVersion')}/{item.get('kind')}", str((item.get("metadata") or {}).get("name"))
        found = cluster.find(kind, name, plan.namespace) if cluster.has(kind) else None
        if found is None:
            continue
        if found["kind"] == "PersistentVolume":
            claim = (found.get("spec") or {}).get("claimRef") or {}
            if claim and claim.get("namespace") != plan.namespace:
                yield Problem(
                    f"PersistentVolume/{name} is bound to a claim of the namespace {claim.get('namespace')}",
                    "rename it in the replica's manifests/ and the claim that names it",
                )
        owner = (found["metadata"].get("annotations") or {}).get(OWNER)
        if owner:
            yield Problem(
                f"{item.get('kind')}/{name} is there already, and belongs to the release {owner}",
                "deploy into another namespace: --namespace NAME",
            )


def references(subject: Subject) -> Iterator[Problem]:
    """Yield objects that are named, and are neither made nor there."""
    plan, cluster = subject.plan, subject.cluster
    lock = plan.files.lock
    caught = cast(plan.rooted, plan.manifests, plan.context, plan.objects)
    named = {finding.subject: finding for finding in caught if finding.net == "references"}
    left = {finding.subject for finding in surprises(caught, actions_of(lock), keeps_of(lock))}
    for what, finding in named.items():
        kind, _, name = what.partition("/")
        if kind not in ("ConfigMap", "Secret", "PersistentVolumeClaim", "ServiceAccount", "PriorityClass"):
            continue
        if cluster.find(kind, name, plan.namespace) is None:
            yield Problem(
                f"{what} is named and not there: {finding.message}",
                "make it, or take the name out in local.values.yaml; the runbook tells of it if an action does",
                blocking=what in left,
            )


CHECKS = (
    Check("kinds", "the cluster knows every kind of object", kinds),
    Check("owners", "nothing that will be made is another's", owners),
    Check("manifests", "the replica's own objects can be made", manifests),
    Check("references", "what is named is there or will be made", references),
)
