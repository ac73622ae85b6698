"""Put a replica on a cluster: its own objects, then the release by Helm, then wait until everything is ready.

Every step may be interrupted and run again: objects are applied, a release that an interruption left pending is
marked as failed (which is what Helm itself does when it is not killed), and a Lease keeps two runs apart.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from takeout.cluster.api import Cluster
from takeout.cluster.install import namespace_goes, put
from takeout.cluster.journal import LABEL, Journal, read_journal, write_journal
from takeout.cluster.lease import held
from takeout.cluster.plan import Plan
from takeout.cluster.refusals import CONFLICT
from takeout.cluster.releases import Releases, Revision
from takeout.cluster.run import Run, Wishes
from takeout.cluster.store import Object
from takeout.cluster.stuck import mend
from takeout.errors import ClusterError
from takeout.progress import Progress, silent


@dataclass(frozen=True, slots=True)
class Deployed:
    """What a deployment came to.

    Attributes:
        release: The release.
        namespace: The namespace.
        revision: Its revision now.
        upgraded: Whether it was there before.
        mended: What an earlier interruption had left, and was mended; empty where nothing.
        seconds: How long it took.
    """

    release: str
    namespace: str
    revision: int
    upgraded: bool
    mended: str = ""
    seconds: float = 0.0


def deploy(
    plan: Plan,
    cluster: Cluster,
    wishes: Wishes,
    *,
    tell: Callable[[str], None] = lambda _: None,
    progress: Progress = silent,
) -> Deployed:
    """Deploy ``plan`` and wait until it is ready.

    Args:
        plan: What is to be on the cluster.
        cluster: The cluster.
        wishes: How.
        tell: Told in words what happens and what is waited for.
        progress: Told about each step.

    Raises:
        ClusterError: When the cluster refuses, another deployment is under way, the release is another's, or it is
            not ready in time; the message says what is not ready and why.
        NetworkError: When the cluster goes away.
    """
    run = Run(plan, cluster, wishes, tell, progress)
    began = time.monotonic()
    made = _namespace(run)
    with (
        held(cluster, plan.namespace, plan.release, tell=tell) as left_behind,
        Releases(cluster, plan.namespace) as releases,
    ):
        journal = read_journal(cluster, plan.namespace, plan.release)
        last = releases.last(plan.release)
        if last is not None:
            _refuse_others(last, journal, wishes)
        mended = mend(cluster, releases, last, ours=left_behind) if last is not None else ""
        if mended:
            tell(mended)
            last = releases.last(plan.release)
        journal = journal or Journal(plan.release, str(plan.files.lock["hub"]["id"]), made)
        # Before anything is made: what is written down can be removed, even if this run ends here.
        journal = journal.with_objects(plan.manifests)
        write_journal(cluster, plan.namespace, journal)
        _apply(run)
        upgrade = last is not None
        put(run, releases, upgrade=upgrade)
        now = releases.last(plan.release)
    seconds = time.monotonic() - began
    return Deployed(plan.release, plan.namespace, now.number if now else 0, upgrade, mended, seconds)


def _namespace(run: Run) -> bool:
    """Make the namespace where it is not there; return whether it was made."""
    name = run.plan.namespace
    found = run.cluster.find("Namespace", name)
    if found is not None:
        labels = found["metadata"].get("labels") or {}
        if found["metadata"].get("deletionTimestamp"):
            raise namespace_goes(run.cluster, name, "is being deleted")
        # The run that made it may have been cut off before it could write its journal.
        return labels.get("app.kubernetes.io/managed-by") == "takeout"
    item = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/managed-by": "takeout"}},
    }
    run.tell(f"make the namespace {name}")
    try:
        run.cluster.create(item)
    except ClusterError as error:
        if error.status != CONFLICT:
            raise
    return True


def _refuse_others(last: Revision, journal: Journal | None, wishes: Wishes) -> None:
    if journal is None and not wishes.adopt:
        raise ClusterError(
            f"the namespace has a release {last.release} already ({last.chart}, {last.status}), "
            "which Takeout did not deploy",
            reason="Foreign",
            hint="look at `--diff`; then take it over with --adopt, or deploy elsewhere with --namespace",
        )


def _apply(run: Run) -> None:
    """Apply the replica's own objects, as the field manager takeout."""
    items = run.plan.manifests
    for number, item in enumerate(items):
        run.progress("the replica's own objects", number, len(items))
        if not run.cluster.has(f"{item['apiVersion']}/{item['kind']}"):
            run.tell(f"left out: {item['kind']}/{item['metadata']['name']}, a kind that the cluster does not know")
            continue
        run.cluster.apply(labelled(item, run.plan.release), run.plan.namespace, force=True)
    run.progress("the replica's own objects", len(items), len(items))


def labelled(item: Object, release: str) -> Object:
    """Return one of the replica's own objects with the label by which it is known."""
    metadata = item.get("metadata") or {}
    return {**item, "metadata": {**metadata, "labels": {**(metadata.get("labels") or {}), LABEL: release}}}
