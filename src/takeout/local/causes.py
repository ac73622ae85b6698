"""Which step on the way from the original to the replica made a difference between pods; pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from takeout.adapt.rule import same
from takeout.local.manifests import Leaves, Place, at, differing, written
from takeout.local.steps import Cause, Step
from takeout.local.traces import keys_for
from takeout.replica.shorten import short_data

Key = tuple[str, str]
"""A user, and the choice as JSON."""

WHOLE: Place = ()
"""The place of what concerns a pod as a whole."""

_NOTHING = json.dumps(None)
_TELLING = 4
A_POD = "a pod"
NOT_OFFERED = "not offered"


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody gets for a choice.

    Attributes:
        leaves: The manifest's leaves; None where there is no pod.
        error: Why there is none.
    """

    leaves: Leaves | None = None
    error: str = NOT_OFFERED

    @property
    def whole(self) -> str:
        """What there is to say of the pod as a whole."""
        return A_POD if self.leaves is not None else self.error

    def at(self, place: Place) -> Any:
        """Return what stands at ``place``."""
        return self.whole if place == WHOLE else at(self.leaves or {}, place)


State = Mapping[Key, Seen]
"""What each choice gives at one step."""

Triple = tuple[Place, str, str]
"""A place, and what stands there before and after, as JSON with ``{user}`` for the user's name."""


@dataclass(slots=True)
class Found:
    """A difference, and who has it.

    Attributes:
        triple: The difference.
        keys: Who has it.
        causes: What made it.
    """

    triple: Triple
    keys: list[Key] = field(default_factory=list)
    causes: tuple[Cause, ...] = ()

    @property
    def texts(self) -> tuple[str, str]:
        """Both values, short."""
        place, *texts = self.triple
        shorten = str if place == WHOLE else short_data  # why there is no pod is worth a longer line
        before, after = ("" if text == _NOTHING else shorten(json.loads(text)) for text in texts)
        return before, after

    @property
    def path(self) -> str:
        """The place as it is written; empty for the pod as a whole."""
        return written(self.triple[0])


def key_of(user: str, options: Mapping[str, str]) -> Key:
    """Return the key of a choice."""
    return user, json.dumps(dict(options), sort_keys=True)


def compared(before: State, after: State) -> list[Found]:
    """Return every difference between two states, each once."""
    found: dict[Triple, Found] = {}
    for key in dict.fromkeys((*before, *after)):
        for triple in _triples(key[0], before.get(key, Seen()), after.get(key, Seen())):
            found.setdefault(triple, Found(triple)).keys.append(key)
    return list(found.values())


def representatives(found: Sequence[Found]) -> list[Key]:
    """Return a few keys that between them have every difference."""
    chosen: dict[Key, None] = {}
    for each in sorted(found, key=lambda one: len(one.keys)):
        if not any(key in chosen for key in each.keys):
            chosen[each.keys[0]] = None
    return list(chosen)


def blame(found: Found, chain: Sequence[Step], states: Sequence[State], asked: Sequence[Key]) -> tuple[Cause, ...]:
    """Return what made a difference: each step after which the place is another one.

    Args:
        found: The difference.
        chain: The steps, the original first.
        states: What each step gives to those that were asked.
        asked: Who was asked at every step.
    """
    place = found.triple[0]
    causes: dict[Cause, None] = {}
    for key in [key for key in found.keys if key in asked]:
        causes.update(dict.fromkeys(_turns(place, chain, [state.get(key, Seen()) for state in states])))
    return tuple(causes)


def _turns(place: Place, chain: Sequence[Step], seen: Sequence[Seen]) -> Iterator[Cause]:
    def look(one: Seen) -> Any:
        # How the spawner refuses a choice that is gone does not matter; each hindrance that is mended does.
        return one.leaves is not None if place == WHOLE and seen[0].whole == A_POD else one.at(place)

    value = look(seen[0])
    since: list[Cause] = []
    for step, now in zip(chain[1:], seen[1:], strict=True):
        assert step.cause is not None  # noqa: S101 - only the first step has none
        since.append(step.cause)
        # A step that leaves no pod, until a later one mends it, says nothing of the places in it.
        if place != WHOLE and now.leaves is None:
            continue
        if not same(look(now), value):
            yield from _likely(place, since, (value, look(now)))
            value = look(now)
        since = []


def _likely(place: Place, since: Sequence[Cause], values: Sequence[Any]) -> list[Cause]:
    """Return those causes, with those of their keys, that lead to a place by name and by what stands there."""
    texts = [text for value in values for text in _texts(value)]
    found = []
    for cause in since:
        by_name = keys_for(written(place), cause.keys)
        contents = dict(zip(cause.keys, cause.contents, strict=True))
        by_content = tuple(key for key in by_name if any(text in contents[key] for text in texts))
        if by_name:
            found.append(replace(cause, keys=by_content or by_name, contents=()))
    return found or [replace(cause, contents=()) for cause in since]


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts in a value that are long enough to be told from others, as JSON has them."""
    if isinstance(value, dict | list):
        for child in value.values() if isinstance(value, dict) else value:
            yield from _texts(child)
    elif isinstance(value, str) and len(value) >= _TELLING:
        yield json.dumps(value)


def _triples(user: str, before: Seen, after: Seen) -> Iterator[Triple]:
    places: Iterable[Place] = (WHOLE,) if before.whole != after.whole else ()
    if before.leaves is not None and after.leaves is not None:
        places = differing(before.leaves, after.leaves)
    for place in places:
        yield place, _text(before.at(place), user), _text(after.at(place), user)


def _text(value: Any, user: str) -> str:
    # Everybody has a claim of their own; that is one difference, not one for each of them.
    return re.sub(rf"\b{re.escape(user)}\b", "{user}", json.dumps(value, sort_keys=True))
