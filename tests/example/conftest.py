"""The example, read without Takeout: PyYAML, gojsonnet and Helm's own code."""

from __future__ import annotations

import functools
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import _gojsonnet
import helm_python
import pytest
import yaml

HUBS = ("lagoon/research", "lagoon/teaching", "estuary/ocean", "estuary/workshop", "estuary/binder")
Values = dict[str, Any]


class Example:
    """The example's files, and what the origin's deployer would make of them."""

    root = Path(__file__).parents[2] / "examples" / "infrastructure"

    def cluster(self, name: str) -> Values:
        """Return a cluster file."""
        data: Values = yaml.safe_load((self.root / "config/clusters" / name / "cluster.yaml").read_text())
        return data

    def spec(self, hub: str) -> Values:
        """Return what the cluster file says of ``cluster/hub``."""
        where, name = hub.split("/")
        (found,) = [entry for entry in self.cluster(where)["hubs"] if entry["name"] == name]
        assert isinstance(found, dict)
        return found

    def files(self, hub: str) -> list[Path]:
        """Return the hub's values files, lowest first, the chart's jsonnet before all."""
        entry = self.spec(hub)
        folder = self.root / "config/clusters" / hub.split("/", maxsplit=1)[0]
        chart = self.root / "helm-charts" / entry["helm_chart"]
        return [chart / "values.jsonnet", *(folder / name for name in entry["helm_chart_values_files"])]

    def evaluate(self, file: Path, hub: str) -> Values:
        """Evaluate a jsonnet file with the variables that the deployer passes."""
        where, name = hub.split("/")
        about = self.cluster(where)
        variables = {
            "VARS_2I2C_CLUSTER_NAME": where,
            "VARS_2I2C_HUB_NAME": name,
            "VARS_2I2C_HUB_DOMAIN": self.spec(hub)["domain"],
            "VARS_2I2C_PROVIDER": about["provider"],
            "VARS_2I2C_ACCOUNT_ID": about["aws"]["account"] if "aws" in about else about["gcp"]["project"],
        }
        # The link is not followed: the file looks at the path it was called by.
        text = _gojsonnet.evaluate_snippet(str(file), file.read_text(), ext_vars=variables)
        data: Values = json.loads(text)
        return data

    def layers(self, hub: str) -> list[Values]:
        """Return what the deployer hands to Helm, in its order, encrypted values as they are."""
        layers = []
        for file in self.files(hub):
            is_jsonnet = file.suffix == ".jsonnet"
            layer = self.evaluate(file, hub) if is_jsonnet else helm_python.values_from_yaml(file.read_text())
            layer.pop("sops", None)
            layers.append(layer)
        return layers

    def chart(self, hub: str, folder: Path) -> helm_python.Chart:
        """Assemble the hub's chart in ``folder``, with empty subcharts in place of the published ones."""
        entry = self.spec(hub)
        base = folder / "basehub"
        shutil.copytree(self.root / "helm-charts/basehub", base)
        if "chart_override" in entry:
            own = self.root / "config/clusters" / hub.split("/", maxsplit=1)[0] / entry["chart_override"]
            shutil.copy(own, base / "Chart.yaml")
        for dependency in yaml.safe_load((base / "Chart.yaml").read_text())["dependencies"]:
            stub = base / "charts" / dependency["name"]
            stub.mkdir(parents=True)
            about = {"apiVersion": "v2", "name": dependency["name"], "version": dependency["version"]}
            (stub / "Chart.yaml").write_text(json.dumps(about))
        if entry["helm_chart"] == "basehub":
            return helm_python.Chart.load(base)
        outer = folder / entry["helm_chart"]
        (outer / "charts").mkdir(parents=True)
        shutil.copy(self.root / "helm-charts" / entry["helm_chart"] / "Chart.yaml", outer)
        shutil.move(base, outer / "charts")
        return helm_python.Chart.load(outer)

    @functools.cache  # noqa: B019 - one instance in a session
    def merged(self, hub: str) -> Values:
        """Return the values as Helm has them for the chart basehub, whatever the nesting."""
        with tempfile.TemporaryDirectory() as folder, self.chart(hub, Path(folder)) as chart:
            values = chart.merge_values(functools.reduce(overlay, self.layers(hub)))
        inner = values.get("basehub", values)
        assert isinstance(inner, dict)
        return inner

    @functools.cache  # noqa: B019 - one instance in a session
    def objects(self, hub: str) -> dict[tuple[str, str], Values]:
        """Return what the chart's own templates make, by kind and name."""
        name = hub.split("/")[1]
        with tempfile.TemporaryDirectory() as folder, self.chart(hub, Path(folder)) as chart:
            rendered = chart.render(functools.reduce(overlay, self.layers(hub)), name=name, namespace=name)
        found = [each for text in rendered.values() for each in yaml.safe_load_all(text) if each]
        return {(each["kind"], each["metadata"]["name"]): each for each in found}


def overlay(below: Values, above: Values) -> Values:
    """Merge two values documents as several ``-f`` do."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = overlay(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def dig(values: Any, path: str) -> Any:
    """Return what is at ``path``, steps parted by ``/``; None where there is nothing."""
    for step in path.split("/"):
        if isinstance(values, list):
            values = values[int(step)] if int(step) < len(values) else None
        else:
            values = values.get(step) if isinstance(values, dict) else None
    return values


@pytest.fixture(scope="session")
def example() -> Example:
    return Example()


@pytest.fixture(params=HUBS)
def hub(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def at(example: Example) -> Callable[[str, str], Any]:
    """Look up a path in the merged values of a hub."""
    return lambda hub, path: dig(example.merged(hub), path)
