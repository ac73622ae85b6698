"""Who may ask: every endpoint, without a token, with another's, and from another site."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from http.cookies import SimpleCookie
from pathlib import Path

import pytest

from server.serving import BASE, TOKEN, Server, own, serving
from takeout.server.extension import ENDPOINTS

GUARDED = [pattern for pattern, _, _ in ENDPOINTS if "/static/" not in pattern]
"""All but the page's own code, which anybody may have."""

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
WORK = (
    "takeout/archive/",
    "takeout/inventory/",
    "takeout/listing/",
    "takeout/status",
    "takeout/transfer/0123456789abcdef",
)


def concrete(pattern: str) -> str:
    """Return an address that a pattern matches."""
    made = pattern.lstrip("/").replace("((?:/.*)?)", "/").replace(r"([a-z]+\.(?:js|css|svg))", "page.js")
    made = made.replace("([0-9a-f]{8,64})", "0123456789abcdef")
    assert re.fullmatch(pattern, "/" + made), pattern
    return made


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("pattern", GUARDED)
@pytest.mark.parametrize("token", [None, "another-user's-token", ""])
def test_nothing_is_said_without_authentication(
    server: Server, home: Path, pattern: str, method: str, token: str | None
) -> None:
    (home / "secret.txt").write_text("secret", encoding="utf-8")
    own(home)

    answer = server.ask(concrete(pattern), method=method, token=token)

    assert answer.status in (302, 403, 405), answer
    assert b"secret" not in answer.body
    assert "etag" not in answer.headers
    if answer.status == 302:
        assert "/login" in answer.headers["location"]


def test_anybody_may_have_the_pages_own_code_and_nothing_is_done_with_it(server: Server) -> None:
    answer = server.ask("takeout/static/page.js", token=None)
    assert answer.status == 200
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert server.ask("takeout/static/page.js", method=method, token=None).status in (302, 403, 405)
    assert server.ask("takeout/static/page.html", token=None).status in (403, 404)


@pytest.fixture
def cookies(server: Server) -> str:
    """The cookies of a browser that is logged in, without its token for forms."""
    answer = server.ask("takeout/")
    jar: SimpleCookie = SimpleCookie()
    connection, response = server.begin(f"takeout/?token={TOKEN}", token=None)
    with closing(connection):
        for name, value in response.getheaders():
            if name.lower() == "set-cookie":
                jar.load(value)
    assert answer.status == 200
    return "; ".join(f"{name}={each.coded_value}" for name, each in jar.items())


@pytest.mark.parametrize("path", WORK[:4])
def test_a_browser_on_this_site_may(server: Server, cookies: str, path: str) -> None:
    here = f"http://127.0.0.1:{server.port}{BASE}takeout/"

    answer = server.ask(path, token=None, Cookie=cookies, Referer=here, Sec_Fetch_Site="same-origin")

    assert answer.status == 200


@pytest.mark.parametrize("path", WORK)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Referer": "https://evil.example/"},
        {"Referer": "https://evil.example/", "Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"},
        {"Origin": "https://evil.example"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
def test_another_site_may_not(server: Server, cookies: str, path: str, headers: dict[str, str]) -> None:
    answer = server.ask(path, token=None, Cookie=cookies, **headers)

    assert answer.status in (403, 404)
    assert answer.json()["message"]


@pytest.mark.parametrize("path", WORK)
def test_another_site_may_not_though_the_page_before_was_ours(server: Server, cookies: str, path: str) -> None:
    here = f"http://127.0.0.1:{server.port}/"

    answer = server.ask(path, token=None, Cookie=cookies, Referer=here, Sec_Fetch_Site="cross-site")

    assert answer.status == 403
    assert answer.json()["code"] == "cross-site"


@pytest.fixture(scope="module")
def forbidding(module_place: Path) -> Iterator[Server]:
    """A server whose authoriser lets nobody read contents."""
    place = module_place
    (place / "root").mkdir()
    (place / "nobody.py").write_text(
        "from jupyter_server.auth import Authorizer\n"
        "class Nobody(Authorizer):\n"
        "    def is_authorized(self, handler, user, action, resource):\n"
        "        return resource != 'contents'\n",
        encoding="utf-8",
    )
    option = "--ServerApp.authorizer_class=nobody.Nobody"
    with serving(place, place / "root", option, PYTHONPATH=str(place)) as running:
        yield running


@pytest.mark.parametrize("pattern", GUARDED)
def test_the_servers_authoriser_decides(forbidding: Server, pattern: str) -> None:
    answer = forbidding.ask(concrete(pattern))

    assert answer.status == 403
    assert "not authorized" in answer.json()["message"]
