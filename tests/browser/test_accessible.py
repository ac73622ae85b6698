"""The page for everybody: by keyboard, for screen readers, in light and in dark."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="the browser is driven through the package playwright")

from playwright.sync_api import Page, expect

from browser.archives import differences
from browser.site import Site
from browser.takeout_page import leave_out, promised_bytes, ready
from browser.wheel import CHECKOUT

AXE = CHECKOUT / "labextension" / "node_modules" / "axe-core" / "axe.min.js"
MOST_TABS = 80


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("path", ["", "nowhere"], ids=["page", "trouble"])
def test_axe_finds_nothing(page: Page, site: Site, colours: str, path: str) -> None:
    page.emulate_media(color_scheme="dark" if colours == "dark" else "light")
    page.goto(site.address(f"takeout/?path={path}"))
    if path:
        expect(page.get_by_role("alert")).to_be_visible()
    else:
        ready(page)
        leave_out(page, "scratch/")
        for details in page.locator("details").all():
            details.evaluate("each => { each.open = true; }")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")
    violations = [
        {"rule": each["id"], "impact": each["impact"], "where": [node["html"] for node in each["nodes"]]}
        for each in found["violations"]
    ]
    assert violations == [], json.dumps(violations, indent=2)
    assert len(found["passes"]) > 5


def test_a_folder_is_left_out_and_the_rest_downloaded_by_keyboard_alone(
    page: Page, site: Site, home: Path, tmp_path: Path
) -> None:
    page.goto(site.address("takeout/?path="))
    ready(page)
    whole = promised_bytes(page)
    tab_to(page, "Take scratch/ along")
    page.keyboard.press("Space")
    expect(page.locator("#result")).not_to_contain_text(f"{whole:,} bytes")
    ready(page)
    tab_to(page, "Download", backwards=True)
    with page.expect_download() as begun:
        page.keyboard.press("Enter")
    begun.value.save_as(tmp_path / "ada.zip")
    assert differences(tmp_path / "ada.zip", home, without=frozenset({"scratch"})) == []


def tab_to(page: Page, name: str, *, backwards: bool = False) -> None:
    """Press Tab until what has this name has the focus, as who cannot use a pointer does."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Shift+Tab" if backwards else "Tab")
        element = "document.activeElement"
        if page.evaluate(f"{element}.getAttribute('aria-label') ?? {element}.textContent") == name:
            return
    pytest.fail(f"{MOST_TABS} times Tab did not lead to {name!r}")
