from takeout.adapt.context import Dependency, HubFacts
from takeout.replica.layout import Z2JH_REPOSITORY, Z2JH_VERSION, arrange, choose_layout, compact_yaml, is_on
from takeout.values.node import Mapping, Mark, from_data, to_data, without_node

HUB = Dependency("jupyterhub", "jupyterhub", "4.0.0", "https://charts.example.org/hub/")
DASK = Dependency("dask", "dask-gateway", "1.0.0", "https://charts.example.org/dask/", "dask.enabled,global.dask")
STORE = Dependency("store", "store", "2.0.0", "file://../store")


def values(data: dict[str, object]) -> Mapping:
    node = from_data(data)  # type: ignore[arg-type]
    assert isinstance(node, Mapping)
    return node


def facts(*charts: Dependency) -> HubFacts:
    return HubFacts("reef", dependencies={chart.name: chart for chart in charts})


def test_the_first_condition_that_is_answered_decides() -> None:
    assert is_on(DASK, values({"dask": {"enabled": True}, "global": {"dask": False}}))
    assert not is_on(DASK, values({"dask": {}, "global": {"dask": False}}))
    assert is_on(DASK, values({"dask": {"enabled": "yes"}}))


def test_without_an_answer_a_chart_is_on_unless_a_rule_took_it_out() -> None:
    given = values({"dask": {"workers": 1}})
    assert is_on(DASK, given)
    assert is_on(DASK, values({}))
    assert not is_on(DASK, without_node(given, ("dask",), Mark("rule:C04")))


def test_no_companions_no_umbrella() -> None:
    layout = choose_layout(values({"jupyterhub": {}, "dask": {"enabled": False}}), facts(HUB, DASK))

    assert not layout.umbrella
    assert layout.jupyterhub == HUB
    assert layout.outer(("jupyterhub", "hub", 0)) == ("hub", 0)


def test_a_chart_that_a_rule_adds_makes_an_umbrella() -> None:
    layout = choose_layout(values({"jupyterhub": {}}), facts(HUB), [DASK])

    assert layout.umbrella
    assert layout.companions == (DASK,)
    assert layout.outer(("jupyterhub", "hub")) == ("jupyterhub", "hub")


def test_charts_on_the_way_to_z2jh_are_no_companions() -> None:
    base = Dependency("base", "base", "0.1.0", "file://../base")

    assert not choose_layout(values({"jupyterhub": {}}), facts(base, HUB), (), ("base", "jupyterhub")).umbrella


def test_no_path_into_the_source_is_left() -> None:
    layout = choose_layout(values({"jupyterhub": {}, "store": {}}), facts(HUB, STORE))

    assert [chart.repository for chart in layout.companions] == [""]


def test_an_alias_of_the_hubs_chart_and_no_chart_at_all() -> None:
    alias = Dependency("hub", "jupyterhub", "3.3.7", "oci://registry.example.org/charts")
    assert choose_layout(values({"jupyterhub": {}}), facts(alias)).jupyterhub == Dependency(
        "jupyterhub", "jupyterhub", "3.3.7", "oci://registry.example.org/charts"
    )
    assert choose_layout(values({"jupyterhub": {}}), facts()).jupyterhub == Dependency(
        "jupyterhub", "jupyterhub", Z2JH_VERSION, Z2JH_REPOSITORY
    )


def test_a_global_goes_along() -> None:
    given = values({"global": {"a": 1}, "jupyterhub": {"b": 2}, "dask": {"enabled": True}})
    plain, lost = arrange(given, choose_layout(given, facts(HUB)))
    assert to_data(plain) == {"b": 2, "global": {"a": 1}}
    assert lost == ("dask",)
    umbrella, lost = arrange(given, choose_layout(given, facts(HUB, DASK)))
    assert list(umbrella.entries) == ["jupyterhub", "global", "dask"]
    assert lost == ()


def test_objects_are_written_without_blank_lines() -> None:
    assert compact_yaml({"kind": "X", "metadata": {"name": "y"}}) == 'kind: X\nmetadata:\n  name: "y"\n'
