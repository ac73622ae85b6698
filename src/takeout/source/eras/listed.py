"""E5 to E7: each hub names its values files in its cluster file, lowest first."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping as MappingABC

from takeout.errors import Fault, ValuesError, Where
from takeout.source.clusters import ClusterSpec, HubSpec
from takeout.source.documents import Documents
from takeout.source.model import Layer
from takeout.source.tree import Tree
from takeout.values.node import Scalar, Sequence

_FILES = "helm_chart_values_files"

JsonnetVars = MappingABC[str, str]


def listed_layers(documents: Documents, cluster: ClusterSpec, hub: HubSpec, ext_vars: JsonnetVars) -> list[Layer]:
    """Return the layers of the files that ``hub`` lists.

    Raises:
        ValuesError: With everything that is wrong in them, or missing of them.
    """
    layers: list[Layer] = []
    faults: list[Fault] = []
    for name, line in _listed(cluster, hub):
        path = posixpath.normpath(posixpath.join(cluster.directory, name))
        if not _is_there(documents.tree, path):
            faults.append(_missing(cluster, hub, name, line))
            continue
        try:
            layers.append(to_layer(documents, path, ext_vars))
        except ValuesError as error:
            faults += error.faults
    if faults:
        raise ValuesError(faults)
    return layers


def to_layer(documents: Documents, path: str, ext_vars: JsonnetVars) -> Layer:
    """Return one values file as a layer.

    Raises:
        ValuesError: When it cannot be read.
    """
    loaded = documents.read(path, ext_vars)
    return Layer(path, loaded.kind, loaded.values, loaded.faults)


def external_variables(cluster: ClusterSpec, hub: HubSpec) -> dict[str, str]:
    """Return what ``std.extVar`` gives to a hub's jsonnet, by both families of names that there were.

    Source: src/deployer/utils/jsonnet.py and src/deployer/infra_components/cluster.py of the source.
    """
    provider = cluster.facts.get(hub.entry.provider)
    about = provider if isinstance(provider, dict) else {}
    known = {
        "CLUSTER_NAME": str(about.get("clusterName") or cluster.name),
        "HUB_NAME": hub.entry.name,
        "HUB_DOMAIN": hub.entry.domain,
        "PROVIDER": hub.entry.provider,
        # Python's None, as the deployer's formatting wrote it where a provider has no account.
        "ACCOUNT_ID": str(about.get("account", about.get("project"))),
    }
    return {f"{prefix}{name}": value for prefix in ("VARS_2I2C_", "2I2C_VARS.") for name, value in known.items()}


def _listed(cluster: ClusterSpec, hub: HubSpec) -> list[tuple[str, int]]:
    node = hub.node.entries.get(_FILES)
    if node is None or (isinstance(node, Scalar) and node.value is None):
        return []
    if not isinstance(node, Sequence):
        where = Where(cluster.file, node.mark.line, path=_FILES)
        message = f"`{_FILES}` of the hub {hub.entry.name} is not a list"
        raise ValuesError([Fault("not-a-list", message, where, "Write one `- FILE` a line.", fatal=True)])
    return [
        (str(item.value), item.mark.line)
        for item in node.items
        if isinstance(item, Scalar) and item.value is not None
    ]


def _is_there(tree: Tree, path: str) -> bool:
    return not path.startswith("../") and tree.exists(path)


def _missing(cluster: ClusterSpec, hub: HubSpec, name: str, line: int) -> Fault:
    return Fault(
        "values-file-missing",
        f"the hub {hub.entry.name} lists {name}, and there is no such file in {cluster.directory}",
        Where(cluster.file, line, path=_FILES),
        f"Add {cluster.directory}/{name}, or take the line out.",
        fatal=True,
    )
