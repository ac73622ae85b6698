"""Run the command line in this process, as a user would."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.helpers import Result, Run
from takeout.cli import main

_CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("TAKEOUT_SOURCE", "TAKEOUT_CHARTS", "XDG_CACHE_HOME", "HELM_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str | Path) -> Result:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        return Result(code, captured.out, captured.err)

    return run


@pytest.fixture(scope="session")
def example() -> Path:
    return _CHECKOUT / "examples" / "infrastructure"
