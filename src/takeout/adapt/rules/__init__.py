"""The rules, one file each, found by their names: ``<ID>_<name>.py`` with one ``RULE``."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from takeout.adapt.rule import Rule


@cache
def all_rules() -> tuple[Rule, ...]:
    """Return every rule, in the order of their ids, which is the order they run in.

    Raises:
        ValueError: When a rule's id is not its file's, or two rules have one id.
    """
    rules: dict[str, Rule] = {}
    for module_info in pkgutil.iter_modules(__path__):
        if not module_info.name[0].isupper():
            continue
        rule: Rule = importlib.import_module(f"{__name__}.{module_info.name}").RULE
        if rule.id != module_info.name.split("_")[0] or rule.id in rules:
            raise ValueError(f"rule {rule.id} in {module_info.name}.py: not its file's id, or used twice")
        rules[rule.id] = rule
    return tuple(rules[key] for key in sorted(rules))
