"""Look at a hub on its cluster: read what there is, without a value of a secret, and ask the hub how it does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from takeout.cluster.api import Cluster
from takeout.cluster.doctor.facts import Facts
from takeout.cluster.doctor.fields import labels_of, map_of
from takeout.cluster.doctor.logs import read_logs
from takeout.cluster.doctor.parts import part_of, read_pod
from takeout.cluster.doctor.picture import from_objects
from takeout.cluster.doctor.probes import look_up, probe
from takeout.cluster.doctor.release import read_facts, why
from takeout.cluster.doctor.snapshot import Snapshot, Unread
from takeout.cluster.store import Object
from takeout.errors import ClusterError, TakeoutError, UnknownHubError
from takeout.progress import Progress, silent

_WITHIN: Mapping[str, str] = {
    "Pod": "pods",
    "Deployment": "deployments",
    "ReplicaSet": "replica sets",
    "StatefulSet": "stateful sets",
    "DaemonSet": "daemon sets",
    "Job": "jobs",
    "Event": "events",
    "Service": "services",
    "EndpointSlice": "endpoints",
    "PersistentVolumeClaim": "claims",
    "Ingress": "ingresses",
    "NetworkPolicy": "network policies",
    "Certificate": "certificates",
    "acme.cert-manager.io/v1/Order": "orders of certificates",
    "acme.cert-manager.io/v1/Challenge": "challenges of certificates",
}
_BEYOND: Mapping[str, str] = {
    "PersistentVolume": "volumes",
    "StorageClass": "storage classes",
    "Node": "nodes",
    "IngressClass": "ingress classes",
}
_NAMED = {"ConfigMap": "configmaps", "Secret": "secrets", "ServiceAccount": "serviceaccounts"}
_NAMES_ALONE = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
"""Asks the cluster for objects without what is in them: what is not sent cannot leak."""

_AT_A_TIME = 8


@dataclass(frozen=True, slots=True)
class _Answer:
    what: str
    items: list[Object]
    unread: Unread | None = None


def observe(
    cluster: Cluster, namespace: str, release: str, *, named: bool = False, progress: Progress = silent
) -> Snapshot:
    """Return a look at a hub.

    Args:
        cluster: The cluster.
        namespace: The hub's namespace.
        release: The release's name; empty where it is not known.
        named: Whether the context was named by the user, and belongs into commands.
        progress: Told how far it is.

    Raises:
        NetworkError: When the cluster cannot be reached.
        ClusterError: When it does not accept the credentials.
        UnknownHubError: When there is no hub in the namespace.
    """
    cluster.version()  # one request that says plainly what is wrong with the way there
    now = datetime.now(UTC)
    steps = len(_WITHIN) + len(_BEYOND) + len(_NAMED) + 2
    done = 0

    def note(_: object = None) -> None:
        nonlocal done
        done += 1
        progress("look at the hub", done, steps)

    with ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="doctor") as pool:
        waiting = [pool.submit(_listed, cluster, kind, what, namespace) for kind, what in _WITHIN.items()]
        waiting += [pool.submit(_listed, cluster, kind, what, "") for kind, what in _BEYOND.items()]
        naming = {kind: pool.submit(_names, cluster, plural, namespace) for kind, plural in _NAMED.items()}
        dns = pool.submit(_quietly, lambda: cluster.list("Pod", "kube-system", labels="k8s-app=kube-dns"))
        own = pool.submit(_quietly, lambda: [cluster.get("Namespace", namespace)])
        told = pool.submit(read_facts, cluster, namespace, release)
        told.add_done_callback(note)
        for listing in waiting:
            listing.add_done_callback(note)
        for naming_one in naming.values():
            naming_one.add_done_callback(note)
        answers = [future.result() for future in waiting]
        names = {kind: future.result() for kind, future in naming.items()}
        facts, unread = told.result()
    items = [item for answer in answers for item in answer.items if _belongs(item, release)]
    _refuse_nothing(cluster, items, namespace, release, facts)
    unreadable = [answer.unread for answer in answers if answer.unread is not None]
    unreadable += [Unread(kind, "not allowed") for kind, found in names.items() if found is None] + unread
    snapshot = from_objects(
        [*items, *own.result()],
        namespace=namespace,
        now=now,
        read_endpoints_too=all(each.what != "endpoints" for each in unreadable),
    )
    known = {kind: found for kind, found in names.items() if found is not None}
    if all(each.what != "claims" for each in unreadable):
        known["PersistentVolumeClaim"] = frozenset(claim.name for claim in snapshot.claims)
    snapshot = replace(
        snapshot,
        context=cluster.context if named else "",
        facts=facts,
        names=known,
        dns=tuple(read_pod(item) for item in dns.result()),
        volumes=tuple(v for v in snapshot.volumes if v.claim.startswith(f"{namespace}/")),
        unread=tuple(unreadable),
    )
    return _asked(cluster, snapshot, note)


def _asked(cluster: Cluster, snapshot: Snapshot, note: Callable[[], None]) -> Snapshot:
    """Return the look with what logs, names and the hub itself say."""
    logs, previous, unread = read_logs(cluster, snapshot)
    note()
    snapshot = replace(snapshot, logs=logs, previous=previous, unread=(*snapshot.unread, *unread))
    snapshot = replace(snapshot, lookups=look_up(snapshot))
    probes, unread = probe(cluster, snapshot)
    note()
    return replace(snapshot, probes=probes, unread=(*snapshot.unread, *unread))


def _listed(cluster: Cluster, kind: str, what: str, namespace: str) -> _Answer:
    try:
        return _Answer(what, cluster.list(kind, namespace))
    except ClusterError as error:
        return _Answer(what, [], Unread(what, why(error)))


def _names(cluster: Cluster, plural: str, namespace: str) -> frozenset[str] | None:
    """Return the names of a kind's objects; None where they may not be listed."""
    path = f"/api/v1/namespaces/{namespace}/{plural}"
    what = f"list the names of {plural} in the namespace {namespace}"
    names: set[str] = set()
    query: dict[str, str] = {"limit": "500"}
    try:
        while True:
            page = json.loads(cluster.connection.raw("GET", path, what, query=query, accept=_NAMES_ALONE))
            names |= {str(item["metadata"]["name"]) for item in page.get("items") or ()}
            more = (page.get("metadata") or {}).get("continue")
            if not more:
                return frozenset(names)
            query["continue"] = str(more)
    except (ClusterError, ValueError, KeyError):
        return None


