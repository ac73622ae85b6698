"""What a profile offers: its options, combined; pure."""

from __future__ import annotations

import itertools
import math
from typing import Any

MOST_COMBINATIONS = 128
"""How many combinations of a profile's options are described; the largest form that was seen offers 126."""


def of_profile(profile: dict[str, Any], most: int = MOST_COMBINATIONS) -> list[dict[str, str]]:
    """Return every combination of the profile's options; beyond ``most``, one option is varied at a time."""
    options = profile.get("profile_options") or {}
    # An option without choices has no default, so whatever else is chosen must write something in.
    base = {"profile": str(profile["slug"])}
    for name, option in options.items():
        if not option.get("choices") and (option.get("unlisted_choice") or {}).get("enabled"):
            base[f"{name}--unlisted-choice"] = "quay.io/jupyter/base-notebook:latest"
    offered = {
        str(name): [str(choice) for choice in option["choices"]]
        for name, option in options.items()
        if option.get("choices")
    }
    if math.prod(map(len, offered.values())) > most:
        one_at_a_time = [{**base, name: choice} for name, choices in offered.items() for choice in choices]
        return [base, *one_at_a_time]
    combined = itertools.product(*offered.values())
    return [{**base, **dict(zip(offered, choices, strict=True))} for choices in combined]
