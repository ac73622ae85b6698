"""Keep a release's volumes when Helm uninstalls it, although its chart does not ask for that."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from takeout.cluster.api import Cluster
from takeout.cluster.records import documents, read_records, rewrite
from takeout.cluster.releases import Releases, Revision
from takeout.errors import ClusterError

VOLUMES = ("PersistentVolumeClaim", "PersistentVolume")
_KEEP = "helm.sh/resource-policy"


def protect(cluster: Cluster, releases: Releases, last: Revision) -> None:
    """Have the release's last record keep its volumes, as if the chart had said so.

    A record in the cluster is rewritten. One in a database is Helm's alone: there it is made to write another, by
    an upgrade to a chart that is nothing but what the release consists of, with the volumes kept.

    Raises:
        ClusterError: When Helm refuses that; then nothing was uninstalled.
    """
    records = read_records(cluster, releases.namespace, last.release, driver=releases.driver)
    if not records:
        keep_by_upgrade(releases, last)
        return
    record = records[-1]
    manifest = keeping(str(record.release.get("manifest") or ""))
    if manifest != record.release.get("manifest"):
        rewrite(cluster, record, {**record.release, "manifest": manifest})


def keep_by_upgrade(releases: Releases, last: Revision) -> None:
    """Have Helm write another revision of a release, with its volumes kept.

    Raises:
        ClusterError: When Helm refuses that.
    """
    before = releases.manifest(last.release)
    manifest = keeping(before)
    if manifest == before:
        return
    with tempfile.TemporaryDirectory(prefix="takeout-keep-") as directory:
        chart = Path(directory, "chart")
        (chart / "templates").mkdir(parents=True)
        about = {"apiVersion": "v2", "name": last.chart_name or "kept", "version": last.chart_version or "0.0.0"}
        (chart / "Chart.yaml").write_text(json.dumps(about), encoding="utf-8")
        (chart / "manifest.yaml").write_text(manifest, encoding="utf-8")
        (chart / "templates" / "all.yaml").write_text('{{ .Files.Get "manifest.yaml" }}', encoding="utf-8")
        try:
            releases.rewrite(chart, last)
        except ClusterError as error:
            raise ClusterError(
                f"its claims cannot be protected, so {last.release} stays as it is: {error.message}",
                status=error.status,
                reason=error.reason,
                hint="annotate its claims with helm.sh/resource-policy: keep by an upgrade, then run this again",
            ) from error


def keeping(manifest: str) -> str:
    """Return a manifest whose claims and volumes Helm keeps when it uninstalls the release."""
    import yaml  # noqa: PLC0415 - only where a manifest is written

    parts = []
    is_changed = False
    for text, item in documents(manifest):
        metadata = item.get("metadata") or {}
        annotations = metadata.get("annotations") or {}
        if item["kind"] not in VOLUMES or annotations.get(_KEEP) == "keep":
            parts.append(text)
            continue
        is_changed = True
        kept = {**item, "metadata": {**metadata, "annotations": {**annotations, _KEEP: "keep"}}}
        parts.append("\n" + yaml.safe_dump(kept, sort_keys=False))
    return "\n".join("---" + text.rstrip("\n") for text in parts) + "\n" if is_changed else manifest
