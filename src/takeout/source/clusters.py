"""Cluster files: which hubs there are, and what their source says of them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from takeout.errors import Fault, ValuesError, Where
from takeout.source.documents import Documents
from takeout.source.model import HubEntry
from takeout.values.node import Data, Mapping, Node, Scalar, Sequence, to_data


@dataclass(frozen=True, slots=True)
class HubSpec:
    """One hub of a cluster file.

    Attributes:
        entry: The hub in short.
        node: Its whole entry in the file.
        domains: Every address; a hub may have had several in the older eras.
        domain_override_file: The file that has the real address, encrypted; empty where there is none.
    """

    entry: HubEntry
    node: Mapping
    domains: tuple[str, ...] = ()
    domain_override_file: str = ""

    def text(self, key: str) -> str:
        """Return the hub's own ``key``; empty where it has none."""
        return text_of(self.node, key)

    def line(self, key: str) -> int:
        """Return the line of the hub's own ``key``, or the hub's."""
        node = self.node.entries.get(key)
        return node.mark.line if node is not None else self.entry.line

    def without_values(self) -> Data:
        """Return the entry as plain data, inline values left out."""
        return {key: to_data(node) for key, node in self.node.entries.items() if key != "config"}


@dataclass(frozen=True, slots=True)
class ClusterSpec:
    """One cluster file.

    Attributes:
        name: The cluster's name.
        file: The file.
        facts: All that it says, hubs left out.
        hubs: Its hubs, in order.
    """

    name: str
    file: str
    facts: dict[str, Data]
    hubs: tuple[HubSpec, ...]

    @property
    def directory(self) -> str:
        """Where the paths in the file start from."""
        return posixpath.dirname(self.file)

    def domains(self) -> Iterator[str]:
        """Yield the address of every hub."""
        for hub in self.hubs:
            yield from hub.domains


def read_clusters(documents: Documents, files: Iterable[str]) -> tuple[ClusterSpec, ...]:
    """Return what every cluster file says.

    Raises:
        ValuesError: With everything that is wrong in any of them.
    """
    clusters: list[ClusterSpec] = []
    faults: list[Fault] = []
    for file in files:
        try:
            cluster = _read_cluster(documents, file)
        except ValuesError as error:
            faults += error.faults
        else:
            clusters.append(cluster)
            faults += _duplicates(cluster)
    faults += _namesakes(clusters)
    if faults:
        raise ValuesError(faults)
    return tuple(clusters)


def _read_cluster(documents: Documents, file: str) -> ClusterSpec:
    values = documents.read(file).values
    name = text_of(values, "name") or _name_of(file)
    hubs = values.entries.get("hubs")
    if hubs is None:
        raise ValuesError([_fault("no-hubs", "the cluster file has no hubs", file, values, "Add a list `hubs:`.")])
    if isinstance(hubs, Scalar) and hubs.value is None:
        hubs = Sequence()
    if not isinstance(hubs, Sequence):
        raise ValuesError([_fault("no-hubs", "`hubs` is not a list", file, hubs, "Write one `- name: …` a hub.")])
    provider = text_of(values, "provider")
    specs: list[HubSpec] = []
    faults: list[Fault] = []
    for position, node in enumerate(hubs.items):
        if not isinstance(node, Mapping) or not text_of(node, "name"):
            faults.append(
                _fault("hub-without-name", f"hub {position + 1} has no name", file, node, "Add `name:`.")
            )
        else:
            specs.append(_read_hub(node, name, provider, file))
    if faults:
        raise ValuesError(faults)
    facts = {key: to_data(node) for key, node in values.entries.items() if key != "hubs"}
    return ClusterSpec(name, file, facts, tuple(specs))


def _read_hub(node: Mapping, cluster: str, provider: str, file: str) -> HubSpec:
    domain = node.entries.get("domain")
    listed: Iterable[Node] = (
        domain.items if isinstance(domain, Sequence) else (domain,) if domain is not None else ()
    )
    domains = tuple(
        item.value.strip().removeprefix("https://").rstrip("/").lower()
        for item in listed
        if isinstance(item, Scalar) and isinstance(item.value, str) and item.value.strip()
    )
    entry = HubEntry(
        cluster=cluster,
        name=text_of(node, "name"),
        title=text_of(node, "display_name"),
        domain=domains[0] if domains else "",
        chart=text_of(node, "helm_chart") or text_of(node, "template"),
        provider=provider,
        file=file,
        line=_line(node),
    )
    return HubSpec(entry, node, domains, text_of(node, "domain_override_file"))


def _duplicates(cluster: ClusterSpec) -> Iterator[Fault]:
    seen: dict[str, int] = {}
    for hub in cluster.hubs:
        name = hub.entry.name
        if name in seen:
            yield _fault(
                "duplicate-hub",
                f"the hub {name} is listed twice, first in line {seen[name]}",
                cluster.file,
                hub.node,
                "Give each hub of a cluster a name of its own.",
            )
        seen.setdefault(name, hub.entry.line)


def _namesakes(clusters: Iterable[ClusterSpec]) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for cluster in clusters:
        if cluster.name in seen:
            message = f"the cluster {cluster.name} has two files; the other is {seen[cluster.name]}"
            hint = "Give each cluster a `name` of its own."
            yield Fault("duplicate-cluster", message, Where(cluster.file, path="name"), hint, fatal=True)
        seen.setdefault(cluster.name, cluster.file)


def text_of(mapping: Mapping, key: str) -> str:
    """Return the scalar at ``key`` as text; empty where there is none."""
    node = mapping.entries.get(key)
    if not isinstance(node, Scalar) or node.value is None:
        return ""
    return str(node.value).strip()


def _line(node: Node) -> int:
    """Return the first line of ``node``."""
    lines = [node.mark.line]
    if isinstance(node, Mapping):
        lines += [child.mark.line for child in node.entries.values()]
    return min((line for line in lines if line), default=0)


def _fault(code: str, message: str, file: str, node: Node, hint: str) -> Fault:
    return Fault(code, message, Where(file, _line(node)), hint, fatal=True)


def _name_of(file: str) -> str:
    name = posixpath.basename(file)
    if name == "cluster.yaml":
        return posixpath.basename(posixpath.dirname(file))
    return name.removesuffix(".cluster.yaml")
