"""The boxes in the runbook that the owners tick when an action is done."""

from __future__ import annotations

import re

_BOX = re.compile(r"^- \[(?P<tick>[ xX])\] (?P<rest>.*)$", re.MULTILINE)
_CODE = re.compile(r"(`+) ?(.+?) ?\1(?!`)")


def ticked(text: str) -> frozenset[str]:
    """Return the names of the boxes that are ticked: the last code span on a box's line is its name."""
    return frozenset(_name(match["rest"]) for match in _BOX.finditer(text) if match["tick"] != " ")


def without_ticks(text: str) -> str:
    """Return the runbook as Takeout wrote it, whatever was ticked since."""
    return _BOX.sub(lambda match: f"- [ ] {match['rest']}", text)


def with_ticks(text: str, names: frozenset[str]) -> str:
    """Return the runbook with the boxes of ``names`` ticked."""

    def tick(match: re.Match[str]) -> str:
        mark = "x" if _name(match["rest"]) in names else match["tick"]
        return f"- [{mark}] {match['rest']}"

    return _BOX.sub(tick, text)


def _name(rest: str) -> str:
    spans = _CODE.findall(rest)
    return spans[-1][1] if spans else rest
