"""The nets over every hub of a real repository, as the origin has it: they find what is known to be missing."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

from takeout.adapt.context import Context
from takeout.adapt.nets import Finding, cast
from takeout.replica.build import merge
from takeout.source import open_source
from takeout.targets import load_target
from takeout.values.merge import lift

# What every hub waits for when only the values are taken along.
EVERYWHERE = {
    "ClusterIssuer/letsencrypt-prod",
    "ConfigMap/basehub-cluster-info",
    "ConfigMap/hub-custom-templates-config",
    "ConfigMap/usage-quotas-config",
    "Namespace/support",
    "Secret/prometheus-auth",
    "Service/support-prometheus-server.support",
    "ServiceAccount/user-sa",
}


@cache
def caught(snapshot: Path) -> dict[str, list[Finding]]:
    """Return what the nets catch in each hub, with a target that offers nothing."""
    source = open_source(str(snapshot))
    found = {}
    for hub in source.hubs():
        configuration = source.load(hub)
        context = Context(configuration.facts, load_target("any"), configuration.terms)
        found[hub.id] = cast(lift(merge(configuration), configuration.jupyterhub), [], context)
    return found


def test_every_hub_waits_for_what_only_the_origins_chart_makes(snapshot: Path) -> None:
    hubs = caught(snapshot)
    assert len(hubs) == 145
    for hub, findings in hubs.items():
        missing = {f.subject for f in findings if f.net == "references"}
        assert missing >= EVERYWHERE, hub
    claims = [hub for hub, found in hubs.items() if "PersistentVolumeClaim/home-nfs" in {f.subject for f in found}]
    assert len(claims) == 138


def test_no_false_alarm_about_what_the_charts_make(snapshot: Path) -> None:
    others = Counter(
        f.subject for found in caught(snapshot).values() for f in found if f.net == "references"
    ).keys() - (EVERYWHERE | {"PersistentVolumeClaim/home-nfs"})
    # each of these was looked at: a class of one cloud, a host of a companion that is off, a host of another hub
    assert others == {
        "Service/binderhub",
        "Service/storage-quota-home-nfs.spyglass",
        "StorageClass/managed-premium",
    }


def test_every_hub_mentions_the_origin_and_demands_its_nodes(snapshot: Path) -> None:
    for hub, findings in caught(snapshot).items():
        subjects = {f.subject for f in findings}
        assert {"09-2i2c-add-staff-gh-team", "03-2i2c-add-staff-user-ids-to-admin-users"} <= subjects, hub
        assert {
            "label:hub.jupyter.org/node-purpose=core",
            "label:hub.jupyter.org/node-purpose=user",
        } <= subjects, hub


def test_what_belongs_to_the_community_is_no_mention_of_the_origin(snapshot: Path) -> None:
    origin = {f.subject for found in caught(snapshot).values() for f in found if f.net == "origin"}
    assert not {
        s for s in origin if s.startswith(("quay.io/jupyter", "quay.io/pangeo", "https://github.com/jupyter"))
    }
