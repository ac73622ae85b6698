"""Cluster files: which hubs there are, and what their source says of them."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator
from collections.abc import Sequence as SequenceABC
from dataclasses import dataclass, replace
from itertools import count

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
        faults: What is worth a word and keeps nothing from being read.
    """

    name: str
    file: str
    facts: dict[str, Data]
    hubs: tuple[HubSpec, ...]
    faults: tuple[Fault, ...] = ()

    @property
    def directory(self) -> str:
        """Where the paths in the file start from."""
        return posixpath.dirname(self.file)

    def domains(self) -> Iterator[str]:
        """Yield the address of every hub."""
        for hub in self.hubs:
            yield from hub.domains


def read_clusters(documents: Documents, files: Iterable[str]) -> tuple[ClusterSpec, ...]:
    """Return what every cluster file says; clusters that share a name are told apart by their files.

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
    if faults:
        raise ValuesError(faults)
    return _told_apart(clusters)


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


def _told_apart(clusters: SequenceABC[ClusterSpec]) -> tuple[ClusterSpec, ...]:
    """Return the clusters, each with a name of its own.

    Of two that share a name, as a copied cluster file does until somebody looks, the one whose file is called so
    keeps it; the other is called as its file is.
    """
    named_by_file = {cluster.name for cluster in clusters if cluster.name == _name_of(cluster.file)}
    counts = Counter(cluster.name for cluster in clusters)
    taken: dict[str, str] = {}
    told: list[ClusterSpec] = []
    for cluster in clusters:
        name = cluster.name
        if counts[name] > 1 and (name in taken or name in named_by_file) and _name_of(cluster.file) != name:
            name = _free_name(_name_of(cluster.file), {*counts, *taken})
            cluster = _renamed(cluster, name)  # noqa: PLW2901 - the same cluster under another name
        taken[name] = cluster.file
        told.append(cluster)
    return tuple(told)


def _free_name(name: str, taken: set[str]) -> str:
    return next(free for n in count(1) if (free := name if n == 1 else f"{name}-{n}") not in taken)


def _renamed(cluster: ClusterSpec, name: str) -> ClusterSpec:
    message = (
        f"the file says that its cluster is {cluster.name}, and so does another; this one is listed as {name}, "
        "after its file"
    )
    fault = Fault("duplicate-cluster", message, Where(cluster.file, path="name"), "Give each cluster a `name`.")
    hubs = tuple(replace(hub, entry=replace(hub.entry, cluster=name)) for hub in cluster.hubs)
    return replace(cluster, name=name, hubs=hubs, faults=(*cluster.faults, fault))


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
