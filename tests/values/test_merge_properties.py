from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import helm_python
import pytest
from hypothesis import given
from hypothesis import strategies as st

from takeout.errors import ValuesError
from takeout.values.merge import Chart, coalesce, overlay, settle
from takeout.values.node import Mapping, Mark, Node, find, from_data, leaves, to_data, walk
from takeout.values.path import Path as ValuesPath
from takeout.values.read import read_yaml
from values.strategies import chart_values, charts, write_chart


def nodes(data: object, name: str = "given") -> Mapping:
    made = from_data(data, Mark(name))
    assert isinstance(made, Mapping)
    return made


@st.composite
def charts_with_values(draw: st.DrawFn) -> tuple[Chart, list[Mapping]]:
    chart = draw(charts())
    layers = draw(st.lists(chart_values(chart.children), min_size=1, max_size=3))
    return chart, [nodes(layer, f"layer {number}") for number, layer in enumerate(layers)]


def innermost(chart: Chart, path: ValuesPath = ()) -> list[tuple[Chart, ValuesPath]]:
    if not chart.children:
        return [(chart, path)]
    return [found for child in chart.children for found in innermost(child, (*path, child.name))]


@given(charts_with_values())
def test_coalescing_gives_what_helm_gives(drawn: tuple[Chart, list[Mapping]]) -> None:
    chart, layers = drawn
    given_values = overlay(layers)
    with tempfile.TemporaryDirectory() as folder:
        loaded = helm_python.Chart.load(write_chart(chart, Path(folder) / "chart"))
        expected = loaded.merge_values(to_data(given_values))
    assert to_data(coalesce(chart, given_values)) == expected


@given(charts_with_values())
def test_an_inner_chart_alone_gives_what_the_umbrella_gives(drawn: tuple[Chart, list[Mapping]]) -> None:
    """The law that a replica rests on: z2jh with the lifted values is z2jh inside its umbrella."""
    chart, layers = drawn
    given_values = overlay(layers)
    whole = coalesce(chart, given_values)
    settled = settle(chart, given_values)
    for inner, path in innermost(chart):
        handed = find(settled, path) or Mapping()
        within = find(whole, path)
        assert isinstance(handed, Mapping)
        assert within is not None
        alone = to_data(coalesce(inner, handed))
        expected = to_data(within)
        assert isinstance(alone, dict)
        assert isinstance(expected, dict)
        if path:
            alone.setdefault("global", {})
        assert alone == expected


_steady = st.recursive(
    st.fixed_dictionaries({}, optional=dict.fromkeys("ab", st.sampled_from((None, 1, "x", [2])))),
    lambda below: st.fixed_dictionaries(
        {}, optional={**dict.fromkeys("ab", st.sampled_from((None, 1, [2]))), **dict.fromkeys("mn", below)}
    ),
    max_leaves=6,
)


@given(st.lists(chart_values(()), max_size=3).map(lambda layers: [nodes(layer) for layer in layers]))
def test_an_empty_layer_changes_nothing(layers: list[Mapping]) -> None:
    merged = to_data(overlay(layers))
    assert to_data(overlay([Mapping(), *layers])) == merged
    assert to_data(overlay([*layers, Mapping()])) == merged


@given(st.lists(_steady, min_size=1, max_size=4).map(lambda layers: [nodes(layer) for layer in layers]))
def test_layers_may_be_merged_in_groups_where_no_mapping_becomes_something_else(layers: list[Mapping]) -> None:
    merged = to_data(overlay(layers))
    assert to_data(overlay([layers[0], overlay(layers[1:])])) == merged
    assert to_data(overlay([overlay(layers[:-1]), layers[-1]])) == merged


def test_layers_may_not_be_merged_in_groups_where_a_null_stands_between_mappings() -> None:
    low, null, high = nodes({"a": {"x": 1}}), nodes({"a": None}), nodes({"a": {"z": 1}})
    assert to_data(overlay([low, null, high])) == {"a": {"z": 1}}
    assert to_data(overlay([low, overlay([null, high])])) == {"a": {"x": 1, "z": 1}}


