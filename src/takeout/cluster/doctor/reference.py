"""The conditions as a page of the documentation, made from the same objects that look."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from takeout.cluster.doctor.condition import Condition

_WIDTH = 115

_INTRODUCTION = """\
# Conditions

<!-- Made from src/takeout/cluster/doctor/conditions/ by takeout.cluster.doctor.reference; see CONTRIBUTING.md.
Changes here are lost. -->

A condition is something that can be wrong with a running hub. `takeout hub doctor` holds all of them against one
look at it; [when a hub does not work](../how-to/when-a-hub-does-not-work.md) tells how to use it. An id is never
used again for another condition.
"""


def conditions_page(conditions: Iterable[Condition]) -> str:
    """Return the page ``docs/reference/conditions.md``: a table of all conditions, then a section for each."""
    conditions = tuple(conditions)
    table = ["| id | what is wrong |", "| --- | --- |"]
    table += [f"| [{each.id}](#{each.id.lower()}) | {each.title} |" for each in conditions]
    return "\n".join([_INTRODUCTION, *table, *(_section(each) for each in conditions)]) + "\n"


def _section(condition: Condition) -> str:
    recognised = [case.name for case in condition.cases if case.finds]
    passed = [case.name for case in condition.cases if not case.finds]
    return "\n".join(
        [
            f"\n## {condition.id}",
            f"\n**{condition.title}.**",
            f"\n{_filled(condition.why)}\n",
            _filled(f"- Mend: {condition.mend}"),
            _filled(f"- Recognised, for example: {'; '.join(recognised)}"),
            _filled(f"- Left alone, for example: {'; '.join(passed)}"),
            f"- Source: <{condition.source}>",
        ]
    )


def _filled(text: str) -> str:
    indent = "  " if text.startswith("- ") else ""
    return textwrap.fill(text, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
