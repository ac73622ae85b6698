"""The rules on hubs of a real infrastructure repository."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from takeout.adapt.context import Context, Options
from takeout.adapt.engine import Adaptation, adapt
from takeout.adapt.rule import same
from takeout.adapt.rules import all_rules
from takeout.progress import silent
from takeout.source.infrastructure import Infrastructure
from takeout.source.place import open_tree
from takeout.targets.load import load_target
from takeout.values.merge import lift, overlay, settle
from takeout.values.node import Mapping, to_data

EVERY = 12  # a sample; the end-to-end tests take every hub


@pytest.fixture(scope="module")
def adapted(snapshot: Path) -> list[tuple[str, Mapping, Context, Adaptation]]:
    return list(_adapt_some(snapshot))


def _adapt_some(snapshot: Path) -> Iterator[tuple[str, Mapping, Context, Adaptation]]:
    source = Infrastructure(open_tree(str(snapshot), None, progress=silent, offline=True))
    for entry in source.hubs()[::EVERY]:
        found = source.load(entry)
        layers = [layer.values for layer in found.layers]
        values = lift(settle(found.chart, overlay(layers)), found.jupyterhub)
        context = Context(found.facts, load_target("any"), found.terms, Options(domain="hub.example.edu"))
        yield entry.id, values, context, adapt(values, context, all_rules())


def hub_of(result: Adaptation) -> dict[str, Any]:
    data: Any = to_data(result.values)
    return dict(data["jupyterhub"]["hub"])


def test_running_twice_equals_running_once(adapted: list[tuple[str, Mapping, Context, Adaptation]]) -> None:
    for name, _, context, result in adapted:
        again = adapt(result.values, context, all_rules())
        assert same(to_data(again.values), to_data(result.values)), name


def test_every_snippet_is_python(adapted: list[tuple[str, Mapping, Context, Adaptation]]) -> None:
    for name, _, _, result in adapted:
        for key, text in hub_of(result).get("extraConfig", {}).items():
            ast.parse(text, filename=f"{name} {key}")


def test_roles_name_services_that_are_there(adapted: list[tuple[str, Mapping, Context, Adaptation]]) -> None:
    for name, _, _, result in adapted:
        hub = hub_of(result)
        services = set(hub.get("services", {}))
        for role, settings in hub.get("loadRoles", {}).items():
            named = set(settings.get("services", []))
            named |= {s.partition("!service=")[2] for s in settings.get("scopes", []) if "!service=" in s}
            assert named <= services, f"{name}: {role}"


def test_nobody_of_the_origin_is_left(adapted: list[tuple[str, Mapping, Context, Adaptation]]) -> None:
    for name, _, context, result in adapted:
        people = {term.text.lower() for term in context.terms if term.kind == "person"}
        config = hub_of(result)["config"]
        for section in config.values():
            listed = {
                str(person).lower() for key in ("admin_users", "allowed_users") for person in section.get(key, [])
            }
            assert not listed & people, name
        text = str(to_data(result.values))
        for word in ("staff_github_ids", "hub-access-for-2i2c-staff", "deployment-service-check", "hub-health"):
            assert word not in text, f"{name}: {word}"


def test_every_oauth_hub_is_registered_anew(adapted: list[tuple[str, Mapping, Context, Adaptation]]) -> None:
    seen = set()
    for name, _, _, result in adapted:
        short = hub_of(result)["config"]["JupyterHub"]["authenticator_class"]
        seen.add(short)
        actions = {action.id: action for action in result.actions}
        if short in ("cilogon", "github", "google", "generic-oauth"):
            assert "https://hub.example.edu/hub/oauth_callback" in actions["register-oauth-app"].text, name
            assert actions["register-oauth-app"].blocking
    assert "cilogon" in seen
