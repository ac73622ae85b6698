"""Whatever is in the files, the answer is a configuration or an error with a place, never a crash."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from takeout.errors import TakeoutError
from takeout.source import open_source
from takeout.source.chart import open_chart

KEYS = st.sampled_from(
    [
        "name",
        "hubs",
        "domain",
        "helm_chart",
        "helm_chart_values_files",
        "provider",
        "aws",
        "account",
        "metadata",
        "config",
        "template",
        "auth0",
        "chart_override",
        "domain_override_file",
        "display_name",
        "dependencies",
        "hub",
    ]
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.sampled_from(
        ["basehub", "daskhub", "a.values.yaml", "../../x", "file://../basehub", "", "é", "hub.example"]
    ),
)
DATA = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=20
)
HUB = st.fixed_dictionaries(
    {"name": LEAVES},
    optional={
        "domain": DATA,
        "helm_chart": st.sampled_from(["basehub", "daskhub"]) | DATA,
        "helm_chart_values_files": st.lists(st.sampled_from(["a.values.yaml", "b.jsonnet"]) | DATA, max_size=3)
        | DATA,
        "config": DATA,
        "auth0": DATA,
        "chart_override": DATA,
    },
)
CLUSTER = st.fixed_dictionaries({"hubs": st.lists(HUB, max_size=3) | DATA}, optional={"name": DATA, "aws": DATA})
DEPLOYER = "def get_generated_config(self): self.spec['auth0']\n'https://example.org/homepage'\n"


def _read(root: Path) -> None:
    try:
        source = open_source(str(root))
    except TakeoutError:
        return
    for hub in source.hubs():
        try:
            source.load(hub)
        except TakeoutError as error:
            assert error.message  # noqa: PT017 - any error of ours will do


def _write(root: Path, files: dict[str, Any]) -> None:
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(data if isinstance(data, str) else yaml.safe_dump(data))


@given(cluster=CLUSTER, chart=DATA, values=DATA, generated=st.booleans(), inline=st.booleans())
def test_any_cluster_file(cluster: Any, chart: Any, values: Any, *, generated: bool, inline: bool) -> None:
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        place = "config/hubs/c.cluster.yaml" if inline else "config/clusters/c/cluster.yaml"
        _write(root, {place: cluster, "config/clusters/c/a.values.yaml": values})
        _write(root, {"config/clusters/c/b.jsonnet": "{ a: std.extVar('VARS_2I2C_HUB_NAME') }"})
        _write(root, {"helm-charts/basehub/Chart.yaml": chart, "helm-charts/daskhub/Chart.yaml": "name: daskhub"})
        if generated:
            _write(root, {"deployer/hub.py": DEPLOYER, "deployer/auth.py": "USERNAME_KEYS = {1: x"})
        _read(root)


@given(st.lists(st.binary(max_size=40) | st.text(max_size=40).map(str.encode), min_size=1, max_size=3))
def test_any_values_files(contents: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        files = []
        for number, content in enumerate(contents):
            file = Path(directory) / f"{number}.yaml"
            file.write_bytes(content)
            files.append(str(file))
        try:
            source = open_chart(None, files)
        except TakeoutError:
            return
        assert source.load(source.hubs()[0]).layers


@given(st.binary(max_size=200))
def test_any_packed_chart(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "chart.tgz"
        file.write_bytes(content)
        try:
            open_chart(str(file), [])
        except TakeoutError as error:
            assert error.exit_code == 2  # noqa: PT017 - any error of ours will do
