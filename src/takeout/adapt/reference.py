"""The rules as a page of the documentation, made from the same objects that run."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import dedent

from takeout.adapt.rule import Case, Rule

_SAFETY = {
    "sure": "sure: always right",
    "likely": "likely: right unless the owners want it otherwise",
    "ask": "ask: an action tells the owners to confirm",
}
_EXAMPLE_LINES = 60
"""Longer cases prove something without showing it; the page leaves them out."""

_INTRODUCTION = """\
# Rules

<!-- Made from src/takeout/adapt/rules/ by takeout.adapt.reference; see CONTRIBUTING.md. Changes here are lost. -->

A rule is one reasoned change to a hub's values. They run in the order of their ids; an id is never used again for
another rule. `takeout rules ID` prints the same from the command line.
"""


def rules_page(rules: Iterable[Rule]) -> str:
    """Return the page ``docs/reference/rules.md``: a table of all rules, then a section for each."""
    rules = tuple(rules)
    table = ["| id | what it does | safety |", "| --- | --- | --- |"]
    table += [f"| [{rule.id}](#{rule.id.lower()}) | {_cell(rule.title)} | {rule.safety} |" for rule in rules]
    return "\n".join([_INTRODUCTION, *table, *(_section(rule) for rule in rules)]) + "\n"


def _section(rule: Rule) -> str:
    lines = [
        f"\n## {rule.id}",
        f"\n**{rule.title}.**",
        f"\n{_prose(rule.why)}",
        f"\n- Source: <{rule.source}>",
        f"- Safety: {_SAFETY[rule.safety]}",
    ]
    example = next((case for case in rule.cases if _is_shown(case)), None)
    if example is not None and example.expect is not None:
        lines += [
            f"\nFor example ({example.name}):",
            f"\n```yaml\n{_yaml(example.given)}\n```",
            f"\nbecomes\n\n```yaml\n{_yaml(example.expect)}\n```",
        ]
    return "\n".join(lines)


def _is_shown(case: Case) -> bool:
    if case.expect is None:
        return False
    return len((case.given + case.expect).splitlines()) <= _EXAMPLE_LINES


def _yaml(text: str) -> str:
    return dedent(text).strip("\n") or "{}"


def _prose(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    return _prose(text).replace("|", "\\|")
