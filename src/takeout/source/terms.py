"""The strings that tie values to the organisation that ran a hub, learned from the source alone.

A hub's own cluster and hub names are its community's (``leap``, ``temple``, ``staging``) and never terms. The
organisation is what many clusters have in common: the parent of their addresses, the key under ``metadata:`` in
their files, the key under ``custom:`` that has lists of staff, the owner of the repository.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from takeout.adapt.terms import Term
from takeout.source.clusters import ClusterSpec, HubSpec
from takeout.source.eras.inline import Staff
from takeout.source.model import Layer
from takeout.values.node import Data, Mapping, Scalar, walk
from takeout.values.node import Sequence as SequenceNode
from takeout.values.path import Path

_SECOND_LEVEL = ("ac", "co", "com", "edu", "gov", "net", "ne", "or", "org")
_COUNTRY_LETTERS = 2
_SHORTEST = 3
"""A shorter term would be found everywhere."""

_SHARED_CLUSTERS_MIN = 3
_MAIL_PROVIDERS = (
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "hotmail.com",
    "yahoo.com",
    "icloud.com",
    "proton.me",
)
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::(?P<account>\d{12}):[\w+=,.@/-]+")
_SERVICE_ACCOUNT = re.compile(r"[a-z0-9-]+@(?P<project>[a-z0-9-]+)\.iam\.gserviceaccount\.com")
_BUCKET = re.compile(r"\b(?:s3|gs|gcs|az|abfs)://(?P<name>[a-z0-9][a-z0-9._-]{2,62})")
_ACCOUNT_KEYS = ("account", "project", "account_id", "subscription", "billing_id", "tenant_id")
_CLUSTER_KEYS = ("cluster", "clusterName", "resource_group", "stateStore")
_STAFF = re.compile(r"staff_\w*ids")


class Terms:
    """The terms of a source's hubs.

    Args:
        clusters: Every cluster of the source.
        owner: The owner of the repository; empty where unknown.
        staff: The lists of staff that lie beside the cluster files.
        charts: The defaults of every chart of the source; the staff that one names are the staff of all.
    """

    def __init__(
        self, clusters: Sequence[ClusterSpec], owner: str, staff: Staff, charts: Iterable[Layer] = ()
    ) -> None:
        self._clusters = clusters
        self._owner = owner
        beside = _people([node for _, people in staff.lists for node in people], staff.file)
        in_charts = [term for layer in charts for term in _in_values(layer) if term.kind == "person"]
        self._staff = (*beside, *in_charts)
        self._parents = _shared_parents(clusters)
        self._found: dict[int, tuple[Mapping, tuple[Term, ...]]] = {}

    def of_hub(self, cluster: ClusterSpec, hub: HubSpec, layers: Iterable[Layer]) -> tuple[Term, ...]:
        """Return the terms that matter for ``hub``, each text once."""
        in_values = [term for layer in layers for term in self._of_layer(layer)]
        names = [term for term in in_values if term.kind == "organisation"]
        # What lies below a shared parent is found by the parent; a cluster may have a hundred hubs.
        others = [domain for domain in cluster.domains() if _registrable(domain) not in self._parents]
        terms: list[Term] = [Term(domain, "domain", cluster.file) for domain in (*hub.domains, *others)]
        terms += [Term(parent, "domain", cluster.file) for parent in self._parents]
        terms += self._organisation({term.text for term in names}, cluster)
        terms += names
        terms += _of_provider(cluster)
        terms += [term for term in in_values if term.kind != "organisation"]
        terms += self._staff
        terms += _mail_domains(terms)
        own = {cluster.name.lower(), hub.entry.name.lower()}
        unique: dict[str, Term] = {}
        for term in terms:
            if len(term.text) >= _SHORTEST and (term.kind == "organisation" or term.text.lower() not in own):
                unique.setdefault(term.text.lower(), term)
        return tuple(unique.values())

    def _organisation(self, staffed: set[str], cluster: ClusterSpec) -> Iterator[Term]:
        """Yield the organisation's names: what at least two independent places, or most clusters, say."""
        keys = Counter(key for each in self._clusters for key in _metadata_keys(each))
        labels = [parent.split(".")[0] for parent in self._parents]
        many = len(self._clusters) >= _SHARED_CLUSTERS_MIN
        for label in labels:
            if many or label in keys or label in staffed or self._owner.lower().startswith(label):
                yield Term(label, "organisation", cluster.file)
        for key, count in keys.items():
            if key in labels or key in staffed or (many and count * 2 >= len(self._clusters)):
                yield Term(key, "organisation", cluster.file)
        if self._owner:
            yield Term(self._owner, "organisation", "git remote")

    def _of_layer(self, layer: Layer) -> tuple[Term, ...]:
        found = self._found.get(id(layer.values))
        if found is None:
            # The values are kept beside their terms, so that no other object can get the same id.
            found = (layer.values, tuple(_in_values(layer)))
            self._found[id(layer.values)] = found
        return found[1]


