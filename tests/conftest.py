"""What every test may ask for."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from takeout.chart.called import call_it_helm

_CHECKOUT = Path(__file__).resolve().parent.parent

# Strategies and other helpers beside the tests are imported by their folder, such as ``values.strategies``.
sys.path.append(str(_CHECKOUT / "tests"))

settings.register_profile("dev", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
# More cases, and the same ones each time: the gate must not fail by luck, nor pass by it.
settings.register_profile(
    "ci", max_examples=400, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

# A shell has what it starts in the background ignore Ctrl-C, and so would every program that a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Helm's library takes the program's name as it is loaded, and some tests load it as they are collected. They all
# have to write to a cluster by one name.
call_it_helm()


@pytest.fixture(scope="module", autouse=True)
def _nothing_left_open() -> Iterator[None]:
    """Have what a file's tests left open fail in that file, not in whichever test Python happens to find it."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def snapshot() -> Path:
    """The directory of a real infrastructure repository, beside the checkout."""
    path = _CHECKOUT.parent / "shared" / "infrastructure"
    if not (path / "config" / "clusters").is_dir():
        pytest.skip("there is no snapshot of a real infrastructure repository in ../shared/infrastructure")
    return path
