"""What a deployment made beside its Helm release, kept in the namespace so that it can be removed again."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from takeout.cluster.api import Cluster
from takeout.cluster.store import Object
from takeout.errors import ClusterError

LABEL = "takeout-hub"
"""The label of the replica's own objects; its value is the release."""

_MANAGED = {"app.kubernetes.io/managed-by": "takeout"}


@dataclass(frozen=True, slots=True)
class Journal:
    """What was made.

    Attributes:
        release: The release.
        hub: The hub's id at its origin.
        made_namespace: Whether the namespace was made for it.
        objects: The replica's own objects, as ``apiVersion/Kind`` and name.
    """

    release: str
    hub: str = ""
    made_namespace: bool = False
    objects: tuple[tuple[str, str], ...] = ()

    def with_objects(self, items: tuple[Object, ...]) -> Journal:
        """Return the journal with more objects."""
        names = tuple((f"{i['apiVersion']}/{i['kind']}", str(i["metadata"]["name"])) for i in items)
        return replace(self, objects=tuple(dict.fromkeys((*self.objects, *names))))


def read_journal(cluster: Cluster, namespace: str, release: str) -> Journal | None:
    """Return the journal of a release; None where Takeout has not deployed it.

    Raises:
        ClusterError: When it cannot be understood.
    """
    found = cluster.find("ConfigMap", f"takeout-{release}", namespace)
    if found is None:
        return None
    try:
        data = json.loads(found["data"]["journal"])
        objects = tuple((str(kind), str(name)) for kind, name in data["objects"])
        return Journal(release, str(data["hub"]), bool(data["made_namespace"]), objects)
    except (KeyError, TypeError, ValueError) as error:
        raise ClusterError(
            f"the ConfigMap takeout-{release} in the namespace {namespace} cannot be read: {error}",
            hint="it was edited: put back what it was, or delete it and deploy again",
        ) from error


def write_journal(cluster: Cluster, namespace: str, journal: Journal) -> None:
    """Keep the journal in the namespace."""
    data = {"hub": journal.hub, "made_namespace": journal.made_namespace, "objects": journal.objects}
    item = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": f"takeout-{journal.release}", "labels": _MANAGED},
        "data": {"journal": json.dumps(data)},
    }
    cluster.apply(item, namespace, force=True)
