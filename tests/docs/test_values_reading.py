"""The table of what YAML means to Helm is put to Helm itself, and to our reader."""

from __future__ import annotations

import json
import re
from pathlib import Path

import helm_python
import pytest

from takeout.values.node import to_data
from takeout.values.read import read_yaml

_PAGE = Path(__file__).parents[2] / "docs/reference/values-reading.md"
_ROW = re.compile(r"^\| `(?P<yaml>[^`]+)` \| `(?P<json>\{[^`]+\})` \|", re.MULTILINE)
_ROWS = [pytest.param(row["yaml"], row["json"], id=row["yaml"]) for row in _ROW.finditer(_PAGE.read_text())]


@pytest.mark.parametrize(("text", "expected"), _ROWS)
def test_table_says_what_helm_says(text: str, expected: str) -> None:
    assert helm_python.values_from_yaml(text) == json.loads(expected)
    assert to_data(read_yaml(text, "values.yaml").values) == json.loads(expected)


def test_table_was_found() -> None:
    assert len(_ROWS) == 13
