import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takeout.adapt.context import Storage
from takeout.errors import OptionError
from takeout.replica.options import (
    fill_domain,
    format_storage,
    parse_auth,
    parse_domain,
    parse_options,
    parse_storage,
)
from takeout.source.model import HubEntry

REEF = HubEntry("Blue Lagoon", "reef_1")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hub.example.edu", "hub.example.edu"),
        ("HUB.Example.EDU.", "hub.example.edu"),
        ("straße.example", "strasse.example"),
        ("münchen.example", "xn--mnchen-3ya.example"),
    ],
)
def test_a_domain_is_a_host_name(text: str, expected: str) -> None:
    assert parse_domain(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "https://hub.example.edu",
        "hub.example.edu/hub",
        "hub:8000",
        "a@b.c",
        "-a.b",
        "a..b",
        "a b.c",
        "_x.y",
        "a" * 64,
    ],
)
def test_what_is_no_host_name_is_refused(text: str) -> None:
    with pytest.raises(OptionError) as caught:
        parse_domain(text)
    assert "hub.example.edu" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dynamic", Storage()),
        ("home-nfs", Storage("home-nfs")),
        ("pvc:homes", Storage("pvc", name="homes")),
        ("nfs:10.0.0.7:/export//homes/", Storage("nfs", host="10.0.0.7", path="/export/homes")),
        ("nfs:fe80::1:/x", Storage("nfs", host="fe80::1", path="/x")),
        ("hostpath:/", Storage("hostpath", path="/")),
        ("hostpath:/srv/homes", Storage("hostpath", path="/srv/homes")),
    ],
)
def test_storage_is_read_and_written(text: str, expected: Storage) -> None:
    assert parse_storage(text) == expected
    assert parse_storage(format_storage(expected)) == expected


@pytest.mark.parametrize(
    "text",
    ["", "dynamic:x", "dynamic:", "home-nfs:x", "pvc:", "pvc:A_b", "nfs:host", "nfs::/x", "nfs:h:x", "tape",
     "hostpath:srv", "hostpath:/a/../b", "nfs:a b:/x"],
)  # fmt: skip
def test_what_is_no_storage_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match=r"storage|path") as caught:
        parse_storage(text)
    assert "home-nfs" in caught.value.hint


@given(st.text(string.printable, max_size=40))
def test_storage_is_read_or_refused(text: str) -> None:
    try:
        storage = parse_storage(text)
    except OptionError:
        return
    assert parse_storage(format_storage(storage)) == storage


def test_an_unknown_login_is_refused_with_the_known_ones() -> None:
    assert parse_auth("github") == "github"
    with pytest.raises(OptionError, match="ldap") as caught:
        parse_auth("ldap")
    assert "cilogon" in caught.value.hint


def test_a_domain_template_is_filled_in() -> None:
    assert fill_domain("{hub}.{cluster}.example.edu", REEF) == "reef-1.blue-lagoon.example.edu"
    assert fill_domain("", REEF) == ""
    assert fill_domain("hub.example.edu", REEF) == "hub.example.edu"


@pytest.mark.parametrize("text", ["{name}.x", "{hub!r}.x", "{hub:>9}.x", "{0}.x", "{}.x", "{hub", "{hub.name}.x"])
def test_other_fields_are_refused(text: str) -> None:
    with pytest.raises(OptionError, match="--domain"):
        fill_domain(text, REEF)


def test_no_options_are_the_defaults() -> None:
    options = parse_options()
    assert (options.domain, options.host, options.storage, options.auth) == (
        "",
        "hub.example.org",
        Storage(),
        "keep",
    )
