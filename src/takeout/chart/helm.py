"""Helm's own code, by way of the package helm-python-sdk: load, merge, validate, render.

The library is 80 MB of Go; it is imported when a chart is first loaded, and never by importing this module.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import yaml

from takeout.chart.called import call_it_helm
from takeout.chart.messages import schema_faults, template_fault, warning_faults
from takeout.chart.quiet import quiet
from takeout.chart.tree import ChartTree, read_chart
from takeout.errors import Fault, InputError, ToolError, ValuesError, Where
from takeout.values.node import Mapping as Document
from takeout.values.node import to_data

if TYPE_CHECKING:
    import helm_python


@dataclass(frozen=True, slots=True)
class Manifest:
    """A Kubernetes object that a chart rendered.

    Attributes:
        kind: Its kind.
        name: Its name.
        namespace: Its namespace; empty where it names none, and so goes where the release goes.
        template: The template's path inside the chart.
        data: The object.
    """

    kind: str
    name: str
    namespace: str
    template: str
    data: dict[str, Any]


class _Loader(yaml.CSafeLoader):
    """YAML as Kubernetes takes it: a date is text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


class Chart:
    """A loaded chart; use it as a context manager, or ``close`` it.

    Attributes:
        path: Where it was loaded from.
        tree: Its names, schemas and subcharts.
    """

    def __init__(self, path: Path, tree: ChartTree, handle: helm_python.Chart) -> None:
        self.path = path
        self.tree = tree
        self._handle = handle

    @classmethod
    def load(cls, path: Path) -> Chart:
        """Load the chart at ``path``, a directory or a ``.tgz``.

        Raises:
            InputError: When it is not a chart.
            ToolError: When Helm's library is not installed.
        """
        tree = read_chart(path)
        helm = sdk()
        try:
            with quiet():
                handle = helm.Chart.load(path)
        except helm.HelmError as error:
            raise InputError(f"Helm cannot load the chart {path}: {error}", where=Where(str(path))) from error
        return cls(path, tree, handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the chart's memory back."""
        self._handle.close()

    @property
    def handle(self) -> helm_python.Chart:
        """The chart as Helm's library holds it."""
        return self._handle

    @property
    def name(self) -> str:
        """The chart's own name."""
        return self.tree.name

    @property
    def version(self) -> str:
        """The chart's version."""
        return self.tree.version

    @property
    def values(self) -> dict[str, Any]:
        """The chart's own defaults, without those of its subcharts."""
        return self._handle.values

    def custom_kinds(self) -> frozenset[str]:
        """The kinds that the chart and its subcharts bring along as CustomResourceDefinitions."""
        return frozenset(
            str(item.data["spec"]["names"]["kind"])
            for crd in self._handle.crds
            for item in _manifests(crd.get("name", "crds"), crd.get("data") or crd.get("content") or "")
            if item.kind == "CustomResourceDefinition"
        )

    def merge(self, values: Document | Mapping[str, Any]) -> dict[str, Any]:
        """Return what a release would have: ``values`` over the defaults of the chart and its subcharts.

        Raises:
            ValuesError: When Helm cannot merge them.
        """
        helm = sdk()
        try:
            with quiet():
                return self._handle.merge_values(_plain(values))
        except helm.HelmError as error:
            raise ValuesError([Fault("values", str(error), Where(str(self.path)))]) from error

    def validate(self, values: Document | Mapping[str, Any]) -> list[Fault]:
        """Return what in ``values`` the chart's and its subcharts' schemas refuse, and what Helm ignores.

        Args:
            values: The values; a document gives each fault its file and line.
        """
        helm = sdk()
        document = values if isinstance(values, Document) else None
        message = ""
        with quiet() as lines:
            try:
                self._validate(_plain(values))
            except helm.HelmValuesError as error:
                message = str(error)
            except helm.HelmRenderError:
                pass  # the values fit; what the templates think of them is for `render` to say
        faults = schema_faults(message, self.tree, document)
        if message and not faults:  # not a form that is known: say it whole
            faults = [Fault("schema", message.strip(), Where(str(self.path)))]
        return faults + warning_faults(lines, self.tree, document)

    def _validate(self, values: dict[str, Any]) -> None:
        # Helm's validation alone does not know aliases; it does when it renders, after it has put them in place.
        if any(path and path[-1] != chart.name for path, chart in self.tree.walk()):
            self._handle.render(values, name="validate", namespace="validate")
        else:
            self._handle.validate_schema(values)

    def render(
        self, values: Document | Mapping[str, Any], *, name: str, namespace: str, upgrade: bool = False
    ) -> list[Manifest]:
        """Return what the chart makes of ``values``, in the order of its templates; no cluster is asked.

        Args:
            values: The values.
            name: The release's name.
            namespace: The release's namespace.
            upgrade: Render as ``helm upgrade`` of a release that is there, not as a first install.

        Raises:
            ValuesError: When the schema refuses the values or a template fails.
            InputError: When a template renders something that is not YAML.
        """
        helm = sdk()
        try:
            with quiet():
                rendered = self._handle.render(
                    _plain(values), name=name, namespace=namespace, is_install=not upgrade, is_upgrade=upgrade
                )
        except helm.HelmError as error:
            document = values if isinstance(values, Document) else None
            faults = schema_faults(str(error), self.tree, document)
            raise ValuesError(faults or [template_fault(str(error))]) from error
        return [
            manifest
            for template, text in rendered.items()
            if not template.endswith("NOTES.txt")
            for manifest in _manifests(template, text)
        ]


def sdk() -> Any:
    """Return the module ``helm_python``.

    Raises:
        ToolError: When it is not installed, or does not run on this machine.
    """
    if "helm_python" not in sys.modules:
        call_it_helm()
    try:
        import helm_python  # noqa: PLC0415 - 80 MB of Go
    except (ImportError, OSError) as error:
        raise ToolError(
            f"Helm's library is missing: {error}", hint="pip install 'jupyterhub-takeout[hub]'"
        ) from error
    return helm_python


def _plain(values: Document | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(values, Document):
        data = to_data(values)
        assert isinstance(data, dict)  # noqa: S101 - a mapping's data
        return data
    return dict(values)


def _manifests(template: str, text: str) -> Iterator[Manifest]:
    try:
        documents = list(yaml.load_all(text, Loader=_Loader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = Where(template, mark.line + 1 if mark else 0)
        raise InputError(f"{template} renders something that is not YAML: {error}", where=where) from error
    for data in documents:
        items = data.get("items") if isinstance(data, dict) and data.get("kind") == "List" else [data]
        for item in items or ():
            if isinstance(item, dict) and item:
                metadata = item.get("metadata") or {}
                yield Manifest(
                    str(item.get("kind", "")),
                    str(metadata.get("name", "")),
                    str(metadata.get("namespace", "")),
                    template,
                    item,
                )
