"""The real z2jh chart, where this machine has it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from takeout.adapt.context import Context, HubFacts
from takeout.adapt.nets.nodes import nodes_of_manifests
from takeout.adapt.nets.provided import made_by_chart
from takeout.adapt.nets.references import references, references_of_manifests
from takeout.chart.helm import Chart
from takeout.chart.images import list_images
from takeout.chart.places import Places, Wanted
from takeout.chart.schema import unknown_keys
from takeout.replica.build import merge
from takeout.source import open_source
from takeout.targets import load_target
from takeout.values.merge import lift
from takeout.values.node import Mapping
from takeout.values.read import read_yaml

WANTED = Wanted("jupyterhub", "4.3.3")
CONTEXT = Context(HubFacts("prod"), load_target("any"))


@pytest.fixture(scope="module")
def z2jh() -> Iterator[Chart]:
    path = next((path for path, _ in Places.of().search(WANTED)), None)
    if path is None:
        pytest.skip(f"the chart {WANTED} is not on this machine: pull it with Helm, or set TAKEOUT_CHARTS")
    with Chart.load(path) as chart:
        yield chart


def test_the_charts_own_defaults_raise_no_alarm(z2jh: Chart) -> None:
    objects = [manifest.data for manifest in z2jh.render({}, name="prod", namespace="prod")]
    assert len(objects) > 20
    assert references_of_manifests(objects, CONTEXT) == []
    assert nodes_of_manifests(objects, CONTEXT) == []
    defaults = read_yaml(z2jh.tree.values, "values.yaml").values
    assert unknown_keys(z2jh.tree, defaults) == []
    assert z2jh.validate(defaults) == []
    assert references(Mapping({"jupyterhub": defaults}), [], CONTEXT) == []


def test_what_is_told_of_the_chart_is_what_it_makes(z2jh: Chart) -> None:
    everything = {
        "scheduling": {"podPriority": {"enabled": True}, "userScheduler": {"enabled": True}},
        "proxy": {"https": {"enabled": True, "hosts": ["h"], "letsencrypt": {"contactEmail": "a@b.c"}}},
        "singleuser": {"extraFiles": {"a": {"mountPath": "/a", "stringData": "a"}}},
    }
    made = {(m.kind, m.name) for m in z2jh.render(everything, name="prod", namespace="prod")}
    told = made_by_chart("jupyterhub", release="prod", prefix="")
    # made while the hub runs, or only with a certificate of one's own
    told -= {("Secret", "proxy-public-tls-acme"), ("Secret", "proxy-public-manual-tls")}
    assert told <= made


def test_images_of_the_chart(z2jh: Chart) -> None:
    objects = [manifest.data for manifest in z2jh.render({}, name="prod", namespace="prod")]
    images = {use.image.repository: use.image.tag for use in list_images({}, objects)}
    assert images["jupyterhub/k8s-hub"] == "4.3.3"
    assert {"jupyterhub/configurable-http-proxy", "jupyterhub/k8s-singleuser-sample", "pause"} <= images.keys()


def test_rendering_shows_what_the_values_alone_show(z2jh: Chart, snapshot: Path) -> None:
    source = open_source(str(snapshot))
    for hub in list(source.hubs())[::24]:
        configuration = source.load(hub)
        values = lift(merge(configuration), configuration.jupyterhub).entries["jupyterhub"]
        assert isinstance(values, Mapping)
        context = Context(configuration.facts, load_target("any"), configuration.terms)
        alone = {f.subject for f in references(Mapping({"jupyterhub": values}), [], context)}
        objects = [m.data for m in z2jh.render(values, name=hub.name, namespace=hub.name)]
        assert alone == {f.subject for f in references_of_manifests(objects, context)}, hub.id
