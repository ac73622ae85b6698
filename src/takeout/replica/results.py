"""What a check came to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from takeout.errors import Fault

Status = Literal["ok", "found", "open", "not done"]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check came to.

    Attributes:
        name: The check.
        status: ``ok``; ``found`` something wrong; ``open``: something is left to a person; ``not done``.
        items: What was found, or is open, a sentence each.
        note: What was looked at, or why it was not done.
    """

    name: str
    status: Status
    items: tuple[str, ...] = ()
    note: str = ""


def done(name: str, note: str = "") -> CheckResult:
    """Return the result of a check that found nothing."""
    return CheckResult(name, "ok", note=note)


def not_done(name: str, why: str) -> CheckResult:
    """Return the result of a check that could not be done."""
    return CheckResult(name, "not done", note=why)


def still_open(name: str, items: Iterable[str], note: str = "") -> CheckResult:
    """Return what is left to a person; nothing is as good as done."""
    items = tuple(items)
    return CheckResult(name, "open" if items else "ok", items, note)


def of_faults(name: str, faults: Iterable[Fault], note: str = "") -> CheckResult:
    """Return ``found`` with every fault, its place and its mend; ``ok`` where there are none."""
    items = tuple(dict.fromkeys(f"{fault}{f' ({fault.hint})' if fault.hint else ''}" for fault in faults))
    return CheckResult(name, "found" if items else "ok", items, note)
