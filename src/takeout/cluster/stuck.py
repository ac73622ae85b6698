"""A release that an interruption left in the middle of something: recognise it, and put it in order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from takeout.cluster.api import Cluster
from takeout.cluster.records import Record, read_records, rewrite
from takeout.cluster.releases import PENDING, Releases, Revision
from takeout.errors import ClusterError

_AT_WORK = timedelta(minutes=60)
"""For how long somebody else's Helm may be at work before it counts as interrupted; its own limits are shorter."""

_AT_WORK_ON = (*PENDING, "uninstalling")
_DESCRIPTION = "interrupted; marked as failed by takeout"


def mend(cluster: Cluster, releases: Releases, last: Revision, *, ours: bool, now: datetime | None = None) -> str:
    """Put a release in order that an interruption left pending, and say what was done; nothing where all is well.

    Helm refuses to touch a release that is pending, and marks one as failed when it notices the interruption
    itself. Its objects stay as they are: the next upgrade takes them over, and makes those that an uninstallation
    removed.

    Args:
        cluster: The cluster.
        releases: The namespace's releases.
        last: The release's last revision.
        ours: Whether an earlier run of Takeout left its Lease behind: then nobody else is at work.
        now: The time.

    Raises:
        ClusterError: When somebody else may be at work on it, or the record is where Takeout cannot write.
    """
    if last.status not in (*_AT_WORK_ON, "uninstalled"):
        return ""
    record = _record(cluster, releases, last)
    since = _time(record.changed)
    if (
        last.status in _AT_WORK_ON
        and not ours
        and since is not None
        and (now or datetime.now(UTC)) - since < _AT_WORK
    ):
        raise ClusterError(
            f"the release {last.release} is {last.status} since {since:%H:%M} UTC: somebody's Helm may be at work",
            reason="Busy",
            hint="wait for it; if it was interrupted, "
            f"`helm rollback {last.release} --namespace {releases.namespace}`",
        )
    info = {**record.release.get("info", {}), "status": "failed", "description": _DESCRIPTION}
    rewrite(cluster, record, {**record.release, "info": info})
    return f"the release {last.release} was left {last.status} by an interruption: marked as failed, and going on"


def _record(cluster: Cluster, releases: Releases, last: Revision) -> Record:
    records = read_records(cluster, releases.namespace, last.release, driver=releases.driver)
    found = next((record for record in records if record.revision == last.number), None)
    if found is None:
        raise ClusterError(
            f"the release {last.release} is {last.status}, and its record is not in the cluster "
            f"(HELM_DRIVER is {releases.driver})",
            reason="Busy",
            hint=f"`helm rollback {last.release} --namespace {releases.namespace}`, then run this again",
        )
    return found


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
