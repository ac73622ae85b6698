"""What comparing the pods of a hub's original configuration with those of its replica comes to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from takeout.local.causes import NOT_OFFERED, Found, Key, key_of
from takeout.local.describe import Described, Descriptions
from takeout.local.manifests import settled
from takeout.local.steps import Cause
from takeout.replica.model import VALUES


@dataclass(frozen=True, slots=True)
class Side:
    """What a choice gives on one side.

    Attributes:
        pod: The manifest; None where there is none.
        error: Why there is none.
    """

    pod: dict[str, Any] | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """A choice of somebody, on both sides.

    Attributes:
        user: The user.
        options: The profile and the choices, as KubeSpawner's form gives them.
        original: By the original configuration.
        replica: By the replica.
    """

    user: str
    options: dict[str, str]
    original: Side
    replica: Side


@dataclass(frozen=True, slots=True)
class Difference:
    """A place that the replica's pods have another way, for some choices.

    Attributes:
        path: The place; empty for the pod as a whole.
        original: What the original has there, short; empty where nothing.
        replica: What the replica has there.
        causes: What made it; none where nothing accounts for it.
        pairs: Which pairs have it, as positions in ``Comparison.pairs``.
    """

    path: str
    original: str
    replica: str
    causes: tuple[Cause, ...]
    pairs: tuple[int, ...]

    @property
    def explained(self) -> bool:
        """Whether rules, or files of the owners, account for it."""
        return bool(self.causes) and all(cause.name != VALUES for cause in self.causes)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both sides of a hub.

    Attributes:
        hub: The hub at its origin.
        pairs: Every choice of a member of all groups, and of an admin.
        differences: Every difference, each once.
    """

    hub: str
    pairs: tuple[Pair, ...]
    differences: tuple[Difference, ...]

    @property
    def unexplained(self) -> tuple[Difference, ...]:
        """The differences that nothing accounts for."""
        return tuple(each for each in self.differences if not each.explained)


def comparison(
    hub: str, ends: Sequence[Descriptions], found: Sequence[Found], hidden: Sequence[str]
) -> Comparison:
    """Return both sides, with secrets hidden.

    Args:
        hub: The hub at its origin.
        ends: What the original and the replica give.
        found: The differences.
        hidden: The texts of secrets.
    """
    sides: list[dict[Key, Described]] = [
        {key_of(each.user, each.options): each for each in end.pods} for end in ends
    ]
    keys = list(dict.fromkeys((*sides[0], *sides[1])))
    error = ends[0].error.message if ends[0].error is not None else NOT_OFFERED
    pairs = [
        Pair(
            user,
            json.loads(options),
            _side(sides[0].get((user, options)), hidden, error),
            _side(sides[1].get((user, options)), hidden, NOT_OFFERED),
        )
        for user, options in keys
    ]
    differences = [
        Difference(each.path, *each.texts, each.causes, tuple(keys.index(key) for key in each.keys))
        for each in found
    ]
    return Comparison(hub, tuple(pairs), tuple(differences))


def _side(described: Described | None, hidden: Sequence[str], otherwise: str) -> Side:
    if described is None:
        return Side(None, otherwise)
    return Side(settled(described.pod, hidden) if described.pod is not None else None, described.error)