def _belongs(item: Object, release: str) -> bool:
    """Whether an object is of the release, or of none; a namespace may have more than one hub."""
    labels = dict(labels_of(map_of(item, "metadata")))
    if not release or part_of(labels) == "other":
        return True
    return (labels.get("app.kubernetes.io/instance") or labels.get("release") or release) == release


def _refuse_nothing(cluster: Cluster, items: Iterable[Object], namespace: str, release: str, facts: Facts) -> None:
    """Refuse a namespace without a hub, and say where there are some."""
    if facts.known or any(part_of(dict(labels_of(map_of(item, "metadata")))) == "hub" for item in items):
        return
    elsewhere = _quietly(lambda: cluster.list("Deployment", labels="component=hub"))
    places = [f"release:{cluster.context}/{_place(item)}" for item in elsewhere]
    raise UnknownHubError(
        f"there is no hub in the namespace {namespace}" + (f", and no release {release}" if release else ""),
        nearest=places,
        hint="name the namespace with --namespace, or the hub as release:CONTEXT/NAMESPACE/NAME",
    )


def _place(item: Object) -> str:
    metadata = map_of(item, "metadata")
    labels = dict(labels_of(metadata))
    release = labels.get("app.kubernetes.io/instance") or labels.get("release") or "NAME"
    return f"{metadata.get('namespace')}/{release}"


def _quietly(ask: Callable[[], list[Object]]) -> list[Object]:
    """Return what is asked for, or nothing where it may not be had: it is only of help."""
    try:
        return ask()
    except TakeoutError:
        return []
