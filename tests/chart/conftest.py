"""Small charts that the tests write themselves."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

WriteChart = Callable[..., Path]
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "global": {"type": "object"},
        "hub": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "image": {"$ref": "#/definitions/image"},
                "replicas": {"type": "integer", "minimum": 0},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "volumes": {
                    "oneOf": [
                        {"type": "array", "items": {"$ref": "#/definitions/image"}},
                        {"type": "object", "patternProperties": {"^v-": {}}, "additionalProperties": False},
                    ]
                },
            },
        },
    },
    "definitions": {
        "image": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"name": {"type": "string"}, "tag": {"type": "string"}},
        }
    },
}


@pytest.fixture
def schema() -> dict[str, Any]:
    """Return a schema with what schemas of charts use."""
    return SCHEMA


@pytest.fixture
def write_chart(tmp_path: Path) -> WriteChart:
    """Return a function that writes a chart: ``(name, version, files, folder, schema, dependencies)``."""

    def write(
        name: str = "little",
        version: str = "1.2.3",
        files: Mapping[str, str] | None = None,
        *,
        folder: Path | None = None,
        schema: Mapping[str, Any] | None = None,
        dependencies: list[dict[str, str]] | None = None,
    ) -> Path:
        root = (folder or tmp_path) / name
        root.mkdir(parents=True)
        chart: dict[str, Any] = {"apiVersion": "v2", "name": name, "version": version}
        if dependencies:
            chart["dependencies"] = dependencies
        (root / "Chart.yaml").write_text(json.dumps(chart))
        if schema is not None:
            (root / "values.schema.json").write_text(json.dumps(schema))
        for path, text in (files or {}).items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        return root

    return write


@pytest.fixture
def pack() -> Callable[[Path, Path], Path]:
    """Return a function that packs a chart directory as ``helm package`` does, into a folder."""

    def packed(root: Path, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        chart = json.loads((root / "Chart.yaml").read_text())
        path = folder / f"{chart['name']}-{chart['version']}.tgz"
        with tarfile.open(path, "w:gz") as archive:
            archive.add(root, chart["name"])
        return path

    return packed
