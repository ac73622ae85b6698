from __future__ import annotations

from takeout.values.merge import Chart, coalesce, lift, overlay, settle
from takeout.values.node import Comments, Mapping, Mark, Scalar, find, to_data
from takeout.values.read import read_yaml


def read(text: str, file: str = "f") -> Mapping:
    return read_yaml(text, file).values


def test_layers_merge_mappings_and_replace_the_rest() -> None:
    merged = overlay([read("a: {x: 1, z: [1, 2]}\nb: 1\nc: 1"), read("d: 1\nc: ~\na: {z: [3], w: 2}\nb: {m: 1}")])
    assert to_data(merged) == {"a": {"x": 1, "z": [3], "w": 2}, "b": {"m": 1}, "c": None, "d": 1}
    assert list(merged.entries) == ["a", "b", "c", "d"]


def test_a_value_knows_every_layer_that_it_replaced() -> None:
    merged = overlay([read("a: 1", "low"), read("a: {b: 2}", "middle"), read("a: [3]", "high")])
    top = merged.entries["a"]
    middle = top.replaced
    assert middle is not None
    assert middle.replaced is not None
    assert [str(top.mark), str(middle.mark), str(middle.replaced.mark)] == ["high:1", "middle:1", "low:1"]


def test_comments_above_stay_and_comments_behind_go_with_their_value() -> None:
    low = read("# why a\na: 1  # one\n# why b\nb: 1\n# map\nm:\n  x: 1\n  # - below\n")
    high = read("a: 2\n# better b\nb: 2  # two\nm:\n  # y\n  z: 2\n")
    merged = overlay([low, high])
    assert merged.entries["a"].comments == Comments(("# why a",))
    assert merged.entries["b"].comments == Comments(("# better b",), "# two")
    assert merged.entries["m"].comments == Comments(("# map",), foot=("# - below",))
    assert merged.entries["m"].entries["z"].comments == Comments(("# y",))  # type: ignore[union-attr]


def test_a_null_takes_out_a_default_and_the_place_is_remembered() -> None:
    chart = Chart("c", read("a: {x: 1, w: 2}\nb: 1\nd: ~", "defaults"))
    merged = coalesce(chart, read("\na: {x: ~}\nb: ~\nc: ~", "hub"))
    assert to_data(merged) == {"a": {"w": 2}, "c": None}
    removal = merged.removed["b"]
    assert (str(removal.mark), str(removal.node.mark)) == ("hub:3", "defaults:2")
    inner = merged.entries["a"]
    assert isinstance(inner, Mapping)
    assert str(inner.removed["x"].mark) == "hub:2"


def test_the_defaults_order_comes_first() -> None:
    chart = Chart("c", read("z: 1\na: {q: 1, b: 2}"))
    assert list(coalesce(chart, read("new: 1\na: {c: 3, b: 3}\nz: 2")).entries) == ["z", "a", "new"]


def test_settling_leaves_nulls_for_the_inner_chart() -> None:
    inner = Chart("jupyterhub", read("singleuser: {extra: [1], keep: 1}"))
    chart = Chart("basehub", read("jupyterhub:\n  singleuser:\n    extra: [2]\n    more: ~\nown: 1"), (inner,))
    settled = settle(chart, read("jupyterhub: {singleuser: {extra: ~}}\nown: ~"))
    assert to_data(settled) == {"jupyterhub": {"singleuser": {"extra": None, "more": None}}}
    handed = settled.entries["jupyterhub"]
    assert isinstance(handed, Mapping)
    assert to_data(coalesce(inner, handed)) == {"singleuser": {"keep": 1, "more": None}}


def test_settling_plain_values_changes_nothing() -> None:
    values = read("a: ~")
    assert settle(Chart("jupyterhub", read("a: 1")), values) is values


def test_global_values_reach_every_subchart() -> None:
    deep = Chart("deep", Mapping())
    chart = Chart("top", read("global: {a: 1, t: {x: 1}}"), (Chart("middle", Mapping(), (deep,)),))
    settled = settle(chart, read("middle: {global: {t: {x: 0, w: 2}}}"))
    assert to_data(find(settled, ("middle", "deep", "global")) or Mapping()) == {"t": {"x": 1, "w": 2}, "a": 1}


def test_lifting_daskhub_puts_everything_on_one_level() -> None:
    merged = read(
        """
basehub:
  jupyterhub: {hub: 1}
  nfs: {inner: true}
  shared: inner
dask-gateway: {enabled: true}
shared: outer
"""
    )
    lifted = lift(merged, ("basehub", "jupyterhub"))
    assert to_data(lifted) == {
        "jupyterhub": {"hub": 1},
        "nfs": {"inner": True},
        "shared": "inner",
        "dask-gateway": {"enabled": True},
    }
    assert next(iter(lifted.entries)) == "jupyterhub"


def test_lifting_keeps_z2jh_in_its_place_and_renames_an_alias() -> None:
    lifted = lift(read("nfs: 1\nhub: {a: 1}\nsupport: 2"), ("hub",))
    assert list(lifted.entries) == ["nfs", "jupyterhub", "support"]
    assert to_data(lifted) == {"nfs": 1, "jupyterhub": {"a": 1}, "support": 2}


def test_lifting_plain_values_wraps_them() -> None:
    assert to_data(lift(read("hub: {a: 1}"), ())) == {"jupyterhub": {"hub": {"a": 1}}}


def test_lifting_takes_global_along_only_when_it_holds_something() -> None:
    lifted = lift(
        read("global: {a: 1}\nbasehub: {global: {a: 2, b: 2}, jupyterhub: {x: 1}}"), ("basehub", "jupyterhub")
    )
    assert to_data(lifted) == {"jupyterhub": {"x": 1, "global": {"a": 1, "b": 2}}}
    assert to_data(lift(read("global: {}\njupyterhub: {x: 1, global: {}}"), ("jupyterhub",))) == {
        "jupyterhub": {"x": 1}
    }


def test_lifting_what_is_not_there_gives_an_empty_hub() -> None:
    assert to_data(lift(read("nfs: 1"), ("jupyterhub",))) == {"nfs": 1, "jupyterhub": {}}
    assert to_data(lift(read("a: 1\nbasehub: text"), ("basehub", "jupyterhub"))) == {"a": 1, "jupyterhub": {}}


def test_overlaying_nothing_is_empty_and_one_layer_is_itself() -> None:
    layer = Mapping({"a": Scalar(1, Mark("f", 1))}, Mark("f", 1))
    assert to_data(overlay([])) == {}
    assert overlay([layer]) is layer
