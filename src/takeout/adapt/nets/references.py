"""Every object that is named and not there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from takeout.adapt.context import Context
from takeout.adapt.nets.finding import Finding
from takeout.adapt.nets.live import Entry, every, live
from takeout.adapt.nets.mounts import missing_volumes, missing_volumes_of_pod
from takeout.adapt.nets.named import Reference, makes_certificates, named
from takeout.adapt.nets.objects import clear, title
from takeout.adapt.nets.provided import Provided, provided_by_charts, provided_by_objects
from takeout.values.node import Mapping as Document
from takeout.values.node import to_data
from takeout.values.path import Path, format_path


def references(values: Document, manifests: Sequence[Mapping[str, Any]], context: Context) -> list[Finding]:
    """Return every object that the values name and that neither the charts, the replica nor the target make.

    Args:
        values: The values, rooted at the hub's chart (``jupyterhub`` and the companions).
        manifests: The objects of the replica's ``manifests/``.
        context: The hub, and where it goes.
    """
    data = to_data(values)
    if not isinstance(data, dict):
        return []
    return references_in(data, live(data, context), manifests, context)


def references_in(
    data: Mapping[str, Any], entries: Iterable[Entry], manifests: Sequence[Mapping[str, Any]], context: Context
) -> list[Finding]:
    """Return what ``references`` does, for plain values and the entries of them that take effect."""
    provided = Provided(context)
    provided_by_charts(data, context, provided)
    provided_by_objects(manifests, provided)
    findings = [
        _finding(subject, reference, path)
        for path, value, parent in entries
        for reference in named(path, value, parent)
        if (subject := provided.lacks(reference))
    ]
    findings += [_unmounted(name, path) for path, name in missing_volumes(data)]
    findings += _references_of_objects([clear(item) for item in manifests], context, provided)
    return findings


def references_of_manifests(objects: Sequence[Mapping[str, Any]], context: Context) -> list[Finding]:
    """Return every object that Kubernetes objects name and that is not among them, nor made by the target.

    The hub's own configuration, which the chart keeps in a Secret, is read too.

    Args:
        objects: Everything that will be applied: what the chart renders and the replica's ``manifests/``.
        context: The hub, and where it goes.
    """
    return references_in_objects([clear(item) for item in objects], context)


def references_in_objects(objects: Sequence[Mapping[str, Any]], context: Context) -> list[Finding]:
    """Return what ``references_of_manifests`` does, for objects that are in clear."""
    provided = Provided(context)
    provided_by_objects(objects, provided)
    return _made_twice(objects) + _references_of_objects(objects, context, provided)


def _made_twice(objects: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """Two objects of one kind and name: Helm refuses to take over what another has made."""
    counts = Counter(
        (str(item.get("apiVersion", "")), title(item), str((item.get("metadata") or {}).get("namespace", "")))
        for item in objects
    )
    return [
        Finding("references", name, (), f"{name} is made twice, by the charts or by the replica's manifests", name)
        for (_, name, _), count in counts.items()
        if count > 1
    ]


def _references_of_objects(
    objects: Sequence[Mapping[str, Any]], context: Context, provided: Provided
) -> list[Finding]:
    findings: dict[tuple[str, str], Finding] = {}
    for item in objects:
        name = title(item)
        for path, reference in _named_by_object(item, context):
            if subject := provided.lacks(reference):
                findings.setdefault((name, subject), _finding(subject, reference, path, name))
        for volume in missing_volumes_of_pod(item):
            findings.setdefault((name, f"Volume/{volume}"), _unmounted(volume, (), name))
    return list(findings.values())


def _named_by_object(item: Mapping[str, Any], context: Context) -> Iterator[tuple[Path, Reference]]:
    kind = item.get("kind")
    if kind == "ConfigMap":  # data, and code that builds addresses at run time
        return
    hub = item["data"].get("values.yaml") if kind == "Secret" else None
    if isinstance(hub, dict):  # z2jh hands its own values to the hub in a Secret
        yield from _named_in(live({"jupyterhub": hub}, context))
        return
    entries = every(dict(item))
    match kind:
        case "Ingress":
            issued = _has_issuer(item)
            # an ingress keeps its annotations where they cannot be seen from its certificates
            yield from _named_in(entry for entry in entries if entry[0][-1] != "tls" or not issued)
            yield from _backends(item)
        case "RoleBinding" | "ClusterRoleBinding":
            yield from _bound(item)
        case "ServiceAccount":
            yield from _named_in(entry for entry in entries if entry[0][0] != "secrets")
        case _:
            yield from _named_in(entries)


def _named_in(entries: Iterable[Entry]) -> Iterator[tuple[Path, Reference]]:
    for path, value, parent in entries:
        for reference in named(path, value, parent):
            yield path, reference


def _has_issuer(item: Mapping[str, Any]) -> bool:
    annotations = (item.get("metadata") or {}).get("annotations") or {}
    return makes_certificates(annotations)


def _backends(item: Mapping[str, Any]) -> Iterator[tuple[Path, Reference]]:
    for path, value, _ in every(item.get("spec"), ("spec",)):
        if path[-1] == "service" and isinstance(value, dict) and value.get("name"):
            yield path, Reference("Service", str(value["name"]))
        elif path[-1] == "serviceName" and isinstance(value, str):
            yield path, Reference("Service", value)


def _bound(item: Mapping[str, Any]) -> Iterator[tuple[Path, Reference]]:
    role = item.get("roleRef") or {}
    # cluster-admin, view and edit, and those that begin with system:, are in every cluster
    if role.get("name") and not (
        role["name"].startswith("system:") or role["name"] in ("cluster-admin", "admin", "edit", "view")
    ):
        yield ("roleRef",), Reference(str(role.get("kind")), str(role["name"]))
    for index, subject in enumerate(item.get("subjects") or ()):
        if subject.get("kind") == "ServiceAccount":
            yield ("subjects", index), Reference("ServiceAccount", str(subject.get("name")))


def _finding(subject: str, reference: Reference, path: Path, manifest: str = "") -> Finding:
    where = f"{manifest} ({format_path(path)})" if manifest else format_path(path)
    missing = (
        f"key {reference.key!r} of {reference}" if subject.count("/") > str(reference).count("/") else subject
    )
    message = f"{where} names {missing}, which nothing makes"
    return Finding("references", subject, () if manifest else path, message, manifest)


def _unmounted(volume: str, path: Path, manifest: str = "") -> Finding:
    where = manifest or format_path(path)
    message = f"{where} mounts a volume {volume!r} that its pod does not have"
    return Finding("references", f"Volume/{volume}", path, message, manifest)
