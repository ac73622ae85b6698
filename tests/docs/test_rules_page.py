"""The page of rules is made from the rules."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from takeout.adapt.reference import rules_page
from takeout.adapt.rule import Case, Draft, Rule
from takeout.adapt.rules import all_rules

_PAGE = Path("docs/reference/rules.md")


def _nothing(draft: Draft) -> None:
    """Change nothing."""


def _rule(*cases: Case) -> Rule:
    return Rule("A01", "Do this | and that", "Or\n    else.", "https://rules.example/a", "likely", _nothing, cases)


def test_page_is_up_to_date(root: Path) -> None:
    made = rules_page(all_rules())
    if os.environ.get("TAKEOUT_REFRESH_GOLDENS") == "1":
        if os.environ.get("CI"):
            pytest.fail("CI does not write what it is to compare")
        (root / _PAGE).write_text(made)
    assert (root / _PAGE).read_text() == made, "TAKEOUT_REFRESH_GOLDENS=1 pytest tests/docs writes it anew"


def test_page_has_every_rule(root: Path) -> None:
    titles = set(re.findall(r"^## (\w+)$", (root / _PAGE).read_text(), flags=re.MULTILINE))
    assert titles == {rule.id for rule in all_rules()}


def test_section_tells_what_the_rule_tells() -> None:
    page = rules_page([_rule(Case("a name", "a: 1", "a: 2"))])
    assert "| [A01](#a01) | Do this \\| and that | likely |" in page
    assert "\n**Do this | and that.**\n\nOr else.\n" in page
    assert "- Source: <https://rules.example/a>" in page
    assert "- Safety: likely: right unless the owners want it otherwise" in page
    assert "For example (a name):\n\n```yaml\na: 1\n```\n\nbecomes\n\n```yaml\na: 2\n```\n" in page


def test_example_is_the_first_case_that_changes_something_and_is_short() -> None:
    long = "\n".join(f"k{number}: 1" for number in range(80))
    page = rules_page([_rule(Case("still", "x: 1"), Case("long", long, "b: 1"), Case("gone", "\n    b: 2\n", ""))])
    assert "For example (gone):\n\n```yaml\nb: 2\n```\n\nbecomes\n\n```yaml\n{}\n```" in page
    assert "k1" not in page
