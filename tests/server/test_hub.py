"""In JupyterHub's own server for one user, with its own way to know who asks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from server.hub import hub, variables
from server.serving import BASE, Server, free_port, own, running


@pytest.fixture(scope="module")
def server(module_place: Path) -> Iterator[Server]:
    """Jovyan's server on a hub."""
    place = module_place
    for name in ("config", "runtime", "data", "home", "root/data"):
        (place / name).mkdir(parents=True)
    (place / "root" / "data" / "file").write_bytes(b"jovyan's data")
    own(place)
    with hub() as hub_port:
        port = free_port()
        root = place / "root"
        command = [sys.executable, "-m", "jupyterhub.singleuser", "--allow-root", f"--ServerApp.root_dir={root}"]
        with running(command, place, root, port, **variables(hub_port, port)) as started:
            yield started


def test_the_owner_downloads(server: Server) -> None:
    answer = server.ask("takeout/archive/", token="jovyans-token")  # noqa: S106 - of this test

    assert answer.status == 200
    assert b"jovyan's data" in answer.body
    rest = server.ask("takeout/archive/", token="jovyans-token", Range="bytes=50-", If_Range=answer.tag)  # noqa: S106
    assert rest.status == 206
    assert answer.body[50:] == rest.body


@pytest.mark.parametrize("token", ["bobs-token", "nobodys-token"])
@pytest.mark.parametrize(
    "path", ["takeout/archive/", "takeout/inventory/", "takeout/status", "takeout/", "takeout/archive/data"]
)
def test_another_user_does_not(server: Server, path: str, token: str) -> None:
    answer = server.ask(path, token=token)

    assert answer.status in (302, 403)
    assert b"data" not in answer.body.replace(b"data:", b"")
    assert "etag" not in answer.headers


def test_nobody_is_sent_to_the_hub_to_log_in(server: Server) -> None:
    answer = server.ask("takeout/?path=data", token=None)

    assert answer.status == 302
    assert answer.headers["location"].startswith("/hub/api/oauth2/authorize")


def test_the_page_may_ask_with_the_cookie_that_came_with_it(server: Server) -> None:
    connection, response = server.begin("takeout/", token="jovyans-token")  # noqa: S106 - of this test
    with closing(connection):
        cookies = [value for name, value in response.getheaders() if name.lower() == "set-cookie"]

    assert response.status == 200
    assert [value for value in cookies if value.startswith("_xsrf=") and f"Path={BASE}" in value]


def test_a_browser_gets_the_modules_of_the_page_without_a_token(server: Server) -> None:
    # As Chromium asks for what a module imports; with the cookie alone JupyterHub sends it away.
    answer = server.ask("takeout/static/page.js", token=None, Sec_Fetch_Mode="cors", Sec_Fetch_Dest="script")
    assert answer.status == 200
    assert b"import" in answer.body


def test_the_page_leads_to_the_hubs_tokens(server: Server) -> None:
    assert server.ask("takeout/status", token="jovyans-token").json()["hub"] == {"token": "/hub/token"}  # noqa: S106
