"""What is worth a word about a hub beside its values."""

from __future__ import annotations

from takeout.errors import Fault, Where
from takeout.source.clusters import ClusterSpec, HubSpec
from takeout.source.eras.recognise import Layout
from takeout.source.tree import Tree
from takeout.values.node import Scalar, find


def hub_faults(tree: Tree, layout: Layout, cluster: ClusterSpec, hub: HubSpec) -> list[Fault]:
    """Return what is worth a word about one hub of a source."""
    faults = [Fault("copy", tree.told, Where(tree.label))] if tree.told else []
    faults += cluster.faults
    if hub.domain_override_file:
        faults.append(
            Fault(
                "domain-encrypted",
                f"the address of {hub.entry.name} stands in {hub.domain_override_file}, which is encrypted",
                Where(cluster.file, hub.line("domain_override_file")),
                "Give the new address with --domain.",
            )
        )
    elif not hub.domains:
        faults.append(
            Fault(
                "domain-missing",
                f"the hub {hub.entry.name} has no address",
                Where(cluster.file, hub.entry.line),
                "Give the new address with --domain.",
            )
        )
    docs = find(hub.node, ("config", "docs_service", "enabled"))
    if layout.deployer and isinstance(docs, Scalar) and docs.value is True:
        message = "the page /services/docs was served by the origin's own chart; it was left out"
        where = Where(cluster.file, docs.mark.line, path="docs_service.enabled")
        faults.append(Fault("docs-service-left-out", message, where, "Link to the documentation instead."))
    for directory in ("secrets/config/hubs", "secrets/config/clusters"):
        file = f"{directory}/{cluster.name}.cluster.yaml"
        if layout.deployer and tree.is_file(file):
            faults.append(_cluster_secrets(file))
    return faults


def jsonnet_missing(layout: Layout, hub: HubSpec) -> Fault:
    """Return the fault for a source whose charts' jsonnet was left out."""
    return Fault(
        "jsonnet-missing",
        "the source has no values.jsonnet for its chart, so what only that says is not known; "
        "the hub's addresses were filled in from its domain",
        Where(f"{layout.charts}/{hub.entry.chart}/values.jsonnet"),
        "Give a clone of the whole repository to have everything.",
    )


def _cluster_secrets(file: str) -> Fault:
    return Fault(
        "cluster-secrets",
        f"values of some of the cluster's hubs are encrypted in {file}, hub names and all; they are not known",
        Where(file),
        "Ask the operator which of them were this hub's.",
    )
