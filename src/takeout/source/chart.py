"""Any other z2jh deployment: a chart and values files, or values files alone."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path as FilePath

from takeout.adapt.context import Dependency, HubFacts
from takeout.errors import Fault, OptionError, SourceError, ValuesError, Where
from takeout.source.archive import TarTree
from takeout.source.chartfile import JUPYTERHUB, ChartFacts, read_chart, with_path
from takeout.source.clusters import ClusterSpec, HubSpec
from takeout.source.documents import Documents
from takeout.source.eras.inline import Staff
from takeout.source.eras.listed import to_layer
from takeout.source.guess import guess_jupyterhub
from takeout.source.model import Configuration, HubEntry, Layer, Source
from takeout.source.terms import Terms
from takeout.source.tree import DirectoryTree
from takeout.values.merge import Chart
from takeout.values.node import Mapping, Scalar, find
from takeout.values.node import Sequence as SequenceNode
from takeout.values.path import Path, format_path

REPOSITORY = "https://hub.jupyter.org/helm-chart/"
"""Where z2jh is published; for deployments that do not say."""

_HOSTS = (("ingress", "hosts"), ("proxy", "https", "hosts"))


def open_chart(chart: str | None, files: Sequence[str], name: str = "") -> Source:
    """Return a deployment of one hub.

    Args:
        chart: An umbrella chart or z2jh itself, as a directory or a ``.tgz``; None for plain values.
        files: Values files, lowest first: YAML, JSON, jsonnet, or any of them encrypted by sops.
        name: The hub's name; the chart's where empty.

    Raises:
        OptionError: When there is neither a chart nor a file.
        SourceError: When the chart is none.
        ValuesError: When a file is missing or cannot be read.
    """
    if not chart and not files:
        raise OptionError(
            "there is nothing to read: neither a chart nor a values file",
            hint="Give --chart DIR, -f FILE, or both.",
        )
    return Deployment(chart, files, name)


class Deployment:
    """A chart and values files; see ``open_chart``."""

    era = "chart"

    def __init__(self, chart: str | None, files: Sequence[str], name: str) -> None:
        places = [_absolute(place) for place in (chart, *files) if place]
        root = _root(places)
        self._documents = Documents(DirectoryTree(root))
        self._chart = _open(self._documents, root, chart) if chart else None
        self._layers = _layers(self._documents, root, files)
        found = self._chart.jupyterhub() if self._chart else None
        values = [layer.values for layer in (*((self._chart.layer(),) if self._chart else ()), *self._layers)]
        self._jupyterhub = found if found is not None else guess_jupyterhub(values)
        # As it was typed: a replica is published, and an absolute path would tell of this machine.
        self.label = chart or files[0]
        self.revision = ""
        self._entry = self._list(name)

    def hubs(self) -> Sequence[HubEntry]:
        """Return the one hub."""
        return [self._entry]

    def load(self, entry: HubEntry) -> Configuration:
        """Return the hub's configuration."""
        base = self._chart.layer() if self._chart else Layer("(no chart)", "chart", Mapping())
        layers = (base, *self._layers)
        spec = HubSpec(entry, Mapping(), (entry.domain,) if entry.domain else ())
        cluster = ClusterSpec("", entry.file, {}, (spec,))
        defaults = list(self._chart.default_layers()) if self._chart else []
        encrypted = {path: layer.file for layer in self._layers for path in self._documents.encrypted(layer.file)}
        return Configuration(
            entry=entry,
            facts=self._facts(entry),
            layers=layers,
            chart=self._merge_chart(),
            jupyterhub=self._jupyterhub,
            terms=Terms([cluster], "", Staff()).of_hub(cluster, spec, [*defaults, *self._layers]),
            era=self.era,
            faults=self._faults(),
            encrypted=encrypted,
        )

    def _merge_chart(self) -> Chart:
        if self._chart is not None:
            return self._chart.to_merge(self._jupyterhub)
        return with_path(Chart("" if self._jupyterhub else JUPYTERHUB, Mapping()), self._jupyterhub)

    def _list(self, name: str) -> HubEntry:
        chart = self._chart.name if self._chart else JUPYTERHUB
        documents = [layer.values for layer in reversed(self._layers)] + (
            [self._chart.values] if self._chart else []
        )
        file = self._layers[0].file if self._layers else self._chart.file if self._chart else ""
        return HubEntry(
            cluster="",
            name=name or (chart if chart != JUPYTERHUB else "hub"),
            domain=_domain(documents, self._jupyterhub),
            chart=chart,
            file=file,
        )

    def _facts(self, entry: HubEntry) -> HubFacts:
        dependencies = self._chart.all_dependencies() if self._chart else {}
        if JUPYTERHUB not in {dependency.chart for dependency in dependencies.values()}:
            version = self._chart.version if self._chart and self._chart.name == JUPYTERHUB else ""
            key = self._jupyterhub[-1] if self._jupyterhub else JUPYTERHUB
            dependencies[str(key)] = Dependency(str(key), JUPYTERHUB, version, REPOSITORY)
        return HubFacts(
            name=entry.name,
            domain=entry.domain,
            chart=entry.chart,
            dependencies=dependencies,
            own_templates=self._chart is not None and self._chart.has_own_templates(),
        )

    def _faults(self) -> tuple[Fault, ...]:
        if self._chart is None or self._chart.jupyterhub() is not None:
            return ()
        where = Where(self._chart.file, path="dependencies")
        if self._jupyterhub:
            guess = format_path(self._jupyterhub)
            message = f"no jupyterhub among the dependencies that are at hand; its values seem to be below {guess}"
            return (Fault("jupyterhub-guessed", message, where, "To be sure: helm dependency update"),)
        message = "the chart has no jupyterhub among its dependencies; its values are taken for plain z2jh"
        return (Fault("no-jupyterhub", message, where, "Is it the right chart?"),)


