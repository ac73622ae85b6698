from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takeout.errors import SourceError
from takeout.source.address import hide_credentials, parse_address


@pytest.mark.parametrize(
    ("place", "url", "owner"),
    [
        ("https://github.com/acme/infrastructure", "https://github.com/acme/infrastructure", "acme"),
        ("github.com/acme/infrastructure", "https://github.com/acme/infrastructure", "acme"),
        ("GitHub.com/acme/infrastructure/", "https://github.com/acme/infrastructure", "acme"),
        ("https://github.com/acme/infrastructure.git", "https://github.com/acme/infrastructure", "acme"),
        ("git@forge.example.org:acme/infra.git", "git@forge.example.org:acme/infra.git", "acme"),
        ("ssh://git@forge.example.org:2222/acme/infra", "ssh://git@forge.example.org:2222/acme/infra", "acme"),
        ("file:///srv/git/infra.git", "file:///srv/git/infra.git", ""),
        ("https://forge.example.org/deep/er/infra", "https://forge.example.org/deep/er/infra", "deep"),
    ],
)
def test_addresses(place: str, url: str, owner: str) -> None:
    address = parse_address(place)
    assert address is not None
    assert (address.url, address.owner, address.rev) == (url, owner, "")


def test_the_address_of_a_page_names_the_repository_and_the_commit() -> None:
    address = parse_address("https://github.com/acme/infrastructure/tree/main/config/clusters/reef")
    assert address is not None
    assert (address.url, address.rev) == ("https://github.com/acme/infrastructure", "main")


@pytest.mark.parametrize("place", [".", "some/directory", "/srv/source", "~/source", "C", "a:b/c d"])
def test_local_paths_are_no_addresses(place: str) -> None:
    assert parse_address(place) is None


@pytest.mark.parametrize(
    "place",
    ["ext::sh -c 'touch x'", "--upload-pack=x", "-x", "fd::3", "ftp://example.org/x", "https:///x", "a\nb"],
)
def test_addresses_that_could_run_something_or_say_nothing_are_refused(place: str) -> None:
    with pytest.raises(SourceError):
        parse_address(place)


@pytest.mark.parametrize(
    "place",
    [
        "https://ann:tok%40en@example.org/acme/x",
        "https://token@example.org/acme/x",
        "https://a:b@c@example.org/acme/x",
    ],
)
def test_credentials_are_never_shown(place: str) -> None:
    address = parse_address(place)
    assert address is not None
    assert address.shown == "https://example.org/acme/x"
    assert hide_credentials(f"fatal: unable to access '{place}/': x") == (
        "fatal: unable to access 'https://example.org/acme/x/': x"
    )


@given(st.text(max_size=80))
def test_no_text_is_a_crash(place: str) -> None:
    try:
        address = parse_address(place)
    except SourceError:
        return
    assert address is None or not address.url.startswith("-")
