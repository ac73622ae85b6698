"""A hub as its cluster knows it: values, chart and version out of Helm's record of the release."""

from __future__ import annotations

import base64
import binascii
import json
import tempfile
from collections.abc import Mapping as MappingABC
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Any

from takeout.chart.helm import Chart
from takeout.cluster.api import Cluster
from takeout.cluster.records import Driver, read_records, storage_driver
from takeout.cluster.releases import Releases
from takeout.errors import ClusterError, OptionError, TakeoutError, UnknownHubError
from takeout.progress import Progress, silent
from takeout.source.chart import Deployment
from takeout.source.chartfile import JUPYTERHUB
from takeout.source.conceal import Concealed, conceal
from takeout.source.model import Configuration, HubEntry
from takeout.values.path import Path

PREFIX = "release:"
_VALUES = "release-values.yaml"
_RUNNING = ("deployed", "failed", "superseded")


@dataclass(frozen=True, slots=True)
class Place:
    """A release.

    Attributes:
        context: The kubeconfig's context; the current one where empty.
        namespace: The namespace.
        name: The release.
    """

    context: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Contents:
    """What a record holds.

    Attributes:
        chart: The chart as Helm keeps it: ``metadata``, ``templates``, ``values``, ``schema``, ``files``.
        config: The values that the operators gave.
        revision: The revision.
    """

    chart: MappingABC[str, Any]
    config: MappingABC[str, Any]
    revision: int


def parse_place(text: str) -> Place:
    """Return the release that ``release:CONTEXT/NAMESPACE/NAME`` names; a context may have slashes of its own.

    Raises:
        OptionError: When it names none.
    """
    parts = text.removeprefix(PREFIX).rsplit("/", 2)
    if len(parts) < 3 or not all(parts[1:]):  # noqa: PLR2004 - context, namespace, name
        raise OptionError(
            f"not a release: {text!r}",
            hint="release:CONTEXT/NAMESPACE/NAME; without CONTEXT the current one",
        )
    return Place(*parts)


def open_release(text: str, *, progress: Progress = silent) -> Release:
    """Return the source that ``release:CONTEXT/NAMESPACE/NAME`` names.

    Raises:
        OptionError: When the text names no release, or the kubeconfig has no such context.
        UnknownHubError: When there is no such release.
        ClusterError: When the record cannot be read.
        NetworkError: When the cluster cannot be reached.
    """
    place = parse_place(text)
    progress("reading the release", 0, 0)
    with Cluster.connect(place.context) as cluster:
        cluster.connection.tell = lambda words: progress(words, 0, 0)
        contents = read_contents(cluster, place, storage_driver())
    return Release(place, contents)


def read_contents(cluster: Cluster, place: Place, driver: Driver) -> Contents:
    """Return what Helm keeps of a release, by whichever driver keeps it.

    Raises:
        UnknownHubError: When there is no such release.
        ClusterError: When it cannot be read.
    """
    if driver in ("sql", "memory"):
        return _through_helm(cluster, place, driver)
    records = read_records(cluster, place.namespace, place.name, driver=driver)
    found = next((record for record in records[::-1] if record.status in _RUNNING), None)
    if found is None:
        raise _unknown(
            place, {str(r.release.get("name")) for r in read_records(cluster, place.namespace, driver=driver)}
        )
    chart = found.release.get("chart") or {}
    return Contents(chart, found.release.get("config") or {}, found.revision)


def _through_helm(cluster: Cluster, place: Place, driver: Driver) -> Contents:
    """Return what Helm itself tells of a release that is kept outside the cluster: all but the chart's files."""
    with Releases(cluster, place.namespace, driver) as releases:
        last = next((r for r in releases.history(place.name)[::-1] if r.status in _RUNNING), None)
        if last is None:
            raise _unknown(place, {revision.release for revision in releases.all()})
        if last.chart_name != JUPYTERHUB:
            raise ClusterError(
                f"the release {place.name} is of {last.chart}, and Helm gives no chart out of {driver} storage",
                hint=f"`helm get values {place.name} --namespace {place.namespace} > values.yaml`, then "
                "takeout hub replicate --chart DIR -f values.yaml",
            )
        config = releases.values(place.name, revision=last.number)
    metadata = {"apiVersion": "v2", "name": last.chart_name, "version": last.chart_version}
    return Contents({"metadata": metadata}, config, last.number)


