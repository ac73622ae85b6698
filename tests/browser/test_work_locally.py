"""JupyterLab as ``takeout home work`` opens it: a notebook runs in the kernel that it names."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from takeout.workspace import DOCUMENT
from workspace.conftest import code, document, environ, environment, kernel, wheels, write_notebook

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["environ", "wheels"]
PREFIX = "/opt/conda/envs/ocean"
PATIENCE_SECONDS = 30


@pytest.fixture
def working(tmp_path: Path, environ: Mapping[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """What a person starts, and the address that it says."""
    home = tmp_path / "jovyan"
    write_notebook(
        home / "tide.ipynb", "ocean", [code("import os, tides\nprint(tides.VERSION, os.getpid())", ran=False)]
    )
    packages = [("tides", "1.0"), ("ipykernel", "7.0")]
    settings = {
        "file": "@jupyterlab/apputils-extension/themes.jupyterlab-settings",
        "text": '{"theme": "JupyterLab Dark"}',
    }
    about = document(
        environments=[environment(PREFIX, packages)],
        kernels=[kernel("ocean", PREFIX)],
        notebooks=[{"path": "tide.ipynb", "kernel": "ocean"}],
        jupyterlab={"settings": [settings], "extensions": []},
    )
    (home / DOCUMENT).write_text(json.dumps(about))
    # The JupyterLab in the environment is lent by the tests' own; its pages do not come with its modules.
    pages = {"JUPYTERLAB_DIR": str(Path(sys.prefix) / "share" / "jupyter" / "lab"), "HOME": str(tmp_path)}
    command = [sys.executable, "-m", "takeout", "home", "work", str(home), "--with", "uv", "--no-browser"]
    with (
        (tmp_path / "out").open("w") as out,
        subprocess.Popen(command, env={**environ, **pages}, stdout=out, stderr=-1, text=True) as process,
    ):
        assert process.stderr is not None
        said = (re.search(r"(http://127\.0\.0\.1:\d+/lab)(\?token=\w+)", line) for line in process.stderr)
        try:
            yield process, next((f"{found[1]}/tree/tide.ipynb{found[2]}" for found in said if found), "")
        finally:
            if process.poll() is None:
                process.terminate()


def is_running(state: Path) -> bool:
    """Whether a process runs; one whose parent ended may stay as a name for a while."""
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_notebook_runs_in_its_kernel_and_ctrl_c_ends_all(
    working: tuple[subprocess.Popen[str], str], page: Page
) -> None:
    process, address = working
    page.goto(address)
    expect(page.locator(".jp-Toolbar-kernelName")).to_have_text("Ocean")
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
    # A page that is loading loses keys; the button counts once the kernel waits for work.
    expect(page.locator(".jp-Notebook-ExecutionIndicator").first).to_have_attribute("data-status", "idle")
    page.locator('[data-jp-item-name="run"] .jp-ToolbarButtonComponent').first.click()
    output = page.locator(".jp-OutputArea-output pre").first
    expect(output).to_contain_text(re.compile(r"1\.0 \d+"))
    state = Path("/proc", (output.text_content() or "").split()[1], "stat")
    assert is_running(state)
    page.goto("about:blank")

    process.send_signal(signal.SIGINT)
    process.communicate()
    assert process.returncode == 0
    # The server asks its kernel to end, and the kernel does so in its own time.
    deadline = time.monotonic() + PATIENCE_SECONDS
    while is_running(state):
        assert time.monotonic() < deadline
        time.sleep(0.05)
