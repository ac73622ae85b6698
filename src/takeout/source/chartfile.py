"""Charts as far as values go: names, dependencies, own defaults; nothing is rendered."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from takeout.adapt.context import Dependency
from takeout.errors import Fault, SourceError, Where
from takeout.source.archive import TarTree
from takeout.source.documents import Documents
from takeout.source.model import Layer
from takeout.values.merge import Chart
from takeout.values.node import Mapping, Scalar, Sequence
from takeout.values.path import Path

JUPYTERHUB = "jupyterhub"
"""The name of the Zero to JupyterHub chart, whatever alias it goes by."""

_NONE: MappingABC[str, str] = MappingProxyType({})

DEPTH_MAX = 8
"""Charts nested deeper than this are a loop (a chart that depends on itself through ``file://``)."""


@dataclass(frozen=True, slots=True)
class ChartFacts:
    """A chart.

    Attributes:
        name: Its own name.
        version: Its own version.
        file: Its Chart.yaml.
        values_file: Its own values.yaml; empty where it has none.
        values: What is in there.
        faults: What was found while reading.
        own_templates: Whether it has templates of its own.
        dependencies: What it names, in order.
        children: Those of its dependencies that are at hand, by key.
    """

    name: str
    version: str
    file: str
    values_file: str = ""
    values: Mapping = field(default_factory=Mapping)
    faults: tuple[Fault, ...] = ()
    own_templates: bool = False
    dependencies: tuple[Dependency, ...] = ()
    children: dict[str, ChartFacts] = field(default_factory=dict)

    def jupyterhub(self) -> Path | None:
        """Return the keys that lead to z2jh's values, the shallowest first; None where it is not a dependency."""
        if self.name == JUPYTERHUB:
            return ()
        for dependency in self.dependencies:
            if dependency.chart == JUPYTERHUB:
                return (dependency.name,)
        below = [(key, child.jupyterhub()) for key, child in self.children.items()]
        paths: list[Path] = [(key, *path) for key, path in below if path is not None]
        return min(paths, key=len, default=None)

    def layer(self) -> Layer:
        """Return its own defaults as a layer; z2jh's stay with z2jh, which the replica runs too."""
        values = Mapping() if self.name == JUPYTERHUB else self.values
        return Layer(self.values_file or self.file, "chart", values, self.faults)

    def default_layers(self) -> Iterator[Layer]:
        """Yield its own defaults, and those of the charts between it and z2jh."""
        yield self.layer()
        for child in self.children.values():
            if _ours(child):
                yield from child.default_layers()

    def all_dependencies(self) -> dict[str, Dependency]:
        """Return its dependencies and theirs by the key of their values; what is nearer to the root wins."""
        found = {dependency.name: dependency for dependency in self.dependencies}
        for child in self.children.values():
            found = child.all_dependencies() | found
        return found

    def has_own_templates(self) -> bool:
        """Whether it, or a chart between it and z2jh, has templates of its own."""
        return self.own_templates or any(
            child.has_own_templates() for child in self.children.values() if _ours(child)
        )

    def to_merge(self, jupyterhub: Path) -> Chart:
        """Return the tree of charts as merging needs it, with a chart for every key that leads to z2jh's values.

        Defaults are given for the charts that lead to z2jh; z2jh's own and companions' stay with their charts,
        because the replica uses those charts.
        """
        return with_path(_merge(self, self.name), jupyterhub)


def _merge(chart: ChartFacts, name: str) -> Chart:
    children = []
    for dependency in chart.dependencies:
        child = chart.children.get(dependency.name)
        own = child is not None and _ours(child)
        children.append(_merge(child, dependency.name) if child and own else Chart(dependency.name, Mapping()))
    return Chart(name, Mapping() if chart.name == JUPYTERHUB else chart.values, tuple(children))


def with_path(chart: Chart, path: Path) -> Chart:
    """Return ``chart`` with a chart, empty where none is known, for every key of ``path``."""
    if not path:
        return chart
    key = str(path[0])
    known = next((child for child in chart.children if child.name == key), None)
    below = with_path(known or Chart(key, Mapping()), path[1:])
    children = tuple(below if child is known else child for child in chart.children)
    return replace(chart, children=children if known else (*children, below))


def _ours(chart: ChartFacts) -> bool:
    return chart.name != JUPYTERHUB and chart.jupyterhub() is not None


def read_chart(
    documents: Documents, directory: str, *, overrides: MappingABC[str, str] = _NONE, depth: int = 0
) -> ChartFacts:
    """Return the chart in ``directory``.

    Args:
        documents: The tree that it lies in.
        directory: Path inside the tree; empty for its root.
        overrides: Files that stand in for the Chart.yaml of a directory, by directory.
        depth: How many charts led here.

    Raises:
        ValuesError: When a file of it cannot be read.
        SourceError: When there is no chart.
    """
    tree = documents.tree
    file = overrides.get(directory) or _join(directory, "Chart.yaml")
    if not tree.is_file(file):
        raise SourceError(
            f"there is no chart in {directory or tree.label}: it has no Chart.yaml",
            where=Where(file),
            hint="Give the directory (or the .tgz) of a Helm chart.",
        )
    about = documents.read(file)
    dependencies = tuple(_dependencies(about.values))
    requirements = _join(directory, "requirements.yaml")
    if not dependencies and tree.is_file(requirements):
        dependencies = tuple(_dependencies(documents.read(requirements).values))
    values_file = _join(directory, "values.yaml")
    has_values = tree.is_file(values_file)
    values = documents.read(values_file) if has_values else None
    children: dict[str, ChartFacts] = {}
    for dependency in dependencies:
        if depth >= DEPTH_MAX:
            break
        child = _read_child(documents, directory, dependency, overrides, depth + 1)
        if child is not None:
            children[dependency.name] = child
    return ChartFacts(
        name=_text(about.values, "name") or posixpath.basename(directory) or "chart",
        version=_text(about.values, "version"),
        file=file,
        values_file=values_file if has_values else "",
        values=values.values if values else Mapping(),
        faults=values.faults if values else (),
        own_templates=any(_is_template(name) for name in tree.list(_join(directory, "templates"))),
        dependencies=dependencies,
        children=children,
    )


def _read_child(
    documents: Documents, directory: str, dependency: Dependency, overrides: MappingABC[str, str], depth: int
) -> ChartFacts | None:
    """Return the dependency's chart where it is at hand: beside, as a directory or as an archive."""
    tree = documents.tree
    for place in _places(directory, dependency):
        if tree.is_file(_join(place, "Chart.yaml")):
            return read_chart(documents, place, overrides=overrides, depth=depth)
    for name in tree.list(_join(directory, "charts")):
        if name.startswith(f"{dependency.chart}-") and name.endswith((".tgz", ".tar.gz")):
            path = _join(directory, f"charts/{name}")
            inner = TarTree(tree.read(path), path)
            root = inner.chart_root()
            if root is not None:
                child = read_chart(Documents(inner), root, depth=depth)
                if child.name == dependency.chart:
                    return child
    return None


def _places(directory: str, dependency: Dependency) -> Iterator[str]:
    if dependency.repository.startswith("file://"):
        relative = dependency.repository.removeprefix("file://")
        place = posixpath.normpath(posixpath.join(directory or ".", relative))
        if not relative.startswith("/") and not place.startswith(".."):
            yield "" if place == "." else place
    yield _join(directory, f"charts/{dependency.chart}")
    yield _join(directory, f"charts/{dependency.name}")


def _dependencies(about: Mapping) -> Iterator[Dependency]:
    listed = about.entries.get("dependencies")
    for item in listed.items if isinstance(listed, Sequence) else ():
        if isinstance(item, Mapping) and _text(item, "name"):
            chart = _text(item, "name")
            yield Dependency(
                name=_text(item, "alias") or chart,
                chart=chart,
                version=_text(item, "version"),
                repository=_text(item, "repository"),
                condition=_text(item, "condition"),
            )


def _text(mapping: Mapping, key: str) -> str:
    node = mapping.entries.get(key)
    return str(node.value) if isinstance(node, Scalar) and node.value is not None else ""


def _is_template(name: str) -> bool:
    return not name.startswith(("_", ".", "NOTES"))


def _join(directory: str, name: str) -> str:
    return f"{directory}/{name}" if directory else name
