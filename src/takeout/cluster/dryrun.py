"""Let the cluster check every object and change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from takeout.cluster.api import Cluster
from takeout.cluster.plan import Plan
from takeout.cluster.refusals import FORBIDDEN, UNPROCESSABLE
from takeout.cluster.store import Object
from takeout.errors import ClusterError
from takeout.progress import Progress, silent

_BAD_REQUEST = 400
_STAND_IN = "default"


@dataclass(frozen=True, slots=True)
class Tried:
    """What the cluster says of one object.

    Attributes:
        object: ``Kind/name``.
        change: ``made``, ``changed``, ``unchanged``, ``refused`` or ``not asked``.
        message: Why it is refused, or was not asked.
    """

    object: str
    change: str
    message: str = ""


def dry_run(plan: Plan, cluster: Cluster, *, progress: Progress = silent) -> tuple[list[Tried], str]:
    """Return what the cluster says of every object, and where they were tried if not in their own namespace.

    Where the namespace is not there yet, the objects are tried in the namespace ``default``: what belongs to the
    namespace itself (quotas, pod security) is not asked then.

    Raises:
        ClusterError: When a dry run cannot be asked for at all.
    """
    namespace, note = plan.namespace, ""
    if cluster.find("Namespace", plan.namespace) is None:
        namespace = _STAND_IN
        note = f"the namespace {plan.namespace} is not there yet: tried in {_STAND_IN}"
    items = plan.every_object
    tried = []
    for number, item in enumerate(items):
        progress("dry run", number, len(items))
        tried += list(_try(plan, cluster, item, namespace))
    progress("dry run", len(items), len(items))
    return tried, note


def _try(plan: Plan, cluster: Cluster, item: Object, namespace: str) -> Iterator[Tried]:
    kind, metadata = str(item.get("kind")), item.get("metadata") or {}
    title = f"{kind}/{metadata.get('name')}"
    known = f"{item.get('apiVersion')}/{kind}"
    if not cluster.has(known):
        brought = kind in plan.chart.custom_kinds()
        why = "the chart brings its kind along" if brought else "the cluster does not know its kind"
        yield Tried(title, "not asked", why)
        return
    name = str(metadata.get("name"))
    before = cluster.find(known, name, namespace)
    if before is not None and namespace != plan.namespace and (before["metadata"].get("namespace") == namespace):
        yield Tried(title, "not asked", f"{namespace} has one of this name")
        return
    placed = {**item, "metadata": {key: value for key, value in metadata.items() if key != "namespace"}}
    try:
        after = cluster.apply(placed, namespace, dry_run=True, force=True)
    except ClusterError as error:
        if error.status not in (_BAD_REQUEST, FORBIDDEN, UNPROCESSABLE):
            raise
        yield Tried(title, "refused", error.message)
        return
    if before is None:
        yield Tried(title, "made")
    else:
        yield Tried(title, "unchanged" if _content(before) == _content(after) else "changed")


def _content(item: Object) -> Object:
    """Return what a person wrote of an object: neither what the cluster keeps of it, nor whose field is whose."""
    kept = ("labels", "annotations")
    metadata = {key: value for key, value in item["metadata"].items() if key in kept and value}
    return {**{key: value for key, value in item.items() if key != "status"}, "metadata": metadata}
