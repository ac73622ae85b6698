"""Replicas of the example, and the environment in which they run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sockets import sockets_are_closed
from takeout.errors import NetworkError
from takeout.local.environment import Environment, ensure
from takeout.local.hub import marker_of
from takeout.local.processes import sweep
from takeout.replica.replicate import Wishes, replicate
from takeout.source import open_source
from takeout.source.query import resolve

__all__ = ["sockets_are_closed"]
_EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "infrastructure"
MakeReplica = Callable[..., Path]


@pytest.fixture(scope="session")
def environment() -> Environment:
    """The real environment of a try, in this user's cache; minutes the first time, then nothing."""
    try:
        return ensure()
    except NetworkError as error:
        pytest.skip(f"the environment of a try is not set up, and there is no network: {error.message}")


@pytest.fixture
def make_replica(tmp_path: Path) -> Iterator[MakeReplica]:
    made = []

    def make(hub: str = "lagoon/research", local: str = "") -> Path:
        source = open_source(str(_EXAMPLE), None)
        directory = tmp_path / hub.replace("/", "-")
        outcome = replicate(source, resolve(source.hubs(), hub), Wishes("hub.example.edu"), directory)
        assert outcome.error is None
        if local:
            (directory / "local.values.yaml").write_text(local)
        made.append(directory)
        return directory

    yield make
    for directory in made:
        left = sweep(marker_of((directory / ".takeout").resolve()))
        shutil.rmtree(directory, ignore_errors=True)
        assert left == 0, "a try left processes behind"


@pytest.fixture
def run_takeout() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line as a process, with this machine's cache and no chart at hand."""

    def run(*arguments: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "takeout", *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            env={key: value for key, value in os.environ.items() if key != "TAKEOUT_CHARTS"},
        )

    return run
