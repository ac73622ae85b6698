"""What the lock remembers, as the objects that the nets work with."""

from __future__ import annotations

from typing import Any

from takeout.adapt.context import Context, Dependency, HubFacts, Options
from takeout.adapt.rule import Action, Cover, Keep
from takeout.adapt.terms import Term
from takeout.replica.model import Layout
from takeout.replica.options import parse_auth, parse_storage
from takeout.targets import load_target

Lock = dict[str, Any]


def layout_of(lock: Lock) -> Layout:
    """Return how the replica is laid out for Helm."""
    companions = tuple(Dependency(**companion) for companion in lock["companions"])
    return Layout(lock["umbrella"], Dependency(**lock["chart"]), companions)


def context_of(lock: Lock) -> Context:
    """Return what the rules knew, as far as the lock keeps it: people's names are not in it."""
    hub, layout = lock["hub"], layout_of(lock)
    facts = HubFacts(
        name=hub["name"],
        cluster=hub["cluster"],
        title=hub["title"],
        domain=hub["domain"],
        provider=hub["provider"],
        chart=hub["chart"],
        dependencies={chart.name: chart for chart in (layout.jupyterhub, *layout.companions)},
    )
    options = lock["options"]
    return Context(
        facts,
        load_target(lock["target"]),
        tuple(Term(*term) for term in lock["origin"]),
        Options(options["domain"], parse_storage(options["storage"]), parse_auth(options["auth"])),
    )


def actions_of(lock: Lock) -> tuple[Action, ...]:
    """Return what only a person can do."""
    return tuple(
        Action(**{**data, "commands": tuple(data["commands"]), "covers": tuple(Cover(*c) for c in data["covers"])})
        for data in lock["actions"]
    )


def keeps_of(lock: Lock) -> tuple[Keep, ...]:
    """Return what stays, and why."""
    return tuple(Keep(Cover(*data["cover"]), data["reason"], data["rule"]) for data in lock["keeps"])
