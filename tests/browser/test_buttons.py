"""The buttons of the three front ends: each opens the page of its folder, or says why it cannot."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

import pytest

pytest.importorskip("playwright", reason="the browser is driven through the package playwright")

from playwright.sync_api import Locator, Page, expect

from browser.front_ends import (
    OPEN,
    dialog,
    folder_item,
    menu_item,
    open_lab,
    open_nbclassic,
    open_notebook,
)
from browser.site import BASE, Site, running


def opened_by(page: Page, button: Locator) -> bytes:
    """Click, and return the path of which the new tab shows the page."""
    with page.expect_popup() as popup:
        button.click()
    popup.value.wait_for_url("**/takeout/**", wait_until="commit")
    parts = urlsplit(popup.value.url)
    assert parts.path == f"{BASE}takeout/"
    assert parts.query.startswith("path=")
    assert "&" not in parts.query
    popup.value.close()
    return unquote_to_bytes(parts.query.removeprefix("path="))


def test_jupyterlab_toolbar_and_palette_take_the_folder_that_is_shown(page: Page, site: Site) -> None:
    button = open_lab(page, site, "ocean")
    assert opened_by(page, button) == b"ocean"

    page.keyboard.press("Control+Shift+C")
    page.locator(".lm-CommandPalette-input").fill("Download Directory")
    item = page.locator('.lm-CommandPalette-item[data-command="takeout:download-directory"]')
    assert opened_by(page, item) == b"ocean"


def test_jupyterlab_context_menu_takes_the_folder_under_the_pointer(page: Page, site: Site) -> None:
    open_lab(page, site)
    for name in ("Zürich & Genève #1", "caf"):
        folder_item(page, name).click(button="right")
        full = b"caf\xe9" if name == "caf" else name.encode()
        assert opened_by(page, menu_item(page)) == full

    page.locator('.jp-DirListing-item[data-isdir="false"]').first.click(button="right")
    expect(page.locator('.lm-Menu-item[data-command="filebrowser:open"]')).to_be_visible()
    expect(menu_item(page)).to_have_count(0)


def test_notebook_toolbar_and_context_menu(page: Page, site: Site) -> None:
    button = open_notebook(page, site, "scratch")
    expect(button).to_have_text("Download Directory")
    assert opened_by(page, button) == b"scratch"

    folder_item(page, "deep").click(button="right")
    assert opened_by(page, menu_item(page)) == b"scratch/deep"


def test_nbclassic_takes_the_folder_that_is_shown_or_ticked(page: Page, site: Site) -> None:
    button = open_nbclassic(page, site)
    for name in ("Zürich & Genève #1", "caf"):
        box = page.locator(".list_item").filter(has_text=name).locator("input[type=checkbox]")
        box.check()
        assert opened_by(page, button) == (b"caf\xe9" if name == "caf" else name.encode())
        box.uncheck()
    assert opened_by(page, button) == b""

    page.locator(".list_item a").filter(has_text="ocean").click()
    expect(page.locator(".breadcrumb")).to_contain_text("ocean")
    assert opened_by(page, button) == b"ocean"


@pytest.fixture(scope="module")
def site_without_takeout(installed: Path, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A running server that shows the buttons, where the server extension is not enabled."""
    scratch = tmp_path_factory.mktemp("without")
    disabled = {"ServerApp": {"jpserver_extensions": {"takeout.server": False}}}
    (scratch / "config").mkdir()
    (scratch / "config" / "jupyter_server_config.json").write_text(json.dumps(disabled), encoding="utf-8")
    with running(home, scratch, data=installed) as site:
        yield site


@pytest.mark.parametrize("front_end", OPEN)
def test_a_server_without_takeout_is_said_in_words(page: Page, site_without_takeout: Site, front_end: str) -> None:
    OPEN[front_end](page, site_without_takeout, "").click()
    expect(dialog(page)).to_contain_text("Takeout is not running in this Jupyter server")
    expect(dialog(page)).to_contain_text("python -m pip install jupyterhub-takeout")
    expect(dialog(page)).to_contain_text("jupyter server extension enable takeout.server")
    assert page.context.pages == [page]


@pytest.mark.parametrize("front_end", ["notebook", "nbclassic"])
def test_a_server_that_is_gone_is_said_in_words(page: Page, site: Site, front_end: str) -> None:
    button = OPEN[front_end](page, site, "")
    page.route("**/takeout/**", lambda route: route.abort("connectionrefused"))
    button.click()
    expect(dialog(page)).to_contain_text("The Jupyter server does not answer")
    assert page.context.pages == [page]
