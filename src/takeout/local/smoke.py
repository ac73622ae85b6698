"""The smoke test of a hub: what a person does on the first day, step by step.

It takes an address, a name and a password and knows nothing of where the hub runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeVar

import httpx

from takeout.local.browser import Browser, StepError
from takeout.progress import Progress, silent

CODE = "import os\nprint('sum', sum(range(1000)), os.environ.get('JUPYTERHUB_USER', ''))"
START_SECONDS = 300.0
CELL_SECONDS = 60.0
STOP_SECONDS = 60.0

Which = Literal["all", "first"]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Step:
    """What one step came to.

    Attributes:
        name: The step, with the profile where it has one.
        ok: Whether it held.
        note: What was seen, or what went wrong.
        seconds: How long it took.
    """

    name: str
    ok: bool
    note: str
    seconds: float


class StopError(Exception):
    """A step failed that the others need."""


def smoke(
    url: str,
    user: str,
    password: str,
    *,
    which: Which = "all",
    start_seconds: float = START_SECONDS,
    progress: Progress = silent,
) -> list[Step]:
    """Log in, open the form, start each profile, run a cell, stop; return what each step came to.

    Args:
        url: The hub's address.
        user: A user.
        password: The password.
        which: Every profile, or the first alone.
        start_seconds: How long a server may take to start.
        progress: Told about each profile.
    """
    steps: list[Step] = []
    with Browser(url, user) as browser:
        try:
            do(steps, "log in", lambda: browser.log_in(password), lambda _: f"as {user}")
            offered = do(steps, "profile form", browser.profiles, _offered)
        except StopError:
            return steps
        chosen: Iterable[str] = offered[:1] if which == "first" else offered
        wanted = list(chosen) or [""]
        for number, profile in enumerate(wanted):
            progress("profiles", number, len(wanted))
            one_profile(steps, browser, profile, user, start_seconds)
        progress("profiles", len(wanted), len(wanted))
    return steps


def held(steps: Iterable[Step]) -> bool:
    """Whether every step held."""
    return all(step.ok for step in steps)


def one_profile(steps: list[Step], browser: Browser, profile: str, user: str, start_seconds: float) -> None:
    """Start one profile, run a cell, stop; what failed does not keep the next profile from its turn."""
    of = f" ({profile})" if profile else ""
    try:
        do(steps, f"start{of}", lambda: browser.start(profile, start_seconds), lambda _: "the server answers")
        do(steps, f"cell{of}", lambda: _cell(browser, user))
    except StopError:
        pass
    try:
        do(steps, f"stop{of}", lambda: browser.stop(STOP_SECONDS), lambda _: "the server is gone")
    except StopError:
        return


def _cell(browser: Browser, user: str) -> str:
    printed = browser.run_cell(CODE, CELL_SECONDS).strip()
    expected = f"sum {sum(range(1000))} {user}"
    if printed != expected:
        raise StepError(f"the cell printed {printed!r}, not {expected!r}")
    return printed


def _offered(profiles: list[str]) -> str:
    return f"{len(profiles)} offered: {', '.join(profiles)}" if profiles else "there is none: one way to start"


def do(steps: list[Step], name: str, work: Callable[[], _T], say: Callable[[_T], str] = str) -> _T:
    """Do a step, note what it came to, and return its result.

    Raises:
        StopError: When it failed.
    """
    began = time.monotonic()
    try:
        result = work()
    except (StepError, httpx.HTTPError) as error:
        note = str(error) or type(error).__name__
        steps.append(Step(name, ok=False, note=note, seconds=time.monotonic() - began))
        raise StopError from error
    steps.append(Step(name, ok=True, note=say(result), seconds=time.monotonic() - began))
    return result
