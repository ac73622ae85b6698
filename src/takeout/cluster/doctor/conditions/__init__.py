"""The conditions, one file each, found by their names: ``<ID>_<name>.py`` with one ``CONDITION``."""

from __future__ import annotations

from functools import cache

from takeout.catalogue import members
from takeout.cluster.doctor.condition import Condition


@cache
def all_conditions() -> tuple[Condition, ...]:
    """Return every condition, in the order of their ids."""
    return members(__name__, __path__, "CONDITION", Condition)
