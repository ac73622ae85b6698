"""Open the three front ends, and find their buttons."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from browser.site import Site


def open_lab(page: Page, site: Site, folder: str = "") -> Locator:
    page.goto(site.address(f"lab/tree/{folder}?reset" if folder else "lab?reset"))
    return _ready(page, folder)


def open_notebook(page: Page, site: Site, folder: str = "") -> Locator:
    page.goto(site.address(f"tree/{folder}"))
    return _ready(page, folder)


def open_nbclassic(page: Page, site: Site, folder: str = "") -> Locator:
    page.goto(site.address(f"nbclassic/tree/{folder}"))
    expect(page.locator(".list_item").first).to_be_visible()
    return page.get_by_role("button", name="Download Directory")


OPEN: dict[str, Callable[[Page, Site, str], Locator]] = {
    "jupyterlab": open_lab,
    "notebook": open_notebook,
    "nbclassic": open_nbclassic,
}
"""Each opens a folder and returns the button."""


def dialog(page: Page) -> Locator:
    """Return the front end's dialog, whichever it is."""
    return page.locator(".jp-Dialog-content, .modal-dialog")


def folder_item(page: Page, name: str) -> Locator:
    return page.locator('.jp-DirListing-item[data-isdir="true"]').filter(has_text=name)


def menu_item(page: Page) -> Locator:
    return page.locator('.lm-Menu-item[data-command="takeout:download-directory"]')


def _ready(page: Page, folder: str) -> Locator:
    expect(page.locator(".jp-DirListing-item").first).to_be_visible()
    expect(page.locator(".jp-FileBrowser .jp-BreadCrumbs").first).to_contain_text(folder)
    return page.locator('.jp-FileBrowser-toolbar [data-jp-item-name="takeout"] .jp-ToolbarButtonComponent')
