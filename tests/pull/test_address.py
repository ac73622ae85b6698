"""Addresses as people copy them, and tokens as they must not be shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from takeout.errors import DiskError, OptionError, TokenError
from takeout.pull.address import read_address
from takeout.pull.token import Token, find_token


@pytest.mark.parametrize(
    ("text", "origin", "hub", "user", "server", "base"),
    [
        ("https://hub.example.org/user/ana/", "https://hub.example.org", "/hub/", "ana", "", "/user/ana/"),
        ("hub.example.org/user/ana/lab/tree/x", "https://hub.example.org", "/hub/", "ana", "", "/user/ana/"),
        ("https://h.org/user/a.b%40c/gpu/lab", "https://h.org", "/hub/", "a.b@c", "gpu", "/user/a.b@c/gpu/"),
        (
            "https://h.org/jupyter/hub/user/ana/tree",
            "https://h.org",
            "/jupyter/hub/",
            "ana",
            "",
            "/jupyter/user/ana/",
        ),
        ("https://h.org:8443/hub/home", "https://h.org:8443", "/hub/", "", "", ""),
        ("HTTPS://H.org/p/hub/token", "https://h.org", "/p/hub/", "", "", ""),
    ],
)
def test_what_an_address_means(text: str, origin: str, hub: str, user: str, server: str, base: str) -> None:  # noqa: PLR0917
    address = read_address(text)

    assert (address.origin, address.hub, address.user) == (origin, hub, user)
    assert (address.server, address.base) == (server, base)


@pytest.mark.parametrize(
    ("text", "origin", "guesses"),
    [
        ("localhost:8888", "http://localhost:8888", ("/",)),
        ("http://[::1]:8888/a/b/lab/tree/x", "http://[::1]:8888", ("/a/b/", "/a/", "/")),
        ("https://binder.example/proxy-path/", "https://binder.example", ("/proxy-path/", "/")),
        ("https://h.example/\u00fcn%20\u00ef d/lab", "https://h.example", ("/%C3%BCn%20%C3%AF%20d/", "/")),
    ],
)
def test_without_a_hub_every_path_above_is_a_guess(text: str, origin: str, guesses: tuple[str, ...]) -> None:
    address = read_address(text)

    assert (address.origin, address.hub, address.guesses) == (origin, "", guesses)


@pytest.mark.parametrize(
    "text",
    [
        "http://localhost:8888/lab?token=s3cr3t",
        "https://ana:s3cr3t@hub.example.org/user/ana/",
        "https://hub.example.org/user/ana/lab?access_token=s3cr3t",
        "http://localhost:8888/#token=s3cr3t",
        "ftp://s3cr3t",
        "",
        "https://",
        "http://h:99999999/",
        f"https://{'h' * 64}.example/",
    ],
)
def test_addresses_that_are_none_or_hold_a_secret_are_refused_without_showing_it(text: str) -> None:
    with pytest.raises(OptionError) as caught:
        read_address(text)

    error = caught.value
    if "s3cr3t@" in text or "=s3cr3t" in text:
        assert "s3cr3t" not in f"{error} {error.hint} {error.where}"


def test_the_token_comes_from_the_file_the_environment_or_a_person(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("from-file\n")
    environment = {"JUPYTERHUB_API_TOKEN": "from-environment"}

    assert find_token(environment, file).header() == "token from-file"
    assert find_token(environment).header() == "token from-environment"
    assert find_token({}, ask=lambda: " typed ").header() == "token typed"
    with pytest.raises(TokenError):
        find_token({})
    with pytest.raises(DiskError):
        find_token(environment, tmp_path / "nowhere")
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(TokenError):
        find_token(environment, file)


def test_a_token_does_not_show_itself() -> None:
    token = Token("s3cr3t")

    assert "s3cr3t" not in f"{token!r} {token}"
    assert token.hidden_in("the s3cr3t is out") == "the … is out"
    with pytest.raises(TokenError) as caught:
        Token("s3cr3t\nX-Evil: 1")
    assert "s3cr3t" not in str(caught.value)