def _in_values(layer: Layer) -> Iterator[Term]:
    for path, node in walk(layer.values):
        if isinstance(node, SequenceNode) and _is_staff_list(path):
            yield Term(str(path[-2]), "organisation", layer.file)
            yield from _people(node.items, layer.file)
        elif isinstance(node, Scalar) and isinstance(node.value, str):
            yield from _in_text(node.value, path, layer.file)


def _in_text(text: str, path: Path, file: str) -> Iterator[Term]:
    if "arn:" in text:
        for role in _ROLE.finditer(text):
            yield Term(role["account"], "account", file)
            yield Term(role[0], "address", file)
    if "gserviceaccount" in text:
        for account in _SERVICE_ACCOUNT.finditer(text):
            yield Term(account["project"], "account", file)
            yield Term(account[0], "address", file)
    if "://" in text and any(isinstance(step, str) and "bucket" in step.lower() for step in path[-2:]):
        for bucket in _BUCKET.finditer(text):
            yield Term(bucket["name"], "bucket", file)


def _is_staff_list(path: Path) -> bool:
    return (
        len(path) >= 3  # noqa: PLR2004 - custom, the organisation, the list
        and path[-3] == "custom"
        and isinstance(path[-1], str)
        and _STAFF.fullmatch(path[-1]) is not None
    )


def _people(nodes: Iterable[object], file: str) -> Iterator[Term]:
    for node in nodes:
        if isinstance(node, Scalar) and isinstance(node.value, str) and node.value.strip():
            yield Term(node.value.strip(), "person", file)


def _mail_domains(terms: Iterable[Term]) -> list[Term]:
    """Return the domains of the staff's addresses, unless they are of a service that anyone may use."""
    domains: dict[str, Term] = {}
    for term in terms:
        if term.kind == "person" and "@" in term.text:
            domain = term.text.rpartition("@")[2].lower()
            if domain not in _MAIL_PROVIDERS:
                domains.setdefault(domain, Term(domain, "domain", term.told_by))
    return list(domains.values())


def _of_provider(cluster: ClusterSpec) -> Iterator[Term]:
    provider = cluster.facts.get(str(cluster.facts.get("provider")))
    for key, value in _scalars(provider):
        text = str(value)
        if key in _ACCOUNT_KEYS and text.lower() != cluster.name.lower():
            yield Term(text, "account", cluster.file)
        elif key in _CLUSTER_KEYS and re.search(r"[\W_\d]", text):
            # A plain word is what the community calls itself; the cloud's own names are compounds.
            yield Term(text, "cluster", cluster.file)


def _scalars(data: Data) -> Iterator[tuple[str, Data]]:
    for key, value in data.items() if isinstance(data, dict) else ():
        if isinstance(value, dict):
            yield from _scalars(value)
        elif isinstance(value, str | int) and not isinstance(value, bool):
            yield key, value


def _metadata_keys(cluster: ClusterSpec) -> Iterator[str]:
    metadata = cluster.facts.get("metadata")
    for key, value in metadata.items() if isinstance(metadata, dict) else ():
        if isinstance(value, dict):
            yield key.lower()


def _shared_parents(clusters: Sequence[ClusterSpec]) -> tuple[str, ...]:
    """Return the domains that at least half of the clusters (or of a lone cluster's hubs) have addresses below."""
    groups = [list(cluster.domains()) for cluster in clusters]
    groups = [group for group in groups if group]
    if len(groups) == 1:
        groups = [[domain] for domain in groups[0]]
    counts: Counter[str] = Counter()
    for group in groups:
        counts.update({parent for domain in group for parent in (_registrable(domain),) if parent})
    return tuple(parent for parent, count in counts.most_common() if count > 1 and count * 2 >= len(groups))


def _registrable(domain: str) -> str:
    """Return the part of ``domain`` that someone registered, as far as its form tells; empty for a bare name."""
    labels = domain.rstrip(".").split(".")
    wanted = 2
    if len(labels) > wanted and len(labels[-1]) == _COUNTRY_LETTERS and labels[-2] in _SECOND_LEVEL:
        wanted = 3
    return ".".join(labels[-wanted:]) if len(labels) >= wanted else ""
