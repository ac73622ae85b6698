"""What the README promises a newcomer: ``make run`` in a fresh clone ends with a hub in the browser."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="the browser is driven through the package playwright")

from playwright.sync_api import Page, expect

from browser.fresh_clone import STOP_SECONDS, Run, clone_into, making_run
from browser.takeout_page import download
from browser.wheel import CHECKOUT
from takeout.errors import NetworkError
from takeout.local.environment import ensure
from takeout.local.hub import marker_of
from takeout.local.processes import _carriers

IMAGES = CHECKOUT / "docs" / "images"
PICTURES = "TAKEOUT_PICTURES"
SERVER_MILLISECONDS = 180_000
"""A server starts in seconds, and in many more where other tests run beside it."""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory, program: str) -> Path:  # noqa: ARG001 - skip without a browser
    for needed in ("git", "make", "npm"):
        if shutil.which(needed) is None:
            pytest.skip(f"there is no {needed}")
    if not (CHECKOUT / ".git").exists():
        pytest.skip("this is no checkout: nothing can be cloned")
    try:
        ensure()
    except NetworkError as error:
        pytest.skip(f"the environment of a try is not set up, and there is no network: {error.message}")
    return clone_into(tmp_path_factory.mktemp("clone"))


@pytest.fixture(scope="module")
def run(clone: Path) -> Iterator[Run]:
    with making_run(clone) as run:
        yield run


def picture(page: Page, name: str) -> None:
    """Take a picture for the documentation where the environment asks for it."""
    if os.environ.get(PICTURES):
        page.set_viewport_size({"width": 1000, "height": 620})
        page.screenshot(path=IMAGES / f"{name}.png")


def left_of(clone: Path) -> list[int]:
    return list(_carriers(marker_of((clone / "replica" / ".takeout").resolve())))


def test_a_newcomer_logs_in_chooses_a_profile_and_takes_the_home_along(
    page: Page, run: Run, tmp_path: Path
) -> None:
    page.goto(run.url)
    page.fill("#username_input", "ada")
    page.fill("#password_input", run.password)
    page.click("#login_submit")

    expect(page.get_by_text("Others work on the same machine")).to_be_visible()
    picture(page, "try-profiles")
    page.get_by_role("radio").nth(1).check()
    page.get_by_role("button", name="Start").click()

    page.wait_for_url("**/user/ada/lab**", timeout=SERVER_MILLISECONDS)
    expect(page.locator(".jp-DirListing-item").filter(has_text="Welcome.ipynb")).to_be_visible()
    button = page.locator('.jp-FileBrowser-toolbar [data-jp-item-name="takeout"] .jp-ToolbarButtonComponent')
    if os.environ.get(PICTURES):
        page.get_by_role("button", name="No", exact=True).click()  # no news
        page.locator(".jp-DirListing-item").filter(has_text="Welcome.ipynb").dblclick()
        expect(page.get_by_role("heading", name="Your hub, on this machine")).to_be_visible()
        button.hover()
        picture(page, "try-jupyterlab")
    with page.expect_popup() as popup:
        button.click()
    archive = download(popup.value, tmp_path / "ada.zip")

    command = [run.clone / ".venv/bin/takeout", "home", "verify", archive]
    verified = subprocess.run(command, capture_output=True, text=True, check=False)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    (welcome,) = (run.clone / "replica/.takeout/volumes").rglob("Welcome.ipynb")
    with zipfile.ZipFile(archive) as opened:
        found = {Path(name).name: opened.read(name) for name in opened.namelist()}
    for file in (welcome, welcome.parent / "data/tides.csv"):
        assert found[file.name] == file.read_bytes()


def test_ctrl_c_ends_it_and_leaves_nothing(run: Run) -> None:
    assert left_of(run.clone)
    run.interrupt()
    deadline = time.monotonic() + STOP_SECONDS
    while left_of(run.clone) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left_of(run.clone) == []
    assert "stopped\n" in run.lines
