"""Read everything but pods out of what the Kubernetes API gives, and put a look at a hub together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from takeout.adapt.nets.nodes import quantity
from takeout.cluster.doctor.fields import labels_of, map_of, maps_of, moment, number, text, texts
from takeout.cluster.doctor.objects import (
    Certificate,
    Claim,
    Event,
    Ingress,
    Node,
    Service,
    StorageClass,
    Taint,
    Volume,
)
from takeout.cluster.doctor.parts import read_pod, read_workload, terms_of
from takeout.cluster.doctor.peers import read_policy
from takeout.cluster.doctor.redact import redact

Objects = Iterable[Mapping[str, Any]]

WORKLOADS = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job")
CERTIFICATES = ("Certificate", "Order", "Challenge")

_DEFAULT = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
_ISSUERS = ("cert-manager.io/cluster-issuer", "cert-manager.io/issuer", "kubernetes.io/tls-acme")


def read_event(item: Mapping[str, Any]) -> Event:
    """Return an event."""
    about, series = map_of(item, "involvedObject"), map_of(item, "series")
    times = (item.get("lastTimestamp"), series.get("lastObservedTime"), item.get("eventTime"))
    made = map_of(item, "metadata").get("creationTimestamp")
    return Event(
        kind=text(about, "kind"),
        name=text(about, "name"),
        type=text(item, "type"),
        reason=text(item, "reason"),
        message=redact(text(item, "message")),
        count=number(item, "count") or number(series, "count") or 1,
        last=next((found for value in (*times, made) if (found := moment(value))), None),
    )


def read_service(item: Mapping[str, Any]) -> Service:
    """Return a service, its endpoints not yet known."""
    spec = map_of(item, "spec")
    return Service(
        name=_name(item),
        type=text(spec, "type") or "ClusterIP",
        selector=tuple((str(k), str(v)) for k, v in map_of(spec, "selector").items()),
        addresses=_balanced(item),
        ports=tuple(number(port, "port") for port in maps_of(spec, "ports")),
    )


def read_endpoints(items: Objects) -> dict[str, tuple[list[str], list[str]]]:
    """Return the addresses that are ready, and those that are not, by service."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    for item in items:
        service = text(map_of(map_of(item, "metadata"), "labels"), "kubernetes.io/service-name")
        ready, waiting = found.setdefault(service, ([], []))
        for endpoint in maps_of(item, "endpoints"):
            # An absent condition means ready: https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/
            is_ready = map_of(endpoint, "conditions").get("ready") is not False
            (ready if is_ready else waiting).extend(texts(endpoint, "addresses"))
    return found


def read_claim(item: Mapping[str, Any]) -> Claim:
    """Return a claim, its pods not yet known."""
    spec = map_of(item, "spec")
    class_name = spec.get("storageClassName")
    return Claim(
        name=_name(item),
        phase=text(map_of(item, "status"), "phase"),
        storage_class=None if class_name is None else str(class_name),
        volume=text(spec, "volumeName"),
        modes=texts(spec, "accessModes"),
        requested=text(map_of(map_of(spec, "resources"), "requests"), "storage"),
        created=moment(map_of(item, "metadata").get("creationTimestamp")),
    )


def read_volume(item: Mapping[str, Any]) -> Volume:
    """Return a persistent volume."""
    spec = map_of(item, "spec")
    claim = map_of(spec, "claimRef")
    return Volume(
        name=_name(item),
        claim=f"{text(claim, 'namespace')}/{text(claim, 'name')}" if claim else "",
        phase=text(map_of(item, "status"), "phase"),
        terms=terms_of(map_of(map_of(spec, "nodeAffinity"), "required")),
    )


def read_storage_class(item: Mapping[str, Any]) -> StorageClass:
    """Return a storage class."""
    annotations = map_of(map_of(item, "metadata"), "annotations")
    return StorageClass(
        name=_name(item),
        provisioner=text(item, "provisioner"),
        is_default=any(str(annotations.get(name)).lower() == "true" for name in _DEFAULT),
        waits=item.get("volumeBindingMode") == "WaitForFirstConsumer",
    )


