"""An infrastructure repository of many hubs on many clusters, in the eras E4 to E7."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property

from takeout.adapt.context import HubFacts
from takeout.errors import Fault, SourceError, UnknownHubError, ValuesError, Where
from takeout.source.chartfile import ChartFacts, read_chart
from takeout.source.clusters import ClusterSpec, HubSpec, read_clusters
from takeout.source.documents import Documents
from takeout.source.eras.generated import (
    BINDERHUB_SERVICE,
    FILE,
    Deployer,
    deployer_layer,
    read_deployer,
    with_addresses,
    with_binder,
    with_callback,
)
from takeout.source.eras.inline import Staff, inline_layer, read_staff
from takeout.source.eras.listed import external_variables, listed_layers, to_layer
from takeout.source.eras.recognise import Layout, recognise
from takeout.source.faults import hub_faults, jsonnet_missing
from takeout.source.guess import guess_jupyterhub
from takeout.source.model import Configuration, HubEntry, Layer
from takeout.source.terms import Terms
from takeout.source.tree import Tree
from takeout.values.node import Mapping, Mark, find
from takeout.values.path import Path

_PROBED_HUBS = 6
"""Hubs looked at to tell whether addresses stand in values files, as they did in E6 and at the start of E7."""


class Infrastructure:
    """An infrastructure repository.

    Args:
        tree: Its files.

    Raises:
        EraError: When it is of an era before the first that can be read.
        SourceError: When it is no infrastructure repository.
        ValuesError: When a cluster file cannot be read.
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.label = tree.label
        self.revision = tree.revision
        self._layout: Layout = recognise(tree)
        self._documents = Documents(tree)
        self._charts: dict[tuple[str, str], ChartFacts] = {}
        self._clusters = read_clusters(self._documents, self._layout.cluster_files)
        self._hubs = {hub.entry.id: (cluster, hub) for cluster in self._clusters for hub in cluster.hubs}
        self._without_jsonnet = self._layout.era == "E6" and not self._addresses_in_files()
        self.era: str = "E7" if self._without_jsonnet else self._layout.era

    def hubs(self) -> Sequence[HubEntry]:
        """Return every hub, in the order of the cluster files."""
        return [hub.entry for _, hub in self._hubs.values()]

    def load(self, entry: HubEntry) -> Configuration:
        """Return the configuration of ``entry``.

        Raises:
            ValuesError: When a values file cannot be read, or is missing.
            SourceError: When the hub's chart is not there.
            UnknownHubError: When the entry is of another source.
        """
        if entry.id not in self._hubs:
            raise UnknownHubError(f"{self.label} has no hub {entry.id}")
        cluster, hub = self._hubs[entry.id]
        chart, found = self._chart(cluster, hub)
        faults = list(found)
        own = self._own_layers(cluster, hub)
        jupyterhub = self._jupyterhub_path(chart, own)
        layers = [chart.layer()]
        encrypted: dict[Path, str] = {}
        layers += self._chart_jsonnet(cluster, hub)
        if self._deployer is not None:
            layer, unknown = deployer_layer(self._deployer, cluster, hub, jupyterhub)
            layers.append(layer)
            encrypted |= dict.fromkeys(unknown, self._deployer.file)
        elif self._without_jsonnet:
            layers.append(self._addresses(cluster, hub, chart, jupyterhub))
            faults.append(jsonnet_missing(self._layout, hub))
        layers += own
        for layer in own:
            encrypted |= dict.fromkeys(self._documents.encrypted(layer.file), layer.file)
        faults += hub_faults(self.tree, self._layout, cluster, hub)
        return Configuration(
            entry=hub.entry,
            facts=self._facts(cluster, hub, chart),
            layers=tuple(layers),
            chart=chart.to_merge(jupyterhub),
            jupyterhub=jupyterhub,
            terms=self._terms.of_hub(cluster, hub, [*chart.default_layers(), *layers[1:]]),
            revision=self.revision,
            era=self.era,
            faults=tuple(faults),
            encrypted=encrypted,
        )

    @cached_property
    def _deployer(self) -> Deployer | None:
        return read_deployer(self.tree, self._layout.deployer) if self._layout.deployer else None

    @cached_property
    def _staff(self) -> Staff:
        return read_staff(self._documents, self._layout.cluster_files)

    @cached_property
    def _terms(self) -> Terms:
        defaults: list[Layer] = []
        for path in self.tree.glob(f"{self._layout.charts}/*/values.yaml"):
            # A chart that no hub uses may be broken; the hub's own chart is read, and refused, elsewhere.
            with suppress(ValuesError, SourceError):
                defaults.append(to_layer(self._documents, path, {}))
        return Terms(self._clusters, self.tree.owner, self._staff, defaults)

    def _own_layers(self, cluster: ClusterSpec, hub: HubSpec) -> list[Layer]:
        if self._layout.era == "E4":
            nested: Path = () if hub.entry.chart in ("basehub", "base-hub") else (self._base_name,)
            return [inline_layer(cluster, hub, (*nested, "jupyterhub"), self._staff)]
        return listed_layers(self._documents, cluster, hub, external_variables(cluster, hub))

    @cached_property
    def _base_name(self) -> str:
        """The chart that the other charts of E4 nest their values under."""
        return "base-hub" if self.tree.is_directory(f"{self._layout.charts}/base-hub") else "basehub"

    def _chart(self, cluster: ClusterSpec, hub: HubSpec) -> tuple[ChartFacts, list[Fault]]:
        name = hub.entry.chart
        directory = f"{self._layout.charts}/{name}"
        if not name or not self.tree.is_file(f"{directory}/Chart.yaml"):
            known = [posixpath.basename(path) for path in self.tree.glob(f"{self._layout.charts}/*")]
            raise SourceError(
                f"the hub {hub.entry.id} has the chart {name or '(none)'}, and the source has no such chart",
                where=Where(cluster.file, hub.line("helm_chart")),
                hint=f"Charts in {self._layout.charts}/: {', '.join(known) or 'none'}.",
            )
        override = hub.text("chart_override")
        path = self._override_path(cluster, override) if override else ""
        faults: list[Fault] = []
        if path and not self.tree.is_file(path):
            faults.append(
                Fault(
                    "chart-override-missing",
                    f"{override}, which {hub.entry.name} has in place of the chart's own Chart.yaml, is missing; "
                    "the chart's own was taken",
                    Where(cluster.file, hub.line("chart_override")),
                    f"Add {path}, or compare the versions of the charts with those that the hub really runs.",
                )
            )
            path = ""
        key = (directory, path)
        if key not in self._charts:
            self._charts[key] = read_chart(
                self._documents, directory, overrides={self._overridden(directory): path}
            )
        return self._charts[key], faults

    def _override_path(self, cluster: ClusterSpec, override: str) -> str:
        """Return the file that is meant: beside the cluster's own, or, with a directory, from the root."""
        beside = posixpath.normpath(posixpath.join(cluster.directory, override))
        is_from_root = "/" in override and not self.tree.is_file(beside)
        return posixpath.normpath(override) if is_from_root else beside

    def _overridden(self, directory: str) -> str:
        """Return the chart whose Chart.yaml a hub may replace: the base, also where another chart wraps it."""
        base = f"{self._layout.charts}/{self._base_name}"
        return base if self.tree.is_file(f"{base}/Chart.yaml") else directory

    def _chart_jsonnet(self, cluster: ClusterSpec, hub: HubSpec) -> list[Layer]:
        path = f"{self._layout.charts}/{hub.entry.chart}/values.jsonnet"
        if not self.tree.is_file(path):
            return []
        return [to_layer(self._documents, path, external_variables(cluster, hub))]

    def _jupyterhub_path(self, chart: ChartFacts, layers: Sequence[Layer]) -> Path:
        path = chart.jupyterhub()
        return path if path is not None else guess_jupyterhub([chart.values, *(layer.values for layer in layers)])

    def _addresses(self, cluster: ClusterSpec, hub: HubSpec, chart: ChartFacts, jupyterhub: Path) -> Layer:
        """Return what the chart's jsonnet would have said of the hub's address."""
        mark = Mark(cluster.file, hub.line("domain"))
        root = with_addresses(Mapping(mark=mark), jupyterhub, hub, mark)
        root = with_callback(root, jupyterhub, hub, mark)
        if BINDERHUB_SERVICE in chart.all_dependencies():
            root = with_binder(root, jupyterhub, hub, mark)
        return Layer(FILE, "generated", root)

    def _addresses_in_files(self) -> bool:
        """Whether hubs say their addresses in files of their own, so that no jsonnet is missing."""
        answers: list[bool] = []
        for cluster, hub in self._hubs.values():
            if len(answers) == _PROBED_HUBS:
                break
            try:
                chart, _ = self._chart(cluster, hub)
                layers = self._own_layers(cluster, hub)
            except (SourceError, ValuesError):
                continue
            path = (*self._jupyterhub_path(chart, layers), "ingress", "hosts")
            answers.append(any(find(layer.values, path) is not None for layer in layers))
        return not answers or answers.count(True) * 2 >= len(answers)

    def _facts(self, cluster: ClusterSpec, hub: HubSpec, chart: ChartFacts) -> HubFacts:
        entry = hub.entry
        return HubFacts(
            name=entry.name,
            cluster=entry.cluster,
            title=entry.title,
            domain=entry.domain,
            provider=entry.provider,
            chart=entry.chart,
            dependencies=chart.all_dependencies(),
            cluster_file={**cluster.facts, "hub": hub.without_values()},
            own_templates=chart.has_own_templates(),
        )
