"""The pictures of the documentation, taken anew where the environment asks for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="the browser is driven through the package playwright")

from playwright.sync_api import FloatRect, Page, expect

from browser.front_ends import OPEN
from browser.homes import write_large_home
from browser.site import Site, running
from browser.takeout_page import leave_out, ready
from browser.wheel import CHECKOUT

IMAGES = CHECKOUT / "docs" / "images"
VARIABLE = "TAKEOUT_PICTURES"

pytestmark = pytest.mark.skipif(not os.environ.get(VARIABLE), reason=f"set {VARIABLE}=1 to take pictures anew")


@pytest.fixture(scope="module")
def large(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("large") / "ada"
    write_large_home(home)
    with running(home, tmp_path_factory.mktemp("server"), data=installed) as site:
        yield site


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_page(page: Page, large: Site, colours: str) -> None:
    page.emulate_media(color_scheme="dark" if colours == "dark" else "light")
    page.goto(large.address("takeout/?path="))
    ready(page)
    leave_out(page, "scratch/")
    page.set_viewport_size({"width": 1100, "height": 1180})
    page.evaluate("scrollTo(0, 0)")
    IMAGES.mkdir(exist_ok=True)
    page.screenshot(path=IMAGES / f"takeout-page-{colours}.png")


CLIPS: dict[str, FloatRect] = {
    "jupyterlab": {"x": 0, "y": 0, "width": 640, "height": 300},
    "notebook": {"x": 0, "y": 0, "width": 1000, "height": 320},
    "nbclassic": {"x": 0, "y": 70, "width": 1000, "height": 340},
}
"""What of each front end is shown: not its news."""


@pytest.mark.parametrize("front_end", OPEN)
def test_the_buttons(page: Page, large: Site, front_end: str) -> None:
    page.set_viewport_size({"width": 1000, "height": 420})
    button = OPEN[front_end](page, large, "")
    button.hover()
    expect(button).to_be_visible()
    IMAGES.mkdir(exist_ok=True)
    page.screenshot(path=IMAGES / f"button-{front_end}.png", clip=CLIPS[front_end])
