"""How the world will reach the hub."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from typing import Any

from takeout.cluster.api import Cluster
from takeout.cluster.preflight.check import Check, NotDoneError, Problem, Subject
from takeout.cluster.store import Object

_CLASS = "kubernetes.io/ingress.class"
_ISSUER = ("cert-manager.io/issuer", "cert-manager.io/cluster-issuer")


def ingress(subject: Subject) -> Iterator[Problem]:
    """Yield ingress classes and issuers that are not there."""
    plan, cluster = subject.plan, subject.cluster
    classes = {str(item["metadata"]["name"]) for item in cluster.list("IngressClass")}
    for item in _of_kind(plan.every_object, "Ingress"):
        annotations = (item.get("metadata") or {}).get("annotations") or {}
        wanted = (item.get("spec") or {}).get("ingressClassName") or annotations.get(_CLASS)
        if wanted and wanted not in classes:
            have = f"it has {', '.join(sorted(classes))}" if classes else "it has none"
            yield Problem(
                f"the cluster has no ingress class {wanted}: {have}",
                "install a controller, or set ingress.ingressClassName in local.values.yaml",
                blocking=False,
            )
        yield from _issuers(subject, annotations)


def _issuers(subject: Subject, annotations: Mapping[str, Any]) -> Iterator[Problem]:
    plan, cluster = subject.plan, subject.cluster
    for annotation, kind in zip(_ISSUER, ("Issuer", "ClusterIssuer"), strict=True):
        name = annotations.get(annotation)
        if not name:
            continue
        made = any((item.get("metadata") or {}).get("name") == name for item in _of_kind(plan.every_object, kind))
        if not made and cluster.find(kind, str(name), plan.namespace) is None:
            yield Problem(
                f"{kind}/{name} is to give the certificate, and is not there",
                "make it as the runbook says; until then browsers warn",
                blocking=False,
            )


def name(subject: Subject) -> Iterator[Problem]:
    """Yield that the domain is not known, or leads elsewhere."""
    plan = subject.plan
    host = plan.context.options.domain
    if not host:
        raise NotDoneError("the replica has no domain")
    addresses = _resolved(host)
    if not addresses:
        yield Problem(
            f"no name server knows {host}",
            "make a DNS record for it with the address of the ingress controller or of the service proxy-public",
            blocking=False,
        )
        return
    entries = entrances(subject.cluster)
    if entries and not entries & addresses:
        yield Problem(
            f"{host} leads to {', '.join(sorted(addresses))}, and the cluster's entrances are "
            + ", ".join(sorted(entries)),
            "change the DNS record, unless a proxy in front of the cluster is meant",
            blocking=False,
        )


def entrances(cluster: Cluster) -> set[str]:
    """Return the addresses at which load balancers and ingress controllers of the cluster are reached."""
    found: set[str] = set()
    services = [item for item in cluster.list("Service") if (item.get("spec") or {}).get("type") == "LoadBalancer"]
    for item in (*services, *cluster.list("Ingress")):
        for place in ((item.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ():
            if place.get("ip"):
                found.add(str(place["ip"]))
            elif place.get("hostname"):
                found |= _resolved(str(place["hostname"]))
    return found


def _resolved(host: str) -> set[str]:
    try:
        return {str(item[4][0]) for item in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)}
    except OSError:
        return set()


def _of_kind(items: tuple[Object, ...], kind: str) -> list[Object]:
    return [item for item in items if item.get("kind") == kind]


CHECKS = (
    Check("ingress", "the ingress class and the certificate's issuer are there", ingress),
    Check("dns", "the domain leads to the cluster", name),
)
