"""From the original values of a hub to those of its replica, one rule after the other.

The rules run again, one at a time, so that the hub can be asked after each of them what pods it would make. What
then stands in the replica's own files comes last.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from takeout.adapt.context import Context, Options
from takeout.adapt.engine import adapt
from takeout.adapt.rule import Change, Rule, same
from takeout.local.mapping import getter
from takeout.local.prepare import own_values
from takeout.local.table import READ
from takeout.replica.build import merge
from takeout.replica.files import Files
from takeout.replica.layout import arrange
from takeout.replica.model import LOCAL, SECRETS, VALUES
from takeout.replica.options import parse_auth, parse_storage
from takeout.replica.recall import layout_of
from takeout.source.model import Configuration
from takeout.targets import load_target
from takeout.values.merge import lift, overlay
from takeout.values.node import Mapping, to_data
from takeout.values.path import Path, format_path, parse_path


@dataclass(frozen=True, slots=True)
class Cause:
    """What changed values.

    Attributes:
        name: A rule's id, or the name of one of the replica's files.
        why: The rule's title, or what the file is.
        keys: What it changed of z2jh's values, as dotted paths in the replica's.
        contents: For each key what stood there before and after, as JSON.
    """

    name: str
    why: str
    keys: tuple[str, ...]
    contents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """Values on the way from the original to the replica.

    Attributes:
        cause: What made them; None for the original.
        values: z2jh's own values.
    """

    cause: Cause | None
    values: dict[str, Any]


def steps(
    files: Files, configuration: Configuration, rules: Sequence[Rule], first: Iterable[str] = ()
) -> list[Step]:
    """Return the original values, then those after each rule that matters to pods, then those of the replica.

    Args:
        files: The replica.
        configuration: The hub at its origin.
        rules: The rules, in their order.
        first: Ids of rules that run before the others, and then again in their turn.
    """
    found = list(_by_rules(files, configuration, rules, tuple(first)))
    found += _by_files(files, found[-1].values)
    kept = found[:1]
    for before, step in pairwise(found):
        if step.cause is not None and not same(before.values, step.values):
            kept.append(step)
    snippets = " ".join(str(text) for text in _snippets(found[0].values, found[-1].values))
    return _without_idle(kept, snippets)


def _by_rules(
    files: Files, configuration: Configuration, rules: Sequence[Rule], first: tuple[str, ...]
) -> Iterator[Step]:
    lock = files.lock
    options = lock["options"]
    wishes = Options(options["domain"], parse_storage(options["storage"]), parse_auth(options["auth"]))
    context = Context(configuration.facts, load_target(lock["target"]), configuration.terms, wishes)
    values = lift(merge(configuration), configuration.jupyterhub)
    yield Step(None, _own(values, files))
    for rule in [*(rule for rule in rules if rule.id in first), *rules]:
        adaptation = adapt(values, context, [rule])
        values = adaptation.values
        changes = [change for change in adaptation.changes if change.path[:1] == ("jupyterhub",)]
        if changes:
            keys = tuple(format_path(layout_of(lock).outer(change.path)) for change in changes)
            contents = tuple(_content(change) for change in changes)
            yield Step(Cause(rule.id, rule.title, keys, contents), _own(values, files))


def _by_files(files: Files, values: dict[str, Any]) -> Iterator[Step]:
    """Yield what the replica's files make of ``values``, which the first has where nobody edited it."""
    documents = []
    above: Path = ("jupyterhub",) if files.lock["umbrella"] else ()
    for name, why in ((VALUES, "not by any rule"), (SECRETS, "secrets"), (LOCAL, "the owners' own values")):
        if name not in files.values:
            continue
        documents.append(files.values[name])
        after = own_values(files, overlay(documents))
        changed = dict(_changed(values, after, above))
        contents = tuple(json.dumps(pair) for pair in changed.values())
        yield Step(Cause(name, why, tuple(map(format_path, changed)), contents), after)
        values = after


def _changed(before: Any, after: Any, path: Path) -> Iterator[tuple[Path, tuple[Any, Any]]]:
    """Yield the leaves at which two values differ, with both."""
    if isinstance(before, dict | None) and isinstance(after, dict | None) and (before or after):
        one, other = before or {}, after or {}
        for key in dict.fromkeys((*one, *other)):
            yield from _changed(one.get(key), other.get(key), (*path, str(key)))
    elif not same(before, after):
        yield path, (before, after)


def _own(values: Mapping, files: Files) -> dict[str, Any]:
    layout = layout_of(files.lock)
    return own_values(files, arrange(values, layout)[0])


def _content(change: Change) -> str:
    return json.dumps([to_data(node) for node in (change.before, change.after) if node is not None])


def _snippets(*values: dict[str, Any]) -> Iterator[object]:
    for each in values:
        snippets = getter(each)("hub.extraConfig", {})
        yield from snippets.values() if isinstance(snippets, dict) else ()


def _without_idle(found: list[Step], snippets: str) -> list[Step]:
    """Return the steps without those whose keys no pod can come to know; what they changed comes with the next."""
    last = len(found) - 1
    return [
        step
        for number, step in enumerate(found)
        if step.cause is None or number == last or any(_reaches(key, snippets) for key in step.cause.keys)
    ]


def _reaches(key: str, snippets: str) -> bool:
    names = [step for step in parse_path(key) if isinstance(step, str)]
    names = names[1:] if names[:1] == ["jupyterhub"] else names
    path = ".".join(names) + "."
    return any(path.startswith(f"{read}.") or f"{read}.".startswith(path) for read in READ) or (
        bool(names) and names[0] in snippets
    )
