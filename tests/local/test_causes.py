"""Which step made a difference, on chains that are made up here."""

from __future__ import annotations

import json
from typing import Any

from takeout.local.causes import NOT_OFFERED, WHOLE, Found, Seen, State, blame, compared, key_of, representatives
from takeout.local.manifests import leaves_of
from takeout.local.steps import Cause, Step

ADA = key_of("ada", {"profile": "small"})
BEA = key_of("bea", {"profile": "small"})
IMAGE = "spec.containers[notebook].image"


def seen(image: str, **more: Any) -> Seen:
    return Seen(leaves_of({"spec": {"containers": [{"name": "notebook", "image": image}], **more}}), "")


def chain(*causes: Cause) -> list[Step]:
    return [Step(None, {}), *(Step(cause, {}) for cause in causes)]


def cause(name: str, *keys: str, content: str = "") -> Cause:
    return Cause(name, "", keys, tuple(content for _ in keys))


def causes_of(steps: list[Step], states: list[State]) -> dict[str, list[tuple[str, tuple[str, ...]]]]:
    found = compared(states[0], states[-1])
    asked = representatives(found)
    return {each.path: [(c.name, c.keys) for c in blame(each, steps, states, asked)] for each in found}


def test_the_step_after_which_a_place_is_another_one_is_to_blame() -> None:
    steps = chain(cause("A01", "singleuser.image"), cause("B01", "singleuser.image"), cause("C01", "hub.x"))
    states: list[State] = [{ADA: seen("a")}, {ADA: seen("a")}, {ADA: seen("b")}, {ADA: seen("b")}]
    assert causes_of(steps, states) == {IMAGE: [("B01", ("singleuser.image",))]}


def test_every_step_on_the_way_is_named() -> None:
    steps = chain(cause("A01", "singleuser.image"), cause("B01", "singleuser.image"))
    states: list[State] = [{ADA: seen("a")}, {ADA: seen("b")}, {ADA: seen("c")}]
    assert [name for name, _ in causes_of(steps, states)[IMAGE]] == ["A01", "B01"]


def test_what_no_step_shows_has_no_cause() -> None:
    found = Found((("spec", "x"), json.dumps(1), json.dumps(2)), [ADA])
    assert blame(found, chain(cause("A01", "k")), [{ADA: seen("a")}, {ADA: seen("a")}], [ADA]) == ()


def test_a_step_without_a_pod_is_taken_with_the_one_that_mends_it() -> None:
    steps = chain(cause("A01", "hub.services"), cause("B01", "singleuser.image"), cause("C01", "hub.y"))
    broken: State = {ADA: Seen(None, "TypeError: no")}
    states: list[State] = [{ADA: seen("a")}, broken, {ADA: seen("b")}, {ADA: seen("b")}]
    assert causes_of(steps, states) == {IMAGE: [("B01", ("singleuser.image",))]}


def test_each_rule_that_mends_an_original_without_a_pod_is_named() -> None:
    steps = chain(cause("A01", "k"), cause("M01", "hub.extraConfig"), cause("X05", "singleuser.storage"))
    broken: State = {ADA: Seen(None, "TypeError: no")}
    states: list[State] = [broken, broken, {ADA: Seen(None, "ValueError: neither")}, {ADA: seen("a")}]
    assert causes_of(steps, states) == {"": [("M01", ("hub.extraConfig",)), ("X05", ("singleuser.storage",))]}
    (found,) = compared(states[0], states[-1])
    assert found.triple[0] == WHOLE
    assert found.texts == ("TypeError: no", "a pod")


def test_a_choice_that_is_not_offered_any_more_is_a_difference() -> None:
    steps = chain(cause("A02", "singleuser.profileList[1]"), cause("B01", "hub.x"))
    refused: State = {ADA: Seen(None, "ValueError: no such profile")}
    states: list[State] = [{ADA: seen("a")}, refused, {}]
    assert causes_of(steps, states) == {"": [("A02", ("singleuser.profileList[1]",))]}
    assert compared(states[0], states[-1])[0].texts == ("a pod", NOT_OFFERED)


def test_keys_are_narrowed_by_the_trait_and_by_what_stood_there() -> None:
    keys = ("profileList[0].node_selector.type", "profileList[1].node_selector.type", "extraTolerations")
    contents = (json.dumps(["r5.xlarge"]), json.dumps(["r5.large"]), json.dumps(["r5.large"]))
    steps = chain(Cause("N02", "", keys, contents))
    states: list[State] = [{ADA: seen("a", nodeSelector={"type": "r5.large"})}, {ADA: seen("a")}]
    assert causes_of(steps, states) == {"spec.nodeSelector": [("N02", (keys[1],))]}


def test_a_variable_is_found_by_its_name_and_a_hooks_doing_by_the_whole_rule() -> None:
    def state(*names: str) -> State:
        env = [{"name": name, "value": "x"} for name in names]
        return {ADA: Seen(leaves_of({"spec": {"containers": [{"name": "notebook", "env": env}]}}), "")}

    before, after = state("SCRATCH", "HOME"), state("HOME")
    keys = ("singleuser.extraEnv.OTHER", "singleuser.extraEnv.SCRATCH")
    (found,) = causes_of(chain(cause("I03", *keys)), [before, after]).values()
    assert found == [("I03", (keys[1],))]
    hook = cause("N04", "hub.extraConfig.02-hook")
    (found,) = causes_of(chain(hook), [before, after]).values()
    assert found == [("N04", hook.keys)]


def test_what_differs_by_the_name_of_the_user_alone_is_one_difference() -> None:
    before: State = {ADA: seen("home-nfs"), BEA: seen("home-nfs")}
    after: State = {ADA: seen("claim-ada"), BEA: seen("claim-bea")}
    (found,) = compared(before, after)
    assert found.keys == [ADA, BEA]
    assert found.texts == ("home-nfs", "claim-{user}")


def test_representatives_have_every_difference_between_them() -> None:
    def state(first: str, second: str) -> State:
        return {
            key_of("ada", {"profile": name}): seen(first, priority=second if name == "c" else "same")
            for name in "abc"
        }

    found = compared(state("a", "x"), state("b", "y"))
    chosen = representatives(found)
    assert len(chosen) == 1
    assert all(any(key in chosen for key in each.keys) for each in found)
