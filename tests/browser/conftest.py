"""A real Jupyter Server with JupyterLab, Notebook 7 and nbclassic, and a real browser in front of it."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from browser.homes import write_home
from browser.site import Site, running
from browser.wheel import build_wheel, data_of

FRONT_ENDS = ("jupyterlab", "notebook", "nbclassic")
PATIENCE_MILLISECONDS = 60_000
"""JupyterLab takes seconds to start, and many more where other tests run beside it."""
CHROMIUM_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this checkout."""
    if shutil.which("npm") is None:
        pytest.skip("there is no npm: the buttons of JupyterLab and Notebook cannot be built")
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's data files, laid out as an installation has them."""
    missing = [name for name in FRONT_ENDS if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    return data_of(wheel, tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home that the server shows; nobody writes to it."""
    path = tmp_path_factory.mktemp("home") / "ada"
    write_home(path)
    return path


@pytest.fixture(scope="session")
def site(installed: Path, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A running server, with Takeout."""
    with running(home, tmp_path_factory.mktemp("server"), data=installed) as site:
        yield site


@pytest.fixture(scope="session")
def program() -> str:
    """The browser: Debian's, or what the environment names."""
    found = os.environ.get("TAKEOUT_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("there is no chromium (on Debian: apt-get install chromium)")
    return found


@pytest.fixture(scope="module")
def driver() -> Iterator[Playwright]:
    """What drives browsers. Of one module, for it holds an event loop, which other modules want for themselves."""
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        api.expect.set_options(timeout=PATIENCE_MILLISECONDS)
        yield playwright


@pytest.fixture(scope="module")
def chromium(driver: Playwright, program: str) -> Iterator[Browser]:
    """A browser without a window, with an empty profile of its own."""
    browser = driver.chromium.launch(executable_path=program, headless=True, args=list(CHROMIUM_OPTIONS))
    yield browser
    browser.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser that has seen nothing yet."""
    context = chromium.new_context(accept_downloads=True, viewport={"width": 1280, "height": 860})
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A tab of it."""
    return context.new_page()