def read_node(item: Mapping[str, Any]) -> Node:
    """Return a node."""
    metadata, spec, status = (map_of(item, key) for key in ("metadata", "spec", "status"))
    offered = map_of(status, "allocatable")
    conditions = {text(c, "type"): text(c, "status") for c in maps_of(status, "conditions")}
    return Node(
        name=text(metadata, "name"),
        labels=(*labels_of(metadata), ("metadata.name", text(metadata, "name"))),
        taints=tuple(Taint(text(t, "key"), text(t, "value"), text(t, "effect")) for t in maps_of(spec, "taints")),
        cpu=quantity(offered.get("cpu")),
        memory_bytes=int(quantity(offered.get("memory"))),
        devices=tuple((str(key), quantity(value)) for key, value in offered.items() if "/" in str(key)),
        ready=conditions.get("Ready", "True") == "True",
        pressures=tuple(sorted(c for c, state in conditions.items() if "Pressure" in c and state == "True")),
        unschedulable=spec.get("unschedulable") is True,
    )


def read_ingress(item: Mapping[str, Any]) -> Ingress:
    """Return an ingress."""
    spec, annotations = map_of(item, "spec"), map_of(map_of(item, "metadata"), "annotations")
    tls = maps_of(spec, "tls")
    return Ingress(
        name=_name(item),
        ingress_class=text(spec, "ingressClassName") or text(annotations, "kubernetes.io/ingress.class"),
        hosts=tuple(dict.fromkeys(filter(None, (text(rule, "host") for rule in maps_of(spec, "rules"))))),
        tls=tuple((text(part, "secretName"), texts(part, "hosts")) for part in tls),
        addresses=_balanced(item),
        issuer=next((text(annotations, name) for name in _ISSUERS if name in annotations), ""),
    )


def read_certificate(item: Mapping[str, Any]) -> Certificate:
    """Return a certificate, an order or a challenge of cert-manager."""
    spec, status = map_of(item, "spec"), map_of(item, "status")
    ready = next((c for c in maps_of(status, "conditions") if c.get("type") == "Ready"), {})
    state = text(status, "state")
    says = [text(ready, "message"), text(status, "reason"), state]
    return Certificate(
        kind=text(item, "kind"),
        name=_name(item),
        ready=ready.get("status") == "True" or state in ("valid", "ready"),
        names=texts(spec, "dnsNames") or tuple(filter(None, (text(spec, "dnsName"),))),
        secret=text(spec, "secretName"),
        issuer=text(map_of(spec, "issuerRef"), "name"),
        message=redact(next(filter(None, says), "")),
    )


def _name(item: Mapping[str, Any]) -> str:
    return text(map_of(item, "metadata"), "name")


READERS: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], Any]]] = {
    "Pod": ("pods", read_pod),
    **dict.fromkeys(WORKLOADS, ("workloads", read_workload)),
    "Event": ("events", read_event),
    "Service": ("services", read_service),
    "PersistentVolumeClaim": ("claims", read_claim),
    "PersistentVolume": ("volumes", read_volume),
    "StorageClass": ("storage_classes", read_storage_class),
    "Node": ("nodes", read_node),
    "Ingress": ("ingresses", read_ingress),
    "IngressClass": ("ingress_classes", _name),
    **dict.fromkeys(CERTIFICATES, ("certificates", read_certificate)),
    "NetworkPolicy": ("policies", read_policy),
}
"""By kind: the field of a snapshot that an object belongs to, and how it is read."""


def _balanced(item: Mapping[str, Any]) -> tuple[str, ...]:
    """Return where a load balancer says that it can be reached: addresses, or a name on some clouds."""
    balancer = map_of(map_of(item, "status"), "loadBalancer")
    return tuple(
        filter(None, (text(each, "ip") or text(each, "hostname") for each in maps_of(balancer, "ingress")))
    )
