"""A login that ends: its pages are never files, and a new token goes on where the old one stopped."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from pull.compare import tree
from pull.conftest import Put, Serve
from pull.proxy import Answer, Request, login_page
from pull.servers import TOKEN, JupyterServer
from takeout.errors import TokenError
from takeout.pull import Options, Token, pull

KEY = Token(TOKEN)


def test_a_redirect_to_a_login_page_is_never_a_file(shared: JupyterServer, put_proxy: Put, tmp_path: Path) -> None:
    expired = threading.Event()

    def login(request: Request) -> Answer | None:
        if "middle.bin" in request.path:
            expired.set()
        return Answer(302, {"Location": "/hub/login?next=x"}) if expired.is_set() else None

    proxy = put_proxy(shared, login)
    here = tmp_path / "here"
    with pytest.raises(TokenError, match="login"):
        pull(proxy.address, here, KEY)

    came, there = tree(here), tree(shared.root)
    assert {name: entry for name, entry in came.items() if there.get(name) != entry} == {}
    expired.clear()
    proxy.rule = lambda _: None
    assert pull(proxy.address, here, KEY).whole
    assert tree(here) == there


def test_a_login_page_with_status_200_is_never_a_file(
    shared: JupyterServer, put_proxy: Put, tmp_path: Path
) -> None:
    expired = threading.Event()

    def login(request: Request) -> Answer | None:
        if "page.html" in request.path:
            expired.set()
        return login_page(request) if expired.is_set() else None

    proxy = put_proxy(shared, login)
    here = tmp_path / "here"
    with pytest.raises(TokenError):
        pull(proxy.address, here, KEY)

    assert not [path for path in here.rglob("*") if path.is_file() and b"log in" in path.read_bytes()]
    proxy.rule = lambda _: None
    pull(proxy.address, here, KEY)
    assert tree(here) == tree(shared.root)


def test_a_login_page_as_long_as_the_file_is_never_the_file(show: Serve, put_proxy: Put, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "data.csv").write_bytes(b"x" * len(login_page(Request("GET", "/", {}, 0, 0)).body))
    expired = threading.Event()

    def login(request: Request) -> Answer | None:
        if request.for_file:
            expired.set()
        return login_page(request) if expired.is_set() else None

    proxy = put_proxy(show(home), login)
    with pytest.raises(TokenError):
        pull(proxy.address, tmp_path / "here", KEY)

    assert not (tmp_path / "here" / "data.csv").exists()


def test_a_token_that_expires_half_way_stops_and_a_new_one_goes_on(
    shared: JupyterServer, put_proxy: Put, tmp_path: Path
) -> None:
    def expire(request: Request) -> Answer | None:
        good = request.headers.get("authorization") == f"token {TOKEN}" and request.number < 60
        return None if good else Answer(403, {"Content-Type": "application/json"}, b'{"message": "Forbidden"}')

    proxy = put_proxy(shared, expire)
    here = tmp_path / "here"
    with pytest.raises(TokenError) as caught:
        pull(proxy.address, here, KEY, Options(connections=4))
    assert TOKEN not in f"{caught.value}{caught.value.hint}{caught.value.where}"
    proxy.rule = lambda _: None
    report = pull(proxy.address, here, KEY)

    assert report.whole
    assert report.unchanged_files > 0
    assert tree(here) == tree(shared.root)
