"""The rules as data, for the command line, the lock and the report."""

from __future__ import annotations

from difflib import get_close_matches

from takeout.adapt.rule import Rule
from takeout.adapt.rules import all_rules
from takeout.errors import OptionError


def sorted_rules() -> tuple[Rule, ...]:
    """Return every rule in the order they run in."""
    return all_rules()


def find_rule(rule_id: str) -> Rule:
    """Return the rule ``rule_id``, whatever its case.

    Raises:
        OptionError: When there is none.
    """
    rules = {rule.id: rule for rule in all_rules()}
    rule = rules.get(rule_id.upper())
    if rule is None:
        near = get_close_matches(rule_id.upper(), rules, n=3, cutoff=0.3) or list(rules)[:3]
        raise OptionError(
            f"there is no rule {rule_id!r}", hint=f"nearest: {', '.join(near)}; `takeout rules` lists all"
        )
    return rule


def rule_to_json(rule: Rule) -> dict[str, object]:
    """Return what a person may want to know of ``rule``."""
    return {
        "id": rule.id,
        "title": rule.title,
        "why": rule.why,
        "source": rule.source,
        "safety": rule.safety,
        "cases": [{"name": case.name, "given": case.given, "expect": case.expect} for case in rule.cases],
    }
