"""What Helm says of a hub's release: out of its record in the cluster, or out of a database by its own code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from takeout.cluster.api import Cluster
from takeout.cluster.doctor.facts import Facts
from takeout.cluster.doctor.picture import read_release
from takeout.cluster.doctor.snapshot import Unread
from takeout.cluster.records import Record, read_records, storage_driver
from takeout.cluster.refusals import FORBIDDEN
from takeout.errors import ClusterError


def read_facts(cluster: Cluster, namespace: str, release: str) -> tuple[Facts, list[Unread]]:
    """Return what the release's last record says, and what could not be read."""
    driver = storage_driver()
    try:
        if driver == "sql":
            found = _told_by_helm(cluster, namespace, release)
        else:
            records = read_records(cluster, namespace, release, driver=driver)
            found = of_record(records[-1]) if records else None
    except ClusterError as error:
        return Facts(release=release), [Unread("the release", why(error))]
    if found is None:
        return Facts(release=release), [Unread("the release", f"Helm has no record of {release or 'one'} here")]
    return read_release(found), []


def _told_by_helm(cluster: Cluster, namespace: str, release: str) -> dict[str, Any] | None:
    """Return what Helm tells of a release that it keeps in a database; None where it has none."""
    from takeout.cluster.releases import Releases  # noqa: PLC0415 - 80 MB of Go, and seldom needed

    with Releases(cluster, namespace, "sql") as releases:
        revisions = releases.history(release) if release else releases.all()
        if not revisions:
            return None
        last = revisions[-1]
        chart, _, version = last.chart.partition("-")
        return {
            "name": last.release,
            "chart": chart,
            "version": version,
            "revision": last.number,
            "status": last.status,
            "updated": last.changed,
            "values": releases.values(last.release, whole=True, revision=last.number),
        }


def of_record(record: Record) -> dict[str, Any]:
    """Return what a diagnosis takes out of Helm's record: its values are the release's over the chart's."""
    chart = record.release.get("chart") or {}
    name, version = record.chart
    defaults = chart.get("values") or {}
    return {
        "name": record.release.get("name"),
        "chart": name,
        "version": version,
        "revision": record.revision,
        "status": record.status,
        "description": (record.release.get("info") or {}).get("description"),
        "updated": record.changed,
        "values": _over(defaults, record.release.get("config") or {}),
    }


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return values over others as Helm lays them: mappings merge, a null takes away."""
    merged = dict(below)
    for key, value in above.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = _over(merged[key], value)
        else:
            merged[key] = value
    return merged


def why(error: ClusterError) -> str:
    """Return why something could not be read, in a word where there is one."""
    return "not allowed" if error.status == FORBIDDEN else error.message
