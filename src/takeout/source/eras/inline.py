"""E4: every hub's values stand in its cluster file, below ``config:``."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from takeout.errors import Fault, ValuesError, Where
from takeout.source.clusters import ClusterSpec, HubSpec
from takeout.source.documents import Documents
from takeout.source.model import Layer
from takeout.values.node import Mapping, Node, Scalar, Sequence, find, with_node
from takeout.values.path import Path, format_path

_LISTS = ("allowed_users", "admin_users")


@dataclass(frozen=True, slots=True)
class Staff:
    """The origin's staff, as ``staff.yaml`` lists them.

    Attributes:
        file: The file; empty where there is none.
        lists: Their ids by the name of the list, such as ``github_ids``.
    """

    file: str = ""
    lists: tuple[tuple[str, tuple[Node, ...]], ...] = ()


def read_staff(documents: Documents, cluster_files: tuple[str, ...]) -> Staff:
    """Return the staff lists beside the cluster files; empty ones where there are none."""
    for directory in dict.fromkeys(posixpath.dirname(file) for file in cluster_files):
        file = f"{directory}/staff.yaml"
        if documents.tree.is_file(file):
            staff = documents.read(file).values.entries.get("staff")
            if isinstance(staff, Mapping):
                lists = [(name, node.items) for name, node in staff.entries.items() if isinstance(node, Sequence)]
                return Staff(file, tuple(lists))
    return Staff()


def inline_layer(cluster: ClusterSpec, hub: HubSpec, jupyterhub: Path, staff: Staff) -> Layer:
    """Return the hub's inline values, the staff written out where a placeholder stood for them.

    Raises:
        ValuesError: When what stands below ``config:`` is no mapping.
    """
    config = hub.node.entries.get("config")
    if config is None or (isinstance(config, Scalar) and config.value is None):
        config = Mapping(mark=hub.node.mark)
    if not isinstance(config, Mapping):
        where = Where(cluster.file, config.mark.line, path="config")
        message = f"`config` of the hub {hub.entry.name} is not a mapping"
        raise ValuesError([Fault("not-a-mapping", message, where, "Write values below it.", fatal=True)])
    faults: list[Fault] = []
    for name in _LISTS:
        path = (*jupyterhub, "hub", "config", "Authenticator", name)
        node = find(config, path)
        if node is not None and _has_placeholder(node):
            expanded, unknown = _expand(node, staff)
            config = with_node(config, path, expanded)
            faults += [_unknown(cluster, placeholder, node, path) for placeholder in unknown]
    return Layer(cluster.file, "file", config, tuple(faults))


def _has_placeholder(node: Node) -> bool:
    items = node.items if isinstance(node, Sequence) else (node,)
    return any(_placeholder(item) for item in items)


def _placeholder(node: Node) -> str:
    value = node.value if isinstance(node, Scalar) else None
    return value if isinstance(value, str) and value.startswith("<staff_") and value.endswith(">") else ""


def _expand(node: Node, staff: Staff) -> tuple[Sequence, list[str]]:
    """Return the list with the staff at its end, as the deployer had it, and the placeholders without a list."""
    items = node.items if isinstance(node, Sequence) else (node,)
    asked = {placeholder for item in items if (placeholder := _placeholder(item))}
    kept = [item for item in items if not _placeholder(item)]
    for name, people in staff.lists:
        placeholder = f"<staff_{name}>"
        if placeholder in asked:
            asked.discard(placeholder)
            kept += people
    comments = node.comments if isinstance(node, Sequence) else Sequence().comments
    return Sequence(tuple(kept), node.mark, comments), sorted(asked)


def _unknown(cluster: ClusterSpec, placeholder: str, node: Node, path: Path) -> Fault:
    return Fault(
        "staff-unknown",
        f"{placeholder} stands for a list of people that the source does not have; it was left out",
        Where(cluster.file, node.mark.line, path=format_path(path)),
    )
