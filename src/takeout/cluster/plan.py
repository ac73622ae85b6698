"""What a replica comes to on a cluster: its chart, its values, its objects, its release and namespace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from takeout.adapt.context import Context
from takeout.chart.helm import Chart
from takeout.cluster.store import Object
from takeout.errors import OptionError
from takeout.progress import Progress, silent
from takeout.replica.charts import open_chart_of
from takeout.replica.files import Files, read_files
from takeout.replica.lock import read_lock
from takeout.replica.recall import context_of
from takeout.replica.runbook import release_name
from takeout.values.node import Mapping as Document
from takeout.values.node import to_data


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be on the cluster.

    Attributes:
        files: The replica.
        chart: Its chart, open.
        release: The release's name.
        namespace: The namespace.
        values: What Helm is given.
        objects: What the chart renders, hooks too; random secrets differ at the next rendering.
        context: The hub, where it comes from and where it goes.
    """

    files: Files
    chart: Chart
    release: str
    namespace: str
    values: Mapping[str, Any]
    objects: tuple[Object, ...]
    context: Context

    @property
    def manifests(self) -> tuple[Object, ...]:
        """The objects of the replica's ``manifests/``, which the chart does not make."""
        return tuple(dict(item) for item in self.files.manifests)

    @property
    def every_object(self) -> tuple[Object, ...]:
        """What the chart renders, and the replica's own objects."""
        return (*self.objects, *self.manifests)

    @property
    def hub_values(self) -> Mapping[str, Any]:
        """The jupyterhub chart's values over its defaults."""
        whole = self.chart.merge(self.files.merged)
        inner = whole.get("jupyterhub") if self.files.lock["umbrella"] else whole
        return inner if isinstance(inner, dict) else {}

    @property
    def rooted(self) -> Document:
        """The replica's values below ``jupyterhub``, as the nets take them."""
        merged = self.files.merged
        return merged if self.files.lock["umbrella"] else Document({"jupyterhub": merged})


@contextmanager
def open_plan(
    directory: Path,
    *,
    chart: Path | None = None,
    release: str = "",
    namespace: str = "",
    offline: bool = False,
    progress: Progress = silent,
) -> Iterator[Plan]:
    """Yield what the replica in ``directory`` comes to.

    Args:
        directory: The replica.
        chart: A chart or a folder of charts; looked for, or fetched, where None.
        release: The release's name; the hub's where empty.
        namespace: The namespace; the release's name where empty.
        offline: Whether charts may not be fetched.
        progress: Told when a chart is fetched.

    Raises:
        DirectoryError: When there is no replica.
        ValuesError: When its values cannot be read, or the chart does not take them.
        NetworkError: When the chart is nowhere on this machine and cannot be fetched.
        OptionError: When a name is none that Kubernetes takes.
    """
    progress("reading the replica", 0, 0)
    files = read_files(directory)
    name, space = place_of(directory, release, namespace)
    with open_chart_of(files, chart=chart, offline=offline, progress=progress) as helm:
        progress("rendering", 0, 0)
        rendered = tuple(manifest.data for manifest in helm.render(files.merged, name=name, namespace=space))
        values = to_data(files.merged)
        assert isinstance(values, dict)  # noqa: S101 - a mapping's data
        yield Plan(files, helm, name, space, values, rendered, context_of(files.lock))


def place_of(directory: Path, release: str = "", namespace: str = "") -> tuple[str, str]:
    """Return the release and the namespace of the replica in ``directory``; what is given counts.

    Raises:
        DirectoryError: When there is no replica.
        OptionError: When a name is none that Kubernetes takes.
    """
    name = release or release_name(str(read_lock(directory)["hub"]["name"]))
    space = namespace or name
    for option, given in (("--release", name), ("--namespace", space)):
        if release_name(given) != given:
            raise OptionError(
                f"not a name for {option}: {given!r}", hint="lower-case letters, digits and hyphens, at most 53"
            )
    return name, space
