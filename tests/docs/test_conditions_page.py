"""The page of conditions is made from the conditions."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from takeout.cluster.doctor.conditions import all_conditions
from takeout.cluster.doctor.reference import conditions_page

_PAGE = Path("docs/reference/conditions.md")


def test_page_is_up_to_date(root: Path) -> None:
    made = conditions_page(all_conditions())
    if os.environ.get("TAKEOUT_REFRESH_GOLDENS") == "1":
        if os.environ.get("CI"):
            pytest.fail("CI does not write what it is to compare")
        (root / _PAGE).write_text(made)
    assert (root / _PAGE).read_text() == made, "TAKEOUT_REFRESH_GOLDENS=1 pytest tests/docs writes it anew"


def test_page_has_every_condition(root: Path) -> None:
    titles = set(re.findall(r"^## (\w+)$", (root / _PAGE).read_text(), flags=re.MULTILINE))
    assert titles == {condition.id for condition in all_conditions()}
