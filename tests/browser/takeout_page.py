"""Work with the takeout page as a person does."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect


def ready(page: Page) -> Locator:
    """Wait until the page knows what is there; return its link."""
    link = page.locator("#download")
    expect(link).to_have_attribute("aria-disabled", "false")
    return link


def promised_bytes(page: Page) -> int:
    """Return the size that the page promises."""
    text = page.locator("#result").inner_text()
    match = re.search(r"exactly ([\d,]+) bytes", text)
    assert match, text
    return int(match[1].replace(",", ""))


def leave_out(page: Page, name: str) -> None:
    """Take the tick from a part in the table, and wait until the size is that of the rest."""
    before = promised_bytes(page)
    page.get_by_label(f"Take {name} along").uncheck()
    expect(page.locator("#result")).not_to_contain_text(f"{before:,} bytes")
    ready(page)


def download(page: Page, target: Path) -> Path:
    """Follow the link; return the file, once the browser has it."""
    with page.expect_download() as begun:
        ready(page).click()
    begun.value.save_as(target)
    return target