def _open(documents: Documents, root: FilePath, chart: str) -> ChartFacts:
    place = _absolute(chart)
    if place.is_file():
        path = place.relative_to(root).as_posix()
        inner = TarTree(documents.tree.read(path), path)
        top = inner.chart_root()
        if top is None:
            raise SourceError(
                f"{chart} has no Chart.yaml in it",
                where=Where(chart),
                hint="Give a chart that `helm package` made.",
            )
        return read_chart(Documents(inner), top)
    if not place.is_dir():
        raise SourceError(
            f"there is no chart {chart}", where=Where(chart), hint="Give a chart's directory, or its .tgz."
        )
    path = place.relative_to(root).as_posix()
    return read_chart(documents, "" if path == "." else path)


def _layers(documents: Documents, root: FilePath, files: Sequence[str]) -> list[Layer]:
    layers: list[Layer] = []
    faults: list[Fault] = []
    for file in files:
        place = _absolute(file)
        if not place.is_file():
            what = "is a directory" if place.is_dir() else "is not there"
            message = f"the values file {file} {what}"
            faults.append(Fault("values-file-missing", message, Where(file), "Check the path.", fatal=True))
            continue
        try:
            layers.append(to_layer(documents, place.relative_to(root).as_posix(), {}))
        except ValuesError as error:
            faults += error.faults
    if faults:
        raise ValuesError(faults)
    return layers


def _absolute(place: str) -> FilePath:
    """Return where ``place`` is, the links on the way followed and the last one left as it is."""
    path = FilePath(place).expanduser()
    return path.resolve() if path.is_dir() else path.parent.resolve() / path.name


def _root(places: Sequence[FilePath]) -> FilePath:
    """Return the directory that files are read inside of: the repository they are in, or what they have in common.

    A chart may name its neighbours (``file://../base``), so that its own directory is not enough.
    """
    common = FilePath(os.path.commonpath([place.parent for place in places]))
    for directory in (common, *common.parents):
        if (directory / ".git").exists():
            return directory
    return common


def _domain(documents: Sequence[Mapping], jupyterhub: Path) -> str:
    """Return the first host that the highest layer with any names."""
    for document in documents:
        for path in _HOSTS:
            hosts = find(document, (*jupyterhub, *path))
            if isinstance(hosts, SequenceNode) and hosts.items:
                first = hosts.items[0]
                if isinstance(first, Scalar) and isinstance(first.value, str):
                    return first.value.lower()
    return ""
