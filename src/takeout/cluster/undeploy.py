"""Remove what a deployment made, and keep every claim that holds homes unless it is named."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from takeout.cluster.aggregated import why_it_stays
from takeout.cluster.api import Cluster
from takeout.cluster.journal import LABEL, Journal, read_journal
from takeout.cluster.keep import VOLUMES, protect
from takeout.cluster.lease import held
from takeout.cluster.records import read_records
from takeout.cluster.releases import Releases
from takeout.cluster.store import Object
from takeout.cluster.stuck import mend
from takeout.errors import ClusterError, OptionError

_SERVERS = "app=jupyterhub,component=singleuser-server"
_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Undeployed:
    """What was removed, and what was kept.

    Attributes:
        removed: What is gone, in words.
        kept: Claims, and whatever else stays, each with the reason.
    """

    removed: tuple[str, ...]
    kept: tuple[str, ...]


def undeploy(
    cluster: Cluster,
    namespace: str,
    release: str,
    *,
    delete_homes: Collection[str] = (),
    adopt: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Undeployed:
    """Remove a release that Takeout deployed.

    Every claim stays: those of homes, the hub's database, the disk of a home server. A chart does not protect them
    (``helm uninstall`` deletes its claims), so the release's record is told to keep them first.

    Args:
        cluster: The cluster.
        namespace: The release's namespace.
        release: The release.
        delete_homes: Claims to delete after all, each as ``NAMESPACE/NAME``.
        adopt: Whether a release that Takeout did not deploy may be removed too.
        tell: Told what happens.

    Raises:
        OptionError: When ``delete_homes`` names a claim that is not there.
        ClusterError: When Takeout has not deployed this release, or another deployment is under way.
    """
    if cluster.find("Namespace", namespace) is None:
        return Undeployed((), (f"there is no namespace {namespace}: nothing to remove",))
    doomed = _doomed(cluster, namespace, delete_homes)
    with (
        held(cluster, namespace, release, tell=tell) as left_behind,
        Releases(cluster, namespace) as releases,
    ):
        journal = read_journal(cluster, namespace, release)
        last = releases.last(release)
        if journal is None and last is None:
            return Undeployed((), (f"nothing of {release} is in the namespace {namespace}",))
        if journal is None and adopt:
            journal = Journal(release)
        if journal is None:
            raise ClusterError(
                f"Takeout has not deployed the release {release} in the namespace {namespace}",
                reason="Foreign",
                hint="--adopt removes it all the same, and keeps its claims; `helm uninstall` would delete them",
            )
        removed = _servers(cluster, namespace, tell)
        if last is not None:
            mend(cluster, releases, last, ours=left_behind)
            protect(cluster, releases, last)
            tell(f"helm uninstall {release}")
            _uninstall(cluster, releases, release)
            removed.append(f"the release {release}")
        removed += _own(cluster, namespace, journal)
        removed += _homes(cluster, namespace, doomed)
        kept = _kept(cluster, namespace)
        if not kept:  # what is kept may be removed later, and whose the namespace is must be known then
            cluster.delete("ConfigMap", f"takeout-{release}", namespace)
    if _remove_namespace(cluster, namespace, journal, kept):
        removed.append(f"the namespace {namespace}")
        if stays := why_it_stays(cluster):
            tell(f"the namespace {namespace} is being deleted, and stays so: {stays}")
    return Undeployed(tuple(removed), tuple(kept))


def _doomed(cluster: Cluster, namespace: str, named: Collection[str]) -> list[str]:
    names = []
    for text in named:
        space, _, name = text.partition("/")
        if not name or space != namespace:
            raise OptionError(
                f"not a claim of this hub: {text!r}", hint=f"--delete-homes {namespace}/NAME, again for more"
            )
        if cluster.find("PersistentVolumeClaim", name, namespace) is None:
            have = [str(item["metadata"]["name"]) for item in cluster.list("PersistentVolumeClaim", namespace)]
            raise OptionError(
                f"there is no claim {name} in the namespace {namespace}",
                hint=f"it has: {', '.join(have)}" if have else "it has none",
            )
        names.append(name)
    return names


def _servers(cluster: Cluster, namespace: str, tell: Callable[[str], None]) -> list[str]:
    """Stop people's servers: the hub made them, and Helm does not know of them."""
    pods = [str(pod["metadata"]["name"]) for pod in cluster.list("Pod", namespace, labels=_SERVERS)]
    if pods:
        tell(f"stop {len(pods)} servers")
    for name in pods:
        cluster.delete("Pod", name, namespace)
    return [f"{len(pods)} servers of people"] if pods else []


def _uninstall(cluster: Cluster, releases: Releases, release: str) -> None:
    try:
        releases.uninstall(release, _SECONDS)
    except ClusterError:
        # Helm leaves it as `uninstalling`, as if it were still at work.
        last = releases.last(release)
        if last is not None:
            mend(cluster, releases, last, ours=True)
        raise


def _own(cluster: Cluster, namespace: str, journal: Journal) -> list[str]:
    """Remove the replica's own objects, volumes apart; one that is another's by now stays."""
    removed = []
    for kind, name in reversed(journal.objects):
        if kind.rpartition("/")[2] in VOLUMES:
            continue
        found = cluster.find(kind, name, namespace)
        if found is None or (found["metadata"].get("labels") or {}).get(LABEL) != journal.release:
            continue
        if cluster.delete(kind, name, namespace, uid=found["metadata"]["uid"]):
            removed.append(f"{kind.rpartition('/')[2]}/{name}")
    return removed


def _homes(cluster: Cluster, namespace: str, names: list[str]) -> list[str]:
    for name in names:
        cluster.delete("PersistentVolumeClaim", name, namespace)
    return [f"the claim {name}, with what it held unless its volume is retained" for name in names]


def _kept(cluster: Cluster, namespace: str) -> list[str]:
    return [
        f"the claim {namespace}/{item['metadata']['name']} ({_size(item)})"
        for item in cluster.list("PersistentVolumeClaim", namespace)
        if not item["metadata"].get("deletionTimestamp")
    ]


def _size(item: Mapping[str, Any]) -> str:
    spec = item.get("spec") or {}
    held = (item.get("status") or {}).get("capacity") or (spec.get("resources") or {}).get("requests") or {}
    return str(held.get("storage") or "no size")


def _pods(cluster: Cluster, namespace: str) -> list[Object]:
    return [pod for pod in cluster.list("Pod", namespace) if not pod["metadata"].get("deletionTimestamp")]


def _remove_namespace(cluster: Cluster, namespace: str, journal: Journal, kept: list[str]) -> bool:
    """Delete the namespace if it was made for the hub and nothing that counts is left in it."""
    if not journal.made_namespace or kept:
        return False
    if any(True for _ in read_records(cluster, namespace)) or _pods(cluster, namespace):
        kept.append(f"the namespace {namespace}: something else lives in it, or still ends")
        return False
    return cluster.delete("Namespace", namespace)
