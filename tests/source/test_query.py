from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takeout.errors import AmbiguousHubError, UnknownHubError
from takeout.source.model import HubEntry
from takeout.source.query import host_of, nearest, resolve, search

HUBS = [
    HubEntry("coast", "staging", "Coast staging", "staging.coast.example"),
    HubEntry("coast", "prod", "Corail de la Réunion", "coast.example"),
    HubEntry("coast", "prod-two", "Second of the coast", "two.coast.example"),
    HubEntry("inland", "staging", "Inland staging", "staging.inland.example"),
    HubEntry("inland", "lake", "Lake", "bücher.inland.example"),
    HubEntry("inland", "river", "River", ""),
]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("https://coast.example/hub/home", "coast/prod"),
        ("HTTPS://ann:pw@Coast.Example:443/user/ann/lab?reset#x", "coast/prod"),
        ("coast.example", "coast/prod"),
        ("coast.example.", "coast/prod"),
        ("coast.example/hub/spawn", "coast/prod"),
        ("https://xn--bcher-kva.inland.example", "inland/lake"),
        ("https://BÜCHER.inland.example/", "inland/lake"),
        ("coast/prod", "coast/prod"),
        (" Coast/Prod ", "coast/prod"),
        ("prod", "coast/prod"),
        ("lake", "inland/lake"),
        ("corail de la reunion", "coast/prod"),
        ("reunion", "coast/prod"),
        ("réunion", "coast/prod"),
        ("inland riv", "inland/river"),
        ("two.coast", "coast/prod-two"),
    ],
)
def test_one_hub(query: str, found: str) -> None:
    assert resolve(HUBS, query).id == found


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        ("staging", ("coast/staging", "inland/staging")),
        ("coast", ("coast/staging", "coast/prod", "coast/prod-two")),
    ],
)
def test_several_hubs_are_listed(query: str, matches: tuple[str, ...]) -> None:
    with pytest.raises(AmbiguousHubError) as caught:
        resolve(HUBS, query)
    assert caught.value.matches == matches
    assert matches[0] in caught.value.hint


@pytest.mark.parametrize(
    ("query", "near"),
    [("coast/prodd", "coast/prod"), ("https://coats.example/", "coast/prod"), ("lakke", "inland/lake")],
)
def test_no_hub_brings_the_nearest(query: str, near: str) -> None:
    with pytest.raises(UnknownHubError) as caught:
        resolve(HUBS, query)
    assert near in caught.value.nearest
    assert near in caught.value.hint


def test_an_address_is_not_taken_for_a_part_of_a_name() -> None:
    with pytest.raises(UnknownHubError):
        resolve(HUBS, "https://example/")
    assert search(HUBS, "https://lake") == []


def test_an_empty_query_names_no_hub_and_searches_for_all() -> None:
    with pytest.raises(UnknownHubError, match="an empty query"):
        resolve(HUBS, "  ")
    assert search(HUBS, "") == HUBS


def test_a_source_without_hubs_says_so() -> None:
    with pytest.raises(UnknownHubError) as caught:
        resolve([], "x")
    assert "no hubs at all" in caught.value.hint


def test_hosts() -> None:
    assert host_of("http://[::1]:8000/x") == "::1"
    assert host_of("http://[") == ""
    assert host_of("two words") == ""
    assert host_of("//host/x") == "host"


ENTRIES = st.builds(
    HubEntry,
    cluster=st.text(max_size=8),
    name=st.text(min_size=1, max_size=8),
    title=st.text(max_size=12),
    domain=st.one_of(st.just(""), st.from_regex(r"[a-z]{1,5}\.[a-z]{1,5}", fullmatch=True)),
)


@given(st.lists(ENTRIES, max_size=6), st.text(max_size=60))
def test_any_query_is_answered_or_refused(hubs: list[HubEntry], query: str) -> None:
    found = search(hubs, query) if query.strip() else []
    if len(found) == 1:
        assert resolve(hubs, query) == found[0]
        return
    with pytest.raises(AmbiguousHubError if found else UnknownHubError) as caught:
        resolve(hubs, query)
    assert len(caught.value.to_json()["matches" if found else "nearest"]) == (
        len(found) or len(nearest(hubs, query))
    )


@given(st.lists(ENTRIES, min_size=1, max_size=6, unique_by=lambda hub: hub.domain), st.data())
def test_every_domain_finds_its_hub(hubs: list[HubEntry], data: st.DataObject) -> None:
    hub = data.draw(st.sampled_from(hubs))
    if hub.domain:
        assert resolve(hubs, f"https://{hub.domain.upper()}:8443/hub/home") == hub


def test_nearest_is_quick_with_long_texts() -> None:
    assert nearest(HUBS, "x" * 100_000) == []
