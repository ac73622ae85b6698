"""Parts of a cluster's API whose server is gone: while one is, no namespace can be removed."""

from __future__ import annotations

from takeout.cluster.api import Cluster
from takeout.errors import TakeoutError


def unserved(cluster: Cluster) -> tuple[str, ...]:
    """Return the names of APIServices that do not answer, such as ``v1beta1.metrics.k8s.io``; none if unknown.

    Source: https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/
    """
    try:
        items = cluster.list("APIService")
    except TakeoutError:
        return ()
    return tuple(
        str(item["metadata"]["name"])
        for item in items
        if any(
            condition.get("type") == "Available" and condition.get("status") == "False"
            for condition in (item.get("status") or {}).get("conditions") or ()
        )
    )


def why_it_stays(cluster: Cluster) -> str:
    """Return why a namespace that is being deleted stays, with the mend; empty if every API is served."""
    names = unserved(cluster)
    if not names:
        return ""
    return (
        f"the cluster removes no namespace while {', '.join(names)} has no server: have it answer again, or "
        f"`kubectl delete apiservice {' '.join(names)}`"
    )
