"""One proof for every rule: its own cases."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from takeout.adapt.context import Context, Dependency, HubFacts, Options
from takeout.adapt.engine import identity
from takeout.adapt.rule import Case, Draft, Rule, same
from takeout.adapt.rules import all_rules
from takeout.adapt.terms import Term
from takeout.targets.load import load_target
from takeout.values.node import Mapping, to_data
from takeout.values.read import read_yaml

RULES = all_rules()
CASES = [pytest.param(rule, case, id=f"{rule.id}-{case.name}") for rule in RULES for case in rule.cases]
RULES_DIR = Path(__file__).parents[2] / "src/takeout/adapt/rules"


def context_of(case: Case) -> Context:
    hub: dict[str, Any] = {"name": "prod", **case.hub}
    hub["dependencies"] = {
        key: value
        if isinstance(value, Dependency)
        else Dependency(key, key, str(value), "https://charts.example.org")
        for key, value in hub.get("dependencies", {}).items()
    }
    terms = tuple(Term(text, _kind(text), "cluster.yaml") for text in case.terms)
    options: dict[str, Any] = {"domain": "hub.example.edu", **case.options}
    return Context(HubFacts(**hub), load_target(case.target), terms, Options(**options))


def _kind(text: str) -> Any:
    if "@" in text:
        return "person"
    return "domain" if "." in text else "organisation"


def run(rule: Rule, values: Mapping, case: Case) -> Draft:
    draft = Draft(rule, values, context_of(case))
    rule.change(draft)
    return draft


def does_something(rule: Rule, case: Case) -> bool:
    draft = run(rule, read_yaml(case.given, "given").values, case)
    return bool(draft.changes or draft.actions or draft.keeps or draft.secrets or draft.manifests)


@pytest.mark.parametrize(("rule", "case"), CASES)
def test_a_case_comes_out_as_it_says(rule: Rule, case: Case) -> None:
    given = read_yaml(case.given, "given").values
    draft = run(rule, given, case)
    expected = to_data(given) if case.expect is None else to_data(read_yaml(case.expect, "expect").values)
    found = to_data(draft.values)
    assert same(found, expected), yaml.safe_dump(found, sort_keys=False)
    assert sorted({action.id for action in draft.actions}) == sorted(case.actions)
    assert sorted({secret.path for secret in draft.secrets}) == sorted(case.secrets)
    assert sorted("/".join(identity(item)) for item in draft.manifests) == sorted(case.manifests)


@pytest.mark.parametrize(("rule", "case"), CASES)
def test_running_twice_equals_running_once(rule: Rule, case: Case) -> None:
    once = run(rule, read_yaml(case.given, "given").values, case)
    twice = run(rule, once.values, case)
    assert same(to_data(twice.values), to_data(once.values))
    assert twice.changes == []


@pytest.mark.parametrize(("rule", "case"), CASES)
def test_the_input_is_not_mutated(rule: Rule, case: Case) -> None:
    given = read_yaml(case.given, "given").values
    before = to_data(given)
    run(rule, given, case)
    assert same(to_data(given), before)


@pytest.mark.parametrize(("rule", "case"), CASES)
def test_what_a_case_asks_for_can_be_read_by_a_person(rule: Rule, case: Case) -> None:
    draft = run(rule, read_yaml(case.given, "given").values, case)
    for action in draft.actions:
        assert re.fullmatch(r"[a-z][a-z0-9-]+", action.id)
        assert action.title
        assert action.text
        assert not action.title.endswith(".")
    for secret in draft.secrets:
        assert secret.purpose
        assert not draft.has(secret.path)
    for change in draft.changes:
        assert change.why


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_can_be_read_by_a_person(rule: Rule) -> None:
    assert re.fullmatch(r"[A-Z]\d\d", rule.id)
    assert list(RULES_DIR.glob(f"{rule.id}_*.py")), "a rule's file begins with its id"
    assert len(rule.title) > 10
    assert not rule.title.endswith(".")
    assert rule.why.endswith(".")
    assert rule.why != rule.title
    assert re.fullmatch(r"https://[\w.-]+/\S+", rule.source), "an address that anybody can open"
    assert rule.safety in ("sure", "likely", "ask")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_is_shown_at_work_and_at_rest(rule: Rule) -> None:
    does = [does_something(rule, case) for case in rule.cases]
    assert any(does), "no case that changes, keeps or asks anything"
    assert not all(does), "no case that leaves values alone"
    assert len({case.name for case in rule.cases}) == len(rule.cases)


def test_every_rule_file_is_found() -> None:
    files = {path.name.split("_")[0] for path in RULES_DIR.glob("[A-Z]*.py")}
    assert {rule.id for rule in RULES} == files
