"""Read a look at a hub from plain data: what the API gives, or what a case writes in YAML.

A case is a mapping with any of ``namespace``, ``now``, ``objects`` (as the Kubernetes API gives them),
``release`` (a
release record's fields, with ``values``), ``names`` (by kind), ``logs`` and ``previous`` (by ``pod/container``),
``probes``, ``lookups``, ``dns`` (pods) and ``unread``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import yaml

from takeout.cluster.doctor.facts import Facts, with_values
from takeout.cluster.doctor.fields import labels_of, map_of, moment, text
from takeout.cluster.doctor.objects import Claim
from takeout.cluster.doctor.parts import read_pod
from takeout.cluster.doctor.pods import Pod
from takeout.cluster.doctor.read import READERS, read_endpoints
from takeout.cluster.doctor.redact import redact
from takeout.cluster.doctor.snapshot import Probe, Snapshot, Unread

_NAMED = ("ConfigMap", "Secret", "ServiceAccount")


def read_picture(given: str) -> Snapshot:
    """Return the look at a hub that a case describes."""
    data = yaml.safe_load(given) or {}
    snapshot = from_objects(
        data.get("objects") or (),
        namespace=str(data.get("namespace") or "hub"),
        now=moment(data.get("now")) or datetime(2026, 8, 21, 12, tzinfo=UTC),
        read_endpoints_too="EndpointSlice" not in (data.get("unread") or ()),
    )
    names = {kind: frozenset(map(str, (data.get("names") or {}).get(kind) or ())) for kind in _NAMED}
    names["PersistentVolumeClaim"] = frozenset(claim.name for claim in snapshot.claims)
    for kind in data.get("unread") or ():
        names.pop(kind, None)
    return replace(
        snapshot,
        facts=read_release(data.get("release")),
        names=names,
        logs={key: lines_of(value) for key, value in (data.get("logs") or {}).items()},
        previous={key: lines_of(value) for key, value in (data.get("previous") or {}).items()},
        probes=tuple(Probe(**probe) for probe in data.get("probes") or ()),
        lookups={name: tuple(found or ()) for name, found in (data.get("lookups") or {}).items()},
        dns=tuple(read_pod(item) for item in data.get("dns") or ()),
        unread=tuple(Unread(what, "not allowed") for what in data.get("unread") or ()),
    )


def from_objects(
    items: Iterable[Mapping[str, Any]], *, namespace: str, now: datetime, read_endpoints_too: bool = True
) -> Snapshot:
    """Return a look at a hub with what objects alone tell.

    Args:
        items: Objects of the Kubernetes API.
        namespace: The hub's namespace.
        now: When they were read.
        read_endpoints_too: Whether slices of endpoints are among them, so that a service without one has none.
    """
    items = list(items)
    fields: dict[str, list[Any]] = {}
    for item in items:
        field, read = READERS.get(text(item, "kind"), ("", None))
        if read is not None:
            fields.setdefault(field, []).append(read(item))
    slices = read_endpoints(item for item in items if item.get("kind") == "EndpointSlice")
    own = next((i for i in items if i.get("kind") == "Namespace"), {})
    read_fields: dict[str, Any] = {field: tuple(read) for field, read in fields.items()}
    snapshot = Snapshot(namespace=namespace, now=now, **read_fields)
    return replace(
        snapshot,
        services=tuple(
            replace(service, answering=tuple(ready), waiting=tuple(waiting))
            for service in snapshot.services
            for ready, waiting in [slices.get(service.name, ([], []))]
        )
        if read_endpoints_too
        else snapshot.services,
        claims=tuple(_with_pods(claim, snapshot.pods) for claim in snapshot.claims),
        namespace_labels=labels_of(map_of(own, "metadata")) or (("kubernetes.io/metadata.name", namespace),),
    )


def read_release(record: Mapping[str, Any] | None) -> Facts:
    """Return what a release record says, its values (merged ones) included where it has them."""
    if not record:
        return Facts()
    facts = Facts(
        release=text(record, "name"),
        chart=text(record, "chart"),
        chart_version=text(record, "version"),
        revision=int(record.get("revision") or 0),
        status=text(record, "status"),
        description=redact(text(record, "description")),
        updated=moment(record.get("updated")),
    )
    values = record.get("values")
    return with_values(facts, values) if isinstance(values, Mapping) else facts


def lines_of(log: str) -> tuple[str, ...]:
    """Return a log's lines without secrets; a key may go over several."""
    return tuple(line for line in redact(log).splitlines() if line.strip())


def _with_pods(claim: Claim, pods: tuple[Pod, ...]) -> Claim:
    return replace(claim, mounted_by=tuple(pod.name for pod in pods if claim.name in pod.spec.claims))
