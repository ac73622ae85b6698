"""The rules, one file each, found by their names: ``<ID>_<name>.py`` with one ``RULE``."""

from __future__ import annotations

from functools import cache

from takeout.adapt.rule import Rule
from takeout.catalogue import members


@cache
def all_rules() -> tuple[Rule, ...]:
    """Return every rule, in the order of their ids, which is the order they run in."""
    return members(__name__, __path__, "RULE", Rule)