class Release(Deployment):
    """A release's configuration; its secrets are placeholders everywhere but in ``secrets``.

    Attributes:
        secrets: What was secret in the release's values, by its path from the root chart's values.
        texts: Whole texts that a secret was cut out of, by their path.
    """

    era = "release"

    def __init__(self, place: Place, contents: Contents) -> None:
        given = conceal(contents.config, _VALUES)
        metadata = contents.chart.get("metadata") or {}
        # With dependencies Helm keeps what it was given among the chart's own defaults too.
        defaults = conceal(contents.chart.get("values") or {}, "values.yaml")
        with tempfile.TemporaryDirectory(prefix="takeout-release-") as name:
            folder = FilePath(name) / str(metadata.get("name") or JUPYTERHUB)
            write_chart(contents.chart, defaults, folder)
            values = FilePath(name) / _VALUES
            values.write_text(json.dumps(given.values), encoding="utf-8")
            super().__init__(str(folder), [str(values)], place.name)
            self._packaged = package(folder) if contents.chart.get("templates") else None
        self._given, self._defaults = given, defaults
        self.secrets: dict[Path, str] = {**defaults.secrets, **given.secrets}
        self.texts: dict[Path, str] = {**defaults.texts, **given.texts}
        # The context tells of the operator's machine and accounts, and a replica is published.
        self.label = f"{PREFIX}{place.namespace}/{place.name}"
        self.revision = ""

    def hubs(self) -> Sequence[HubEntry]:
        """Return the one hub."""
        return [self._entry]

    def load(self, entry: HubEntry) -> Configuration:
        """Return the hub's configuration, with its secrets as values that nobody can read."""
        configuration = super().load(entry)
        return replace(
            configuration,
            encrypted=dict.fromkeys(self.secrets, _VALUES),
            faults=(*configuration.faults, *self._given.faults, *self._defaults.faults),
            packaged=self._packaged,
        )


def write_chart(chart: MappingABC[str, Any], defaults: Concealed, folder: FilePath) -> None:
    """Write a chart out of a record; its own defaults without their secrets.

    Raises:
        ClusterError: When a file of it is none.
    """
    folder.mkdir(parents=True)
    (folder / "Chart.yaml").write_text(json.dumps(chart.get("metadata") or {}), encoding="utf-8")
    (folder / "values.yaml").write_text(json.dumps(defaults.values), encoding="utf-8")
    files = [*(chart.get("templates") or ()), *(chart.get("files") or ())]
    if chart.get("schema"):
        files.append({"name": "values.schema.json", "data": chart["schema"]})
    for file in files:
        place = (folder / str(file["name"])).resolve()
        if not place.is_relative_to(folder.resolve()):
            raise ClusterError(f"the release's chart has a file outside of itself: {file['name']}")
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            place.write_bytes(base64.b64decode(file.get("data") or ""))
        except binascii.Error as error:
            raise ClusterError(f"the release's chart has a file that cannot be read: {file['name']}") from error


def package(folder: FilePath) -> bytes | None:
    """Return the chart z2jh in ``folder`` as Helm packages it, so that nothing need be fetched to run it.

    None for a chart around it: Helm leaves the charts that it depends on out of the record.
    """
    if folder.name != JUPYTERHUB:
        return None
    with suppress(OSError, TakeoutError), Chart.load(folder) as chart:
        return FilePath(chart.handle.save(str(folder.parent))).read_bytes()
    return None


def _unknown(place: Place, names: set[str]) -> UnknownHubError:
    have = f"it has {', '.join(sorted(names))}" if names else "it has none"
    return UnknownHubError(
        f"there is no release {place.name} in the namespace {place.namespace}: {have}",
        nearest=sorted(names),
        hint="`helm list --all-namespaces` shows every release; HELM_DRIVER says where Helm keeps them",
    )
