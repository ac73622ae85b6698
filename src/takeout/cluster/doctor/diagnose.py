"""Run the conditions over a look at a hub, and put causes before their consequences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from takeout.cluster.doctor.condition import Condition, Finding
from takeout.cluster.doctor.snapshot import Snapshot

_WEIGHTS = (("hub", 0), ("proxy", 1), ("address", 2), ("login", 3), ("users", 4), ("scheduler", 4))
_LIGHTEST = 9
_ONE_USER = 6
_CERTAINTIES = {"sure": 0, "likely": 1, "possible": 2}
_IMPLIED = {"hub": ("login", "users"), "proxy": ("address", "users"), "scheduler": ("users",)}
"""Without the hub nobody logs in and no server starts, and so on."""


@dataclass(frozen=True, slots=True)
class Diagnosed:
    """A finding with the condition that found it, and what follows from it.

    Attributes:
        condition: The condition.
        finding: What it found.
        consequences: What is wrong because of it.
    """

    condition: Condition
    finding: Finding
    consequences: tuple[Diagnosed, ...] = ()

    def walk(self) -> Iterator[Diagnosed]:
        """Yield this and everything below it."""
        yield self
        for consequence in self.consequences:
            yield from consequence.walk()


def diagnose(snapshot: Snapshot, conditions: Iterable[Condition]) -> tuple[Diagnosed, ...]:
    """Return what is wrong, the most likely cause first, each with its consequences below it."""
    found = [Diagnosed(condition, finding) for condition in conditions for finding in condition.look(snapshot)]
    found.sort(key=_urgency)
    causes = {index: _cause(index, found) for index in range(len(found))}

    def tree(index: int) -> Diagnosed:
        below = [other for other, cause in causes.items() if cause == index]
        return replace(found[index], consequences=tuple(tree(other) for other in below))

    return tuple(tree(index) for index, cause in causes.items() if cause is None)


def _urgency(diagnosed: Diagnosed) -> tuple[int, int, str, str]:
    """Return what sorts findings: how much does not work, how certain it is, then a fixed order."""
    finding = diagnosed.finding
    weights = [weight for word, weight in _WEIGHTS if word in finding.stops]
    weights += [_ONE_USER for word in finding.stops if word.startswith("user/")]
    consequence = bool(finding.follows)
    weight = min(weights, default=_LIGHTEST)
    return (
        weight * 2 + consequence,
        _CERTAINTIES[finding.certainty],
        diagnosed.condition.id,
        finding.subject,
    )


def _cause(index: int, found: list[Diagnosed]) -> int | None:
    """Return the finding that this one follows from: one before it, so that nothing follows from itself."""
    follows = set(found[index].finding.follows)
    return next((other for other in range(index) if follows & _stopped(found[other].finding)), None)


def _stopped(finding: Finding) -> set[str]:
    stopped = set(finding.stops)
    for word in finding.stops:
        stopped.update(_IMPLIED.get(word, ()))
    return stopped
