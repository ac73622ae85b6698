"""What a command prints: one result on standard output, everything else on standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from takeout.errors import AmbiguousHubError, TakeoutError, UnknownHubError, ValuesError
from takeout.progress import Progress, silent

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

MOST_NAMES = 20
"""How many hubs or faults an error lists before it only counts the rest."""

_COLOURS = {"bold": "1", "red": "31", "green": "32", "yellow": "33", "dim": "2"}


class Output:
    """Where a command prints.

    Args:
        json: Print one JSON document on standard output and nothing else there.
        quiet: Print no messages and no progress.
    """

    def __init__(self, *, json: bool, quiet: bool) -> None:
        self.json = json
        self.quiet = quiet

    def result(self, document: Mapping[str, object], text: str) -> None:
        """Print what the command was asked for: ``document`` with ``--json``, else ``text``."""
        if self.json:
            is_unicode = (sys.stdout.encoding or "").lower().startswith("utf")
            text = json.dumps(document, indent=2, ensure_ascii=not is_unicode, default=str)
            _write(sys.stdout, text + "\n")
        elif text:
            _write(sys.stdout, text.rstrip("\n") + "\n")

    def message(self, text: str) -> None:
        """Tell a person something beside the result."""
        if not self.quiet:
            _write(sys.stderr, text + "\n")

    def error(self, error: TakeoutError) -> None:
        """Print why the command failed: message, place, hint and what else the error carries."""
        if self.json:
            self.result(error.to_json(), "")
            return
        lines = [f"{self.paint('error:', 'red')} {error.message}"]
        if error.where and str(error.where):
            lines.append(f"  where: {error.where}")
        lines += [f"  {line}" for line in _details(error)]
        if error.hint:
            lines.append(f"  hint: {error.hint}")
        _write(sys.stderr, "\n".join(lines) + "\n")

    def paint(self, text: str, colour: str, stream: TextIO | None = None) -> str:
        """Return ``text`` in colour where ``stream`` (standard error by default) is a terminal."""
        if os.environ.get("NO_COLOR") or not _is_terminal(stream or sys.stderr):
            return text
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m"

    @contextmanager
    def progress(self, *, transfer: bool = False) -> Iterator[Progress]:
        """Give a callback that draws bars on a terminal and is silent elsewhere.

        Args:
            transfer: Whether the units are bytes; then the rate and the time left are shown.
        """
        if self.quiet or self.json or not _is_terminal(sys.stderr):
            yield silent
            return
        from rich import progress as rich
        from rich.console import Console

        columns = rich.Progress.get_default_columns()
        if transfer:
            columns = (*columns[:2], rich.DownloadColumn(), rich.TransferSpeedColumn(), rich.TimeRemainingColumn())
        with rich.Progress(*columns, console=Console(stderr=True), transient=True) as bars:
            yield _Bars(bars)

    def flush(self) -> None:
        """Hand over what is buffered, so that a reader who left is noticed here and not at exit."""
        for stream in (sys.stdout, sys.stderr):
            _write(stream, "")


class _Bars:
    """One bar for each step, as rich draws them."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, step: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` units of ``step`` are finished."""
        if step not in self._tasks:
            self._tasks[step] = self._bars.add_task(step, total=total or None)
        self._bars.update(self._tasks[step], completed=done, total=total or None)


def _details(error: TakeoutError) -> list[str]:
    match error:
        case UnknownHubError(nearest=names) if names:
            return ["nearest:", *_some(names)]
        case AmbiguousHubError(matches=names):
            return ["matches:", *_some(names)]
        case ValuesError(faults=faults) if len(faults) > 1:
            return ["also:", *_some([str(fault) for fault in faults[1:]])]
    return []


def _some(names: tuple[str, ...] | list[str]) -> list[str]:
    more = len(names) - MOST_NAMES
    return [f"  {name}" for name in names[:MOST_NAMES]] + ([f"  and {more} more"] if more > 0 else [])


def _is_terminal(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def _write(stream: TextIO, text: str) -> None:
    """Write and flush; a reader who left (``| head``) is no error, and what follows goes nowhere."""
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
