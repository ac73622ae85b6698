"""The pods of the original configuration and those of the replica, side by side, each difference with its cause.

Which value a rule changed is known; what that comes to in a pod only the hub itself can say, with its profiles,
overrides and hooks. So the hub is asked: for the original, for the replica, and after each rule in between. The
rule after which a place in a manifest is another one made the difference.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path

from takeout.adapt.rules import all_rules
from takeout.local.causes import (
    A_POD,
    WHOLE,
    Found,
    Key,
    Seen,
    State,
    blame,
    compared,
    key_of,
    representatives,
)
from takeout.local.comparison import Comparison, comparison
from takeout.local.describe import NOWHERE, Described, Describer, Descriptions, Person, Subject
from takeout.local.hub import ADMIN, MEMBER
from takeout.local.manifests import leaves_of, settled
from takeout.local.plan import Places
from takeout.local.prepare import Wishes, group_names, prepare_values
from takeout.local.steps import Step, steps
from takeout.progress import Progress, silent
from takeout.replica.files import Files
from takeout.replica.model import SECRETS, VALUES
from takeout.replica.shorten import is_placeholder
from takeout.source.model import Configuration
from takeout.values.node import Scalar, leaves

_SHORTEST_SECRET = 8
"""Shorter texts stand in manifests for other reasons too."""


def compare(
    files: Files, configuration: Configuration, describer: Describer, programs: Path, progress: Progress = silent
) -> Comparison:
    """Return the pods of both sides, and what made each difference.

    Args:
        files: The replica.
        configuration: The hub at its origin.
        describer: What describes pods.
        programs: The users' folder of programs.
        progress: Told about each step.

    Raises:
        InputError: When the replica's configuration does not load.
        ToolError: When describing fails.
    """
    rules = all_rules()
    with tempfile.TemporaryDirectory(prefix="takeout-compare-") as folder:
        chain = steps(files, configuration, rules)
        asker = _Asker(files, describer, Path(folder), programs, _people(chain))
        progress("pods, original and replica", 0, 0)
        ends = asker.ask([chain[0], chain[-1]])
        if ends[1].error is not None:
            raise ends[1].error
        found = asker.track(chain, ends, progress)
        broken = [each for each in found if each.triple[0] == WHOLE and json.loads(each.triple[2]) == A_POD]
        menders = {cause.name for each in broken for cause in each.causes}
        if menders:
            # Where the original gives no pod, what else differs shows once the rule that mends it runs first.
            chain = steps(files, configuration, rules, menders)
            start = len(list(takewhile(lambda step: step.cause is None or step.cause.name in menders, chain))) - 1
            keys = frozenset(key for each in broken for key in each.keys)
            found += asker.track(chain[start:], [*asker.ask([chain[start]]), ends[1]], progress, keys)
    return comparison(files.lock["hub"]["id"], ends, found, asker.hidden)


def _people(chain: Sequence[Step]) -> tuple[Person, ...]:
    groups = dict.fromkeys((*group_names(chain[0].values), *group_names(chain[-1].values)))
    return tuple(Person(name, tuple(groups)) for name in (MEMBER, ADMIN))


class _Asker:
    """What asks the hub which pods some values give.

    Args:
        files: The replica.
        describer: What describes pods.
        folder: For the files of the hubs that are asked.
        programs: The users' folder of programs.
        people: For whom.
    """

    def __init__(
        self, files: Files, describer: Describer, folder: Path, programs: Path, people: tuple[Person, ...]
    ) -> None:
        self._files, self._describer, self._folder, self._programs = files, describer, folder, programs
        self._people = people
        self._asked = 0
        self.hidden = tuple(_secret_texts(files))

    def ask(self, chain: Sequence[Step], choices: tuple[dict[str, str], ...] | None = None) -> list[Descriptions]:
        """Return what each step gives; for every choice that it offers where none are given."""
        subjects = []
        for step in chain:
            self._asked += 1
            places = Places(str(self._folder), str(self._programs), f"step-{self._asked}")
            kept = self._folder / "secrets.json"  # one for all, so that made-up secrets are no differences
            wishes = Wishes(by_table=True)
            prepared = prepare_values(self._files, step.values, NOWHERE, places, wishes, dry=True, kept=kept)
            prepared.plan.admins.append(ADMIN)
            subjects.append(Subject(prepared, self._people, choices))
        return self._describer.describe(subjects)

    def track(
        self,
        chain: Sequence[Step],
        ends: Sequence[Descriptions],
        progress: Progress,
        keys: frozenset[Key] | None = None,
    ) -> list[Found]:
        """Return the differences between the ends of a chain, each with the steps that made it.

        Args:
            chain: The steps.
            ends: What the first and the last give.
            progress: Told about each step.
            keys: Whose pods are looked at; everybody's where None.
        """
        last = self._state(ends[1], keys)
        # Where the original does not load at all, it offers what the replica does, and gives no pod for it.
        first = self._state(ends[0], frozenset(last) if ends[0].error is not None else keys)
        found = compared(first, last)
        edited = any(step.cause is not None and step.cause.name == VALUES for step in chain)
        # An edit may give one profile what a rule gives another: then nobody stands for others.
        everybody = list(dict.fromkeys(key for each in found for key in each.keys))
        asked = everybody if edited else representatives(found)
        choices = tuple(json.loads(text) for text in dict.fromkeys(text for _, text in asked))
        states = {0: first, len(chain) - 1: last}
        if asked:
            self._fill(chain, states, frozenset(asked), choices, progress)
        for each in found:
            each.causes = blame(each, chain, [states[number] for number in range(len(chain))], asked)
        return found

    def _fill(
        self,
        chain: Sequence[Step],
        states: dict[int, State],
        keys: frozenset[Key],
        choices: tuple[dict[str, str], ...],
        progress: Progress,
    ) -> None:
        """Add the states between the ends; where two are the same, nothing between them needs to be asked for."""
        ranges = [(0, len(chain) - 1)]
        while ranges:
            progress("pods, rule by rule", len(states), len(chain))
            split = []
            for low, high in ranges:
                if all(states[low].get(key) == states[high].get(key) for key in keys):
                    states.update(dict.fromkeys(range(low + 1, high), states[low]))
                elif high - low > 1:
                    split.append((low, (low + high) // 2, high))
            found = self.ask([chain[middle] for _, middle, _ in split], choices) if split else []
            states.update(
                {middle: self._state(each, keys) for (_, middle, _), each in zip(split, found, strict=True)}
            )
            ranges = [half for low, middle, high in split for half in ((low, middle), (middle, high))]

    def _state(self, descriptions: Descriptions, keys: frozenset[Key] | None) -> State:
        """Return what everybody, or those of ``keys``, get: no pods where the configuration does not load."""
        if descriptions.error is not None:
            error = descriptions.error.message
            return {key: Seen(None, error) for key in keys or ()}
        state = {}
        for each in descriptions.pods:
            key = key_of(each.user, each.options)
            if keys is None or key in keys:
                state[key] = _seen(each, self.hidden)
        return state


def _seen(described: Described, hidden: Sequence[str]) -> Seen:
    if described.pod is None:
        return Seen(None, described.error)
    return Seen(leaves_of(settled(described.pod, hidden)), "")


def _secret_texts(files: Files) -> Iterator[str]:
    document = files.values.get(SECRETS)
    for _, node in leaves(document) if document is not None else ():
        text = node.value if isinstance(node, Scalar) else None
        if isinstance(text, str) and len(text) >= _SHORTEST_SECRET and not is_placeholder(text):
            yield text
