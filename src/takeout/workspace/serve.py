"""Stay beside a JupyterLab in a container: say where it is when it answers, and end it with Ctrl-C."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from takeout.workspace.start import Start

_PAUSE_SECONDS = 0.2
_ENDING_SECONDS = 20


def serve(start: Start, ready: Callable[[str], None]) -> int:
    """Run it until it ends, and return its exit code.

    Args:
        start: What to run; it has an address.
        ready: Called with the address once that answers.
    """
    with _signals_passed_on() as told, _running(start) as process:
        while process.poll() is None and not told and not _answers(start.url):
            time.sleep(_PAUSE_SECONDS)
        if process.poll() is None and not told:
            ready(start.url)
        while process.poll() is None and not told:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_PAUSE_SECONDS)
        if not told:
            return process.wait()
        # The engine passes a terminal's Ctrl-C on; a signal that came to this process alone it has not seen.
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.send_signal(signal.SIGINT)
            process.wait(_ENDING_SECONDS)
        return 0


@contextmanager
def _running(start: Start) -> Iterator[subprocess.Popen[bytes]]:
    """Run it, and leave neither the engine's program nor the container behind."""
    process = subprocess.Popen(  # noqa: S603 - our own words
        start.command, env=dict(start.environ), cwd=start.cwd, stdin=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            subprocess.run(start.stop, check=False, capture_output=True)  # noqa: S603 - our own words
            process.wait()


@contextmanager
def _signals_passed_on() -> Iterator[list[int]]:
    """Note signals in place of ending; what is ignored would be ignored by the program that is started, too."""
    told: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        told.append(number)

    before = {each: signal.signal(each, note) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield told
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _answers(url: str) -> bool:
    """Whether Jupyter answers; its version is told to everyone who asks."""
    place = url.partition("?")[0].rpartition("/")[0]
    try:
        with urllib.request.urlopen(f"{place}/api", timeout=5) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)  # noqa: PLR2004 - HTTP's OK
    except (OSError, ValueError):
        return False
