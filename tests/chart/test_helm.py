"""Helm's own code behind our types and errors."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from takeout.chart.helm import Chart
from takeout.chart.messages import schema_faults, template_fault
from takeout.chart.quiet import quiet
from takeout.chart.tree import read_chart
from takeout.errors import InputError, ValuesError
from takeout.values.read import read_yaml

TEMPLATE = """
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-config, namespace: {{ .Release.Namespace }}}
data: {image: {{ .Values.hub.image.name | quote }}, day: 2024-03-18}
---
kind: List
items:
  - {kind: Secret, metadata: {name: one}}
  - {kind: Secret, metadata: {name: two}}
---
# nothing here
{{ if .Release.IsUpgrade }}
---
{kind: Job, metadata: {name: migrate}}
{{ end }}
"""
FILES = {
    "values.yaml": "hub:\n  image: {name: default, tag: '1'}\n",
    "templates/all.yaml": TEMPLATE,
    "templates/NOTES.txt": "thanks",
}


@pytest.fixture
def chart(write_chart: Callable[..., Path], schema: dict[str, Any]) -> Chart:
    return Chart.load(write_chart(files=FILES, schema=schema))


def test_rendering_gives_objects(chart: Chart) -> None:
    found = chart.render({"hub": {"image": {"name": "mine"}}}, name="r", namespace="n")
    assert [(m.kind, m.name, m.namespace, m.template) for m in found] == [
        ("ConfigMap", "r-config", "n", "little/templates/all.yaml"),
        ("Secret", "one", "", "little/templates/all.yaml"),
        ("Secret", "two", "", "little/templates/all.yaml"),
    ]
    assert found[0].data["data"] == {"image": "mine", "day": "2024-03-18"}
    assert [m.kind for m in chart.render({}, name="r", namespace="n", upgrade=True)][-1] == "Job"


def test_defaults_and_merging(chart: Chart) -> None:
    assert (chart.name, chart.version) == ("little", "1.2.3")
    assert chart.values == {"hub": {"image": {"name": "default", "tag": "1"}}}
    values = read_yaml("hub: {image: {tag: null, name: mine}}", "v.yaml").values
    assert chart.merge(values) == {"hub": {"image": {"name": "mine"}}}


def test_every_complaint_of_the_schema_is_one_fault_with_its_line(chart: Chart) -> None:
    text = "hub:\n  replicas: -1\n  imaeg: 1\n  labels:\n    a/b: 3\n  volumes: [{name: 3}]\n"
    faults = chart.validate(read_yaml(text, "v.yaml").values)
    assert [(f.code, f.where.line, f.where.path) for f in faults] == [
        ("schema", 2, "hub.replicas"),
        ("unknown-key", 3, "hub.imaeg"),
        ("schema", 5, "hub.labels.a/b"),
        ("schema", 6, "hub.volumes"),
    ]
    assert "minimum" in faults[0].message
    assert "none of the allowed forms" in faults[3].message
    assert chart.validate({"hub": {"replicas": 1}}) == []


def test_a_subcharts_complaint_has_the_path_from_the_root(
    write_chart: Callable[..., Path], schema: dict[str, Any]
) -> None:
    root = write_chart("umbrella", dependencies=[{"name": "little", "version": "1.2.3", "alias": "z"}])
    write_chart(folder=root / "charts", files=FILES, schema=schema)
    values = read_yaml("z:\n  hub:\n    replicas: many\n", "v.yaml").values
    with Chart.load(root) as chart:
        assert [(f.where.path, f.where.line) for f in chart.validate(values)] == [("z.hub.replicas", 3)]


def test_a_value_that_helm_ignores_is_told_and_standard_error_stays_clean(
    chart: Chart, capfd: pytest.CaptureFixture[str]
) -> None:
    values = read_yaml("hub:\n  image: nginx\n", "v.yaml").values
    faults = chart.validate(values)
    assert [(f.code, f.where.line) for f in faults] == [("schema", 2), ("ignored-value", 2)]
    assert capfd.readouterr() == ("", "")


def test_what_others_write_to_standard_error_meanwhile_is_passed_on(capfd: pytest.CaptureFixture[str]) -> None:
    with quiet() as lines:
        os.write(2, b"2026/01/02 03:04:05 warning: x\nsomebody else\n")
    assert lines == ["warning: x"]
    assert capfd.readouterr().err == "somebody else\n"


def test_rendering_refuses_what_the_schema_refuses(chart: Chart) -> None:
    with pytest.raises(ValuesError) as caught:
        chart.render({"nope": 1}, name="r", namespace="n")
    assert [f.code for f in caught.value.faults] == ["unknown-key"]


def test_a_template_that_fails_names_its_place(write_chart: Callable[..., Path]) -> None:
    root = write_chart(files={"templates/a.yaml": '{{ fail "set hub.domain" }}'})
    with pytest.raises(ValuesError) as caught, Chart.load(root) as chart:
        chart.render({}, name="r", namespace="n")
    fault = caught.value.faults[0]
    assert (fault.code, fault.where.file, fault.where.line) == ("template", "little/templates/a.yaml", 1)
    assert fault.message.endswith("set hub.domain")


def test_a_template_that_renders_no_yaml(write_chart: Callable[..., Path]) -> None:
    root = write_chart(files={"templates/a.yaml": "a: [\n"})
    with pytest.raises(InputError, match="not YAML") as caught, Chart.load(root) as chart:
        chart.render({}, name="r", namespace="n")
    assert caught.value.where is not None
    assert caught.value.where.file == "little/templates/a.yaml"


def test_what_is_not_a_chart(tmp_path: Path) -> None:
    (tmp_path / "Chart.yaml").write_text("name: x\n")
    with pytest.raises(InputError, match="Helm cannot load"):
        Chart.load(tmp_path)


def test_messages_with_quotes_line_breaks_and_unknown_charts(write_chart: Callable[..., Path]) -> None:
    tree = read_chart(write_chart())
    message = (
        "values don't meet the specifications of the schema(s) in the following chart(s):\n"
        "little:\n"
        "- at '/a~1b/it\\'s/0': value must be 'one\ntwo'\n"
        "- at '': missing property 'c'\n"
        "other:\n"
        "- at '/x': additional properties 'y', 'z' not allowed\n"
    )
    assert [(f.code, f.where.path) for f in schema_faults(message, tree, None)] == [
        ("schema", "$"),
        ("schema", 'a/b."it\'s"[0]'),
        ("unknown-key", "x.y"),
        ("unknown-key", "x.z"),
    ]
    assert schema_faults("something else", tree, None) == []
    assert template_fault("something else").where.file == ""
