"""The engine joins what rules ask for and never touches its input."""

from collections.abc import Callable

from takeout.adapt.context import Context, HubFacts
from takeout.adapt.engine import adapt
from takeout.adapt.rule import Action, Case, Cover, Draft, Rule, Secret, same
from takeout.targets import Target
from takeout.values.node import Mapping, from_data, to_data

CONTEXT = Context(HubFacts("research"), Target("any"))


def values(data: dict[str, object]) -> Mapping:
    node = from_data(data)
    assert isinstance(node, Mapping)
    return node


def rule(rule_id: str, change: Callable[[Draft], None]) -> Rule:
    return Rule(rule_id, "Do it", "Because", "https://example.org", "sure", change, (Case("x", "{}"),))


def test_edits_are_recorded_in_order_and_the_input_stays() -> None:
    before = values({"hub": {"a": 1, "b": 2}, "list": [{"x": 1}]})

    def first(draft: Draft) -> None:
        draft.set("hub.a", 3)
        draft.set("list[0].x", 5)

    def second(draft: Draft) -> None:
        assert draft.get("hub.a") == 3
        draft.remove("hub.b", why="not ours")
        draft.remove("hub.nothing")

    done = adapt(before, CONTEXT, [rule("A01", first), rule("A02", second)])
    assert to_data(done.values) == {"hub": {"a": 3}, "list": [{"x": 5}]}
    assert to_data(before) == {"hub": {"a": 1, "b": 2}, "list": [{"x": 1}]}
    assert [(c.rule, c.path, c.kind, c.why) for c in done.changes] == [
        ("A01", ("hub", "a"), "set", "Do it"),
        ("A01", ("list", 0, "x"), "set", "Do it"),
        ("A02", ("hub", "b"), "removed", "not ours"),
    ]


def test_setting_what_is_there_is_no_change_but_true_is_not_one() -> None:
    before = values({"a": 1, "b": True})

    def change(draft: Draft) -> None:
        draft.set("a", 1.0)
        draft.set("b", 1)

    done = adapt(before, CONTEXT, [rule("A01", change)])
    assert [c.path for c in done.changes] == [("b",)]


def test_actions_of_one_id_become_one_with_all_covers() -> None:
    def change(draft: Draft) -> None:
        draft.ask(Action("copy", "Copy", "Copy a.", ("cp a",), covers=(Cover("origin", "a"),)))
        draft.ask(Action("copy", "Copy", "Copy b.", ("cp b",), blocking=True, covers=(Cover("origin", "b"),)))

    (action,) = adapt(values({}), CONTEXT, [rule("I03", change)]).actions
    assert action.text == "Copy a.\n\nCopy b."
    assert action.commands == ("cp a", "cp b")
    assert action.blocking
    assert [cover.subject for cover in action.covers] == ["a", "b"]
    assert action.rule == "I03"


def test_a_secret_leaves_the_values() -> None:
    def change(draft: Draft) -> None:
        draft.need(Secret("hub.token", "for the hub"))

    done = adapt(values({"hub": {"token": "t", "x": 1}}), CONTEXT, [rule("K01", change)])
    assert to_data(done.values) == {"hub": {"x": 1}}
    assert [s.path for s in done.secrets] == ["hub.token"]


def test_prune_takes_empty_parents_but_not_what_holds_something() -> None:
    def change(draft: Draft) -> None:
        draft.remove("a.b.c")
        draft.prune("a.b")

    done = adapt(values({"a": {"b": {"c": 1}, "x": 1}}), CONTEXT, [rule("A01", change)])
    assert to_data(done.values) == {"a": {"x": 1}}


def test_same_is_json_equality() -> None:
    assert same({"a": [1, 2.0]}, {"a": [1.0, 2]})
    assert not same([True], [1])
    assert not same({"a": None}, {})
