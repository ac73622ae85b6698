"""Objects of other versions, of other tools, half-written: the doctor says less, and never stumbles."""

from __future__ import annotations

import copy
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from takeout.cluster.doctor.conditions import all_conditions
from takeout.cluster.doctor.diagnose import diagnose
from takeout.cluster.doctor.picture import read_picture

_CASES = [case for condition in all_conditions() for case in condition.cases]
_PICTURES = [yaml.safe_load(case.given) or {} for case in _CASES]
_ODD = st.sampled_from([None, "", "x", 0, -1, True, [], {}, [None], {"a": None}, ["x"]])


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, child in children for place in _places(child, (*path, key)))]


@given(st.integers(0, len(_PICTURES) - 1), st.data())
def test_odd_values_do_not_matter(number: int, data: st.DataObject) -> None:
    picture = copy.deepcopy(_PICTURES[number])
    changeable = {key: picture[key] for key in ("objects", "release") if key in picture}
    places = [place for place in _places(changeable) if len(place) > 2]
    if not places:
        return
    *way, last = data.draw(st.sampled_from(places))
    inside: Any = picture
    for step in way:
        inside = inside[step]
    inside[last] = data.draw(_ODD)
    snapshot = read_picture(yaml.safe_dump(picture))
    for each in diagnose(snapshot, all_conditions()):
        assert each.finding.message
