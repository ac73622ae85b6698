"""Keys that no schema knows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from takeout.chart.schema import unknown_keys
from takeout.chart.tree import read_chart
from takeout.values.read import read_yaml


def unknown(root: Path, text: str) -> list[tuple[int, str, str]]:
    faults = unknown_keys(read_chart(root), read_yaml(text, "v.yaml").values)
    assert {fault.code for fault in faults} <= {"unknown-key"}
    assert {fault.where.file for fault in faults} <= {"v.yaml"}
    return [(fault.where.line, fault.where.path, fault.hint) for fault in faults]


def test_unknown_keys_have_their_line_and_the_nearest_known_one(
    write_chart: Callable[..., Path], schema: dict[str, Any]
) -> None:
    root = write_chart(schema=schema)
    text = "hub:\n  imaeg: {name: x}\n  image:\n    tga: y\n  labels: {any: thing}\nelse: 1\nglobal: {x: 1}\n"
    assert unknown(root, text) == [
        (2, "hub.imaeg", "did you mean 'image'?"),
        (4, "hub.image.tga", "did you mean 'tag'?"),
        (6, "else", "remove it, or move it to where the chart reads it"),
    ]


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("hub: {volumes: [{name: a}, {nane: b}]}", ["hub.volumes[1].nane"]),
        ("hub: {volumes: {v-a: {x: 1}, w: 2}}", ["hub.volumes.w"]),
        ("hub: {volumes: null}", []),
        ("hub: text", []),
    ],
)
def test_lists_patterns_and_alternatives(
    write_chart: Callable[..., Path], schema: dict[str, Any], text: str, paths: list[str]
) -> None:
    assert [path for _, path, _ in unknown(write_chart(schema=schema), text)] == paths


def test_a_subcharts_values_are_held_against_its_own_schema(
    write_chart: Callable[..., Path], schema: dict[str, Any]
) -> None:
    root = write_chart("umbrella", dependencies=[{"name": "little", "alias": "z"}, {"name": "absent"}])
    write_chart(folder=root / "charts", schema=schema)
    found = unknown(root, "z:\n  hbu: 1\nlittle: 2\nabsent: {a: 1}\nglobal: {}\n")
    assert found == [
        (3, "little", "remove it, or move it to where the chart reads it"),
        (2, "z.hbu", "did you mean 'hub'?"),
    ]


def test_a_chart_of_its_own_without_a_schema_may_read_anything(write_chart: Callable[..., Path]) -> None:
    assert unknown(write_chart(files={"templates/a.yaml": ""}), "a: 1") == []


def test_references_that_never_end_or_lead_outside_are_left_alone(
    write_chart: Callable[..., Path], schema: dict[str, Any]
) -> None:
    schema = {
        "properties": {"a": {"$ref": "#/definitions/a"}, "b": {"$ref": "https://example.org/schema"}},
        "definitions": {"a": {"$ref": "#/definitions/a"}},
    }
    assert unknown(write_chart(schema=schema), "a: {x: 1}\nb: {x: 1}") == []


def test_all_of_several_schemas_apply(write_chart: Callable[..., Path], schema: dict[str, Any]) -> None:
    schema = {"allOf": [{"properties": {"a": {}}, "additionalProperties": False}]}
    assert [path for _, path, _ in unknown(write_chart(schema=schema), "a: 1\nb: 1")] == ["b"]
