"""The TypeScript's own checks: compiler, linter, formatter, unit tests."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

LABEXTENSION = Path(__file__).resolve().parent.parent.parent / "labextension"


@pytest.mark.parametrize("script", ["lint", "check-format", "test"])
def test_npm_run(script: str) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("there is no npm")
    if not (LABEXTENSION / "node_modules").is_dir():
        pytest.skip("the packages are not installed: run python labextension/build.py")
    done = subprocess.run(
        [npm, "run", "--silent", script], cwd=LABEXTENSION, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
