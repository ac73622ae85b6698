"""Editing copies only the way to a change and remembers what was there."""

import pytest

from takeout.values.node import (
    Comments,
    Mapping,
    Mark,
    Scalar,
    Sequence,
    find,
    from_data,
    leaves,
    to_data,
    with_node,
    without_node,
)

RULE = Mark("rule:A01")


def document() -> Mapping:
    node = from_data({"hub": {"image": {"tag": "1"}, "list": [{"x": 1}, 2]}, "empty": {}}, Mark("f.yaml", 3))
    assert isinstance(node, Mapping)
    return node


def test_setting_shares_what_it_does_not_touch() -> None:
    old = document()
    new = with_node(old, ("hub", "image", "tag"), Scalar("2", RULE))
    assert find(new, ("hub", "list")) is find(old, ("hub", "list"))
    assert to_data(old)["hub"]["image"]["tag"] == "1"
    tag = find(new, ("hub", "image", "tag"))
    assert isinstance(tag, Scalar)
    assert tag.value == "2"
    assert tag.replaced == Scalar("1", Mark("f.yaml", 3))


def test_setting_makes_the_mappings_on_the_way_also_through_null() -> None:
    root = Mapping({"hub": Scalar(None)})
    assert to_data(with_node(root, ("hub", "a", "b"), Scalar(1))) == {"hub": {"a": {"b": 1}}}


def test_setting_inside_a_list() -> None:
    assert to_data(with_node(document(), ("hub", "list", 0, "x"), Scalar(5)))["hub"]["list"] == [{"x": 5}, 2]


@pytest.mark.parametrize("path", [(), ("hub", "list", 7), ("hub", "image", "tag", "x"), (0,)])
def test_a_path_that_leads_nowhere_is_refused(path: tuple[str | int, ...]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        with_node(document(), path, Scalar(1))


def test_the_comment_above_stays_with_its_key() -> None:
    root = Mapping({"a": Scalar(1, comments=Comments(("# why",), "# one"))})
    new = with_node(root, ("a",), Scalar(2)).entries["a"]
    assert new.comments == Comments(("# why",))


def test_removing_leaves_a_trace_and_setting_again_takes_it_back() -> None:
    root = without_node(document(), ("hub", "image"), RULE, why="gone")
    hub = root.entries["hub"]
    assert isinstance(hub, Mapping)
    assert "image" not in hub.entries
    assert hub.removed["image"].why == "gone"
    again = with_node(root, ("hub", "image"), Scalar(1))
    assert "image" not in again.entries["hub"].removed


def test_removing_from_a_list_and_removing_nothing() -> None:
    assert to_data(without_node(document(), ("hub", "list", 0), RULE))["hub"]["list"] == [2]
    root = document()
    assert without_node(root, ("no", "such"), RULE) is root


def test_leaves_are_scalars_and_empty_collections() -> None:
    assert [path for path, _ in leaves(document())] == [
        ("hub", "image", "tag"),
        ("hub", "list", 0, "x"),
        ("hub", "list", 1),
        ("empty",),
    ]


def test_only_json_values_become_nodes() -> None:
    assert isinstance(from_data([1]), Sequence)
    with pytest.raises(TypeError, match="set"):
        from_data({"a": {1}})  # type: ignore[dict-item]
