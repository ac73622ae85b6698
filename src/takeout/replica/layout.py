"""Which charts a replica needs, and how its values lie for them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from takeout.adapt.context import Dependency, HubFacts
from takeout.replica.model import Layout
from takeout.values.node import Data, Mapping, Scalar, find, from_data
from takeout.values.path import Path
from takeout.values.write import write_yaml

Z2JH_REPOSITORY = "https://jupyterhub.github.io/helm-chart/"
Z2JH_VERSION = "4.3.3"
"""The version for sources that pin none; the newest that the rules were written against."""

_NO_CHART_NAME = re.compile(r"[^a-z0-9-]+")


def choose_layout(
    values: Mapping, facts: HubFacts, required: Iterable[Dependency] = (), on_way: Path = ()
) -> Layout:
    """Return how the replica is laid out: plain z2jh values, or an umbrella where companions are on.

    Args:
        values: What the rules left: ``jupyterhub`` and the companions.
        facts: The hub at its origin, with the charts that it had.
        required: Charts that a rule added.
        on_way: The keys from the source's root chart to z2jh's values; the charts on the way only hold others.
    """
    added = {dependency.name: dependency for dependency in required}
    charts = {**facts.dependencies, **added}
    own = charts.get("jupyterhub") or next((c for c in charts.values() if c.chart == "jupyterhub"), None)
    jupyterhub = Dependency(
        "jupyterhub",
        "jupyterhub",
        own.version if own and own.version else Z2JH_VERSION,
        Z2JH_REPOSITORY if own is None or not _is_remote(own.repository) else own.repository,
    )
    skip = {"jupyterhub", *(step for step in on_way if isinstance(step, str))}
    companions = tuple(
        _without_file(chart)
        for name, chart in charts.items()
        if name not in skip and chart.chart != "jupyterhub" and (name in added or is_on(chart, values))
    )
    return Layout(bool(companions), jupyterhub, companions)


def is_on(chart: Dependency, values: Mapping) -> bool:
    """Whether Helm would install ``chart``: the first of its conditions that the values answer decides.

    Source: https://helm.sh/docs/topics/charts/#tags-and-condition-fields-in-dependencies
    """
    for condition in filter(None, (part.strip() for part in chart.condition.split(","))):
        node = find(values, tuple(condition.split(".")))
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
    # Without an answer Helm installs it; a chart whose values a rule took out is not wanted any more.
    return chart.name in values.entries or chart.name not in values.removed


def arrange(values: Mapping, layout: Layout) -> tuple[Mapping, tuple[str, ...]]:
    """Return the values as the replica has them, and the keys for which there is no chart.

    With an umbrella only charts' values and ``global`` remain; without one z2jh's own values become the root.
    """
    names = {"jupyterhub", "global", *(companion.name for companion in layout.companions)}
    lost = tuple(key for key in values.entries if key not in names)
    if layout.umbrella:
        entries = {key: node for key, node in values.entries.items() if key in names}
        first = {"jupyterhub": entries.get("jupyterhub", Mapping())}
        return replace(values, entries={**first, **entries}), lost
    inner = values.entries.get("jupyterhub", Mapping())
    if not isinstance(inner, Mapping):
        inner = Mapping()
    shared = values.entries.get("global")
    if isinstance(shared, Mapping) and shared.entries and "global" not in inner.entries:
        inner = replace(inner, entries={**inner.entries, "global": shared})
    return inner, lost


def chart_file(name: str, layout: Layout) -> str:
    """Return the umbrella's ``Chart.yaml`` for the hub ``name``."""
    dependencies: list[Data] = []
    for chart in (layout.jupyterhub, *layout.companions):
        entry: dict[str, Data] = {"name": chart.chart, "version": chart.version}
        if chart.name != chart.chart:
            entry["alias"] = chart.name
        if chart.repository:
            entry["repository"] = chart.repository
        if chart.condition:
            entry["condition"] = chart.condition
        dependencies.append(entry)
    data: dict[str, Data] = {
        "apiVersion": "v2",
        "name": _NO_CHART_NAME.sub("-", name.lower()).strip("-") or "hub",
        "description": f"The JupyterHub {name} with the charts it needs",
        "version": "0.1.0",
        "dependencies": dependencies,
    }
    return "# The charts of this hub; `helm dependency update` fetches them.\n" + compact_yaml(data)


def compact_yaml(data: dict[str, Data]) -> str:
    """Return a Kubernetes object or a Chart.yaml as YAML, without the blank lines that part a values file."""
    document = from_data({"below": data})
    assert isinstance(document, Mapping)  # noqa: S101 - made from a dict
    # Only the top level of a document has blank lines between its entries: write it one level below.
    _, *lines = write_yaml(document).splitlines()
    return "\n".join(line.removeprefix("  ") for line in lines) + "\n"


HELM_IGNORE = """\
# Helm keeps every file of a chart in the cluster: all but the chart itself stays out.
.git/
.github/
.helmignore
.takeout/
*.md
*.new
manifests/
local.values.yaml
secrets.yaml
takeout.json
"""


def _is_remote(repository: str) -> bool:
    return repository.startswith(("https://", "http://", "oci://"))


def _without_file(chart: Dependency) -> Dependency:
    """Return ``chart`` without a path into the source, which the replica does not have."""
    return chart if _is_remote(chart.repository) else replace(chart, repository="")