@given(charts_with_values())
def test_nothing_given_is_mutated_and_every_leaf_has_a_mark(drawn: tuple[Chart, list[Mapping]]) -> None:
    chart, layers = drawn
    before = [to_data(layer) for layer in layers], to_data(chart.values)
    whole = coalesce(chart, overlay(layers))
    assert ([to_data(layer) for layer in layers], to_data(chart.values)) == before
    names = {f"layer {number}" for number in range(len(layers))} | {""}
    assert {node.mark.file for _, node in leaves(whole)} <= names


def since_the_last_cut(layers: list[Mapping], path: ValuesPath) -> list[Node]:
    """What stands at ``path`` in each layer, from the last one on that put something else in a parent's place."""
    found: list[Node] = []
    for layer in layers:
        parents = [find(layer, path[:depth]) for depth in range(1, len(path))]
        if any(parent is not None and not isinstance(parent, Mapping) for parent in parents):
            found = []
        node = find(layer, path)
        if node is not None:
            found.append(node)
    return found


@given(charts_with_values())
def test_a_value_remembers_what_it_replaced(drawn: tuple[Chart, list[Mapping]]) -> None:
    _, layers = drawn
    for path, node in walk(overlay(layers)):
        if isinstance(node, Mapping) or any(isinstance(step, int) for step in path):
            continue
        older = since_the_last_cut(layers, path)
        assert node.mark == older[-1].mark
        if len(older) > 1 and not isinstance(older[-2], Mapping):
            assert node.replaced is not None
            assert to_data(node.replaced) == to_data(older[-2])


@pytest.mark.parametrize("wrong", [None, 1, [], "text"])
def test_a_subchart_takes_a_mapping_only_as_in_helm(wrong: object, tmp_path: Path) -> None:
    chart = Chart("top", Mapping(), (Chart("sub", nodes({"a": 1})),))
    loaded = helm_python.Chart.load(write_chart(chart, tmp_path / "chart"))
    with pytest.raises(helm_python.HelmError):
        loaded.merge_values({"sub": wrong})
    with pytest.raises(ValuesError, match="sub is the name of a subchart"):
        coalesce(chart, nodes({"sub": wrong}))
    with pytest.raises(ValuesError, match="sub is the name of a subchart"):
        settle(Chart("top", Mapping(), (chart,)), nodes({"top": {"sub": wrong}}))


def hub_layers(snapshot: Path) -> list[tuple[str, str, list[Mapping]]]:
    """Every hub's name, chart and values files, as its cluster file lists them."""
    found = []
    for file in sorted(snapshot.glob("config/clusters/*/cluster.yaml")):
        cluster: Any = to_data(read_yaml(file.read_bytes(), file.name).values)
        for hub in cluster.get("hubs", []):
            listed = [file.parent / name for name in hub["helm_chart_values_files"]]
            layers = [
                read_yaml(path.read_bytes(), path.name).values
                for path in listed
                if path.suffix == ".yaml" and path.exists()
            ]
            found.append((f"{file.parent.name}/{hub['name']}", hub["helm_chart"], layers))
    return found


def test_every_hub_of_the_snapshot_merges_as_in_helm(snapshot: Path, tmp_path: Path) -> None:
    defaults = read_yaml((snapshot / "helm-charts/basehub/values.yaml").read_bytes(), "values.yaml").values
    subcharts = tuple(
        Chart(
            name,
            nodes({"stub": {"of": name}, "hub": {"extraVolumes": [1], "config": {"JupyterHub": {"admin": 1}}}}),
        )
        for name in ("jupyterhub", "dask-gateway", "binderhub-service", "jupyterhub-home-nfs")
    )
    basehub = Chart("basehub", defaults, subcharts)
    trees = {"basehub": basehub, "daskhub": Chart("daskhub", Mapping(), (basehub,))}
    loaded = {name: helm_python.Chart.load(write_chart(tree, tmp_path / name)) for name, tree in trees.items()}
    hubs = hub_layers(snapshot)
    for name, chart, layers in hubs:
        values = overlay(layers)
        whole = to_data(coalesce(trees[chart], values))
        assert whole == loaded[chart].merge_values(to_data(values)), name
        settled = settle(trees[chart], values)
        for inner, path in innermost(trees[chart]):
            handed = find(settled, path)
            within = find(coalesce(trees[chart], values), path)
            assert isinstance(handed, Mapping)
            assert isinstance(within, Mapping)
            assert {"global": {}, **to_data(coalesce(inner, handed))} == to_data(within), name
    assert len(hubs) > 100
