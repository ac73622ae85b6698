"""One proof for every condition: its own cases."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from cluster.doctor.provoked import PROVOKED
from takeout.adapt.rules import all_rules
from takeout.cluster.doctor.condition import Case, Condition, Finding
from takeout.cluster.doctor.conditions import all_conditions
from takeout.cluster.doctor.diagnose import diagnose
from takeout.cluster.doctor.picture import read_picture

CONDITIONS = all_conditions()
CASES = [
    pytest.param(condition, case, id=f"{condition.id}-{case.name}")
    for condition in CONDITIONS
    for case in condition.cases
]
FILES = Path(__file__).parents[3] / "src/takeout/cluster/doctor/conditions"


def found(condition: Condition, case: Case) -> list[Finding]:
    return list(condition.look(read_picture(case.given)))


def told(finding: Finding) -> str:
    values = [f"{path}={value}" for path, value in finding.values]
    evidence = [f"{item.where}: {item.text}" for item in finding.evidence]
    return "\n".join([finding.message, finding.mend, *finding.commands, *values, *evidence])


@pytest.mark.parametrize(("condition", "case"), CASES)
def test_a_case_comes_out_as_it_says(condition: Condition, case: Case) -> None:
    findings = found(condition, case)
    assert sorted(finding.subject for finding in findings) == sorted(case.finds)
    everything = "\n".join(told(finding) for finding in findings)
    for words in case.says:
        assert words in everything


@pytest.mark.parametrize(("condition", "case"), CASES)
def test_what_is_found_can_be_read_and_acted_on(condition: Condition, case: Case) -> None:
    for finding in found(condition, case):
        assert re.fullmatch(r"[A-Z]\w+/\S+", finding.subject)
        assert not finding.message.endswith(".")
        assert finding.mend.endswith(".")
        assert finding.evidence, "a finding without evidence is an opinion"
        assert finding.commands or finding.values or "`" in finding.mend, "words alone mend nothing"
        assert not any(re.search(r"\bNone\b", item.text) for item in finding.evidence)


@pytest.mark.parametrize(("condition", "case"), CASES)
def test_no_other_condition_sees_what_is_not_in_a_case(condition: Condition, case: Case) -> None:
    """Every condition bears every other's pictures, which lack most of what it looks at."""
    snapshot = read_picture(case.given)
    walked = [each for cause in diagnose(snapshot, CONDITIONS) for each in cause.walk()]
    assert {d.finding.subject for d in walked if d.condition is condition} == set(case.finds)
    assert len(walked) == sum(len(list(each.look(snapshot))) for each in CONDITIONS)


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: condition.id)
def test_a_condition_can_be_read_by_a_person(condition: Condition) -> None:
    assert re.fullmatch(r"H\d\d", condition.id)
    assert list(FILES.glob(f"{condition.id}_*.py")), "a condition's file begins with its id"
    assert not condition.title.endswith(".")
    assert condition.why.endswith(".")
    assert condition.mend.endswith(".")
    assert re.fullmatch(r"https://[\w.-]+/\S+", condition.source), "an address that anybody can open"


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: condition.id)
def test_a_condition_is_shown_where_it_is_and_where_it_is_not(condition: Condition) -> None:
    finds = [bool(case.finds) for case in condition.cases]
    assert any(finds), "no case where it is found"
    assert not all(finds), "no case where it is not"
    assert len({case.name for case in condition.cases}) == len(condition.cases)


def test_every_file_is_found_and_no_id_is_a_rules() -> None:
    files = {path.name.split("_")[0] for path in FILES.glob("[A-Z]*.py")}
    assert {condition.id for condition in CONDITIONS} == files
    assert not files & {rule.id for rule in all_rules()}


def test_every_condition_is_provoked_on_a_cluster() -> None:
    """A test that is named for a condition names it too."""
    named: dict[str, set[str]] = {}
    for file in Path(__file__).parent.glob("test_provoked_*.py"):
        for item in ast.parse(file.read_text()).body:
            if isinstance(item, ast.FunctionDef) and item.name.startswith("test_"):
                named[item.name] = {str(each.value) for each in ast.walk(item) if isinstance(each, ast.Constant)}
    assert [condition.id for condition in CONDITIONS] == list(PROVOKED)
    for id_, tests in PROVOKED.items():
        assert tests, f"{id_} is provoked nowhere"
        for test in tests:
            assert id_ in named.get(test, ()), f"{test} does not look for {id_}"
