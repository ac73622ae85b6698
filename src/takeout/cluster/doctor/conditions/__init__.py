"""The conditions, one file each, found by their names: ``<ID>_<name>.py`` with one ``CONDITION``."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from takeout.cluster.doctor.condition import Condition


@cache
def all_conditions() -> tuple[Condition, ...]:
    """Return every condition, in the order of their ids.

    Raises:
        ValueError: When a condition's id is not its file's, or two conditions have one id.
    """
    conditions: dict[str, Condition] = {}
    for module_info in pkgutil.iter_modules(__path__):
        if not module_info.name[0].isupper():
            continue
        condition: Condition = importlib.import_module(f"{__name__}.{module_info.name}").CONDITION
        if condition.id != module_info.name.split("_")[0] or condition.id in conditions:
            raise ValueError(
                f"condition {condition.id} in {module_info.name}.py: not its file's id, or used twice"
            )
        conditions[condition.id] = condition
    return tuple(conditions[key] for key in sorted(conditions))
