"""The module ``z2jh`` that snippets of a hub import, answered from the plan.

Source: https://z2jh.jupyter.org/en/stable/administrator/advanced.html (hub.extraConfig, z2jh.get_config)
"""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any

from takeout.local.plan import Plan

_NOT_GIVEN = object()


class Answers:
    """The functions of the module, each named as the chart's own.

    Args:
        plan: Where the answers are.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def get_config(self, key: str, default: Any = None) -> Any:
        """Return the value at a dotted key."""
        value: Any = self._plan.values
        for step in key.split("."):
            if not isinstance(value, dict) or step not in value:
                return default
            value = value[step]
        return value

    def set_config_if_not_none(self, cparent: Any, name: str, key: str) -> None:
        """Set a trait where the value at ``key`` is not null."""
        value = self.get_config(key)
        if value is not None:
            setattr(cparent, name, value)

    def get_secret_value(self, key: str, default: Any = _NOT_GIVEN) -> Any:
        """Return an entry of the hub's Secret."""
        if key in self._plan.secrets:
            return self._plan.secrets[key]
        if default is _NOT_GIVEN:
            raise KeyError(f"{key} is in no Secret of the hub")
        return default

    def get_name(self, name: str) -> str:
        """Return the full name of an object of the release."""
        return self._plan.names.get(name, name)

    def get_name_env(self, name: str, suffix: str = "") -> str:
        """Return the variable that Kubernetes sets for a service of the release."""
        return os.environ[(self.get_name(name) + suffix).upper().replace("-", "_")]


def make_module(plan: Plan) -> ModuleType:
    """Return a module with the functions that the chart's own has."""
    module, answers = ModuleType("z2jh", "What the values say."), Answers(plan)
    for name in [name for name in dir(answers) if not name.startswith("_")]:
        setattr(module, name, getattr(answers, name))
    return module
