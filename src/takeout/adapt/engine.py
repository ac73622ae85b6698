"""Run the rules over a hub's values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from takeout.adapt.context import Context, Dependency
from takeout.adapt.rule import Action, Change, Draft, Keep, Rule, Secret
from takeout.values.node import Data, Mapping


@dataclass(frozen=True, slots=True)
class Adaptation:
    """What the rules made of a hub's values.

    Attributes:
        values: The values after every rule, rooted as the rules see them (``jupyterhub`` and the companions).
        changes: Every edit, in order.
        actions: What only a person can do, in order, each id once (later ones of the same id add their covers
            and commands to the first).
        keeps: What stays and why.
        secrets: What goes to ``secrets.yaml``, each path once.
        manifests: Kubernetes objects that z2jh does not make, each kind and name once.
        dependencies: Charts that rules added to the source's, each name once.
    """

    values: Mapping
    changes: tuple[Change, ...]
    actions: tuple[Action, ...]
    keeps: tuple[Keep, ...]
    secrets: tuple[Secret, ...]
    manifests: tuple[dict[str, Data], ...]
    dependencies: tuple[Dependency, ...] = ()


def adapt(values: Mapping, context: Context, rules: Iterable[Rule]) -> Adaptation:
    """Return what ``rules``, in the order given, make of ``values``; the input is not mutated."""
    changes: list[Change] = []
    actions: dict[str, Action] = {}
    keeps: list[Keep] = []
    secrets: dict[str, Secret] = {}
    manifests: dict[tuple[str, str], dict[str, Data]] = {}
    dependencies: dict[str, Dependency] = {}
    for rule in rules:
        draft = Draft(rule, values, context)
        rule.change(draft)
        values = draft.values
        changes += draft.changes
        keeps += draft.keeps
        for action in draft.actions:
            actions[action.id] = _join(actions[action.id], action) if action.id in actions else action
        for secret in draft.secrets:
            secrets.setdefault(secret.path, secret)
        for manifest in draft.manifests:
            manifests.setdefault(identity(manifest), manifest)
        for dependency in draft.dependencies:
            dependencies.setdefault(dependency.name, dependency)
    return Adaptation(
        values,
        tuple(changes),
        tuple(actions.values()),
        tuple(keeps),
        tuple(secrets.values()),
        tuple(manifests.values()),
        tuple(dependencies.values()),
    )


def identity(manifest: dict[str, Data]) -> tuple[str, str]:
    """Return a Kubernetes object's kind and name."""
    metadata = manifest.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else ""
    return str(manifest.get("kind", "")), str(name)


def _join(first: Action, other: Action) -> Action:
    text = first.text if other.text in first.text else f"{first.text}\n\n{other.text}"
    commands = first.commands + tuple(c for c in other.commands if c not in first.commands)
    covers = first.covers + tuple(c for c in other.covers if c not in first.covers)
    return Action(
        first.id,
        first.title,
        text,
        commands,
        first.verify or other.verify,
        first.stage,
        first.blocking or other.blocking,
        covers,
        first.rule,
    )
