"""From the button of each front end to a verified archive; and a line that breaks on the way."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="the browser is driven through the package playwright")

from playwright.sync_api import BrowserContext, Page, Playwright, expect

from browser.archives import differences
from browser.conftest import CHROMIUM_OPTIONS, PATIENCE_MILLISECONDS
from browser.cutting import breaking
from browser.front_ends import OPEN
from browser.site import Site
from browser.takeout_page import download, leave_out, promised_bytes, ready


@pytest.mark.parametrize("front_end", OPEN)
def test_click_leave_a_folder_out_download_and_verify(
    page: Page, site: Site, home: Path, tmp_path: Path, front_end: str
) -> None:
    button = OPEN[front_end](page, site, "")
    with page.expect_popup() as popup:
        button.click()
    takeout = popup.value
    ready(takeout)
    leave_out(takeout, "scratch/")
    promised = promised_bytes(takeout)

    archive = download(takeout, tmp_path / "ada.zip")

    assert archive.stat().st_size == promised
    assert differences(archive, home, without=frozenset({"scratch"})) == []
    expect(takeout.locator("#progress")).to_contain_text("are sent")


def test_the_picture_leaves_out_what_is_clicked(page: Page, site: Site, home: Path, tmp_path: Path) -> None:
    page.goto(site.address("takeout/?path="))
    ready(page)
    whole = promised_bytes(page)
    page.locator("#map g").filter(has_text="model-run.bin").locator("rect").click()
    expect(page.locator("#result")).not_to_contain_text(f"{whole:,} bytes")
    archive = download(page, tmp_path / "ada.zip")
    assert differences(archive, home, without=frozenset({"scratch/model-run.bin"})) == []


def test_a_folder_whose_name_is_not_text_is_taken(page: Page, site: Site, home: Path, tmp_path: Path) -> None:
    page.goto(site.address("takeout/?path=caf%E9"))
    ready(page)
    archive = download(page, tmp_path / "caf.zip")
    assert differences(archive, Path(os.fsdecode(os.fsencode(home) + b"/caf\xe9"))) == []


def test_a_download_cut_at_a_random_byte_is_resumed_by_the_browser(
    driver: Playwright, program: str, site: Site, home: Path, tmp_path: Path
) -> None:
    seed = random.randrange(1_000_000)  # noqa: S311 -- any byte will do; the message names it
    folder = tmp_path / "downloads"
    browser = driver.chromium.launch_persistent_context(
        tmp_path / "profile",
        executable_path=program,
        headless=True,
        args=list(CHROMIUM_OPTIONS),
        downloads_path=folder,
    )
    browser.set_default_timeout(PATIENCE_MILLISECONDS)
    cut = random.Random(seed).randrange(1_000, 5_000_000)  # noqa: S311
    with breaking(site.origin, [cut]) as line:
        page = browser.new_page()
        page.goto(site.address("takeout/?path=").replace(site.origin, line.origin))
        ready(page).click()
        expect(page.locator("#progress")).to_contain_text("MB")
        resume_in_the_list_of_downloads(browser)
        promised = promised_bytes(page)
        archive = finished(browser, folder)
        size, wrong = archive.stat().st_size, differences(archive, home)
        browser.close()

    first, second = line.ranges()
    begin = int(second.removeprefix("bytes=").rstrip("-"))
    assert (first, size, wrong) == ("", promised, []), f"seed {seed}: cut at {cut}, resumed with {second}"
    assert 0 < begin <= cut, f"seed {seed}: cut at {cut}, resumed with {second}"


def resume_in_the_list_of_downloads(browser: BrowserContext) -> None:
    downloads = browser.new_page()
    downloads.goto("chrome://downloads")
    item = downloads.locator("downloads-item").first
    expect(item).to_contain_text("Failed")
    item.get_by_role("button", name="More actions").click()
    downloads.get_by_role("menuitem", name="Resume").click()


def finished(browser: BrowserContext, folder: Path) -> Path:
    """Return the one file that the browser has written, once it has its final name."""
    downloads = next(page for page in browser.pages if page.url.startswith("chrome://downloads"))
    expect(downloads.locator("downloads-item progress, downloads-item cr-progress")).to_have_count(0)
    expect(downloads.locator("downloads-item").get_by_role("link").first).to_be_visible()
    (file,) = folder.iterdir()
    assert file.suffix != ".crdownload"
    return file
