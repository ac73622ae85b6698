"""``takeout hub check --pods``: the pods of the original and of the replica, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from takeout.progress import Progress

if TYPE_CHECKING:  # help must not wait for what the command needs
    from takeout.local.comparison import Comparison, Difference, Pair
    from takeout.local.steps import Cause
    from takeout.replica.results import CheckResult

_MOST_KEYS = 3
_MOST_CHOICES = 4


@dataclass(frozen=True, slots=True)
class Compared:
    """What comparing came to.

    Attributes:
        result: The check.
        document: Everything, for ``--json``.
        text: Everything, for a person.
    """

    result: CheckResult
    document: dict[str, object]
    text: str


def compare_pods(directory: Path, source: str, *, offline: bool, progress: Progress) -> Compared:
    """Compare the pods of both sides; see ``takeout.local.compare``.

    Args:
        directory: The replica.
        source: Where its source is now; empty for where it was.
        offline: Whether the network must be left alone.
        progress: Told about each step.

    Raises:
        TakeoutError: When the source is gone, or the replica's configuration does not load.
    """
    from takeout.local.compare import compare
    from takeout.local.describe import Describer
    from takeout.local.environment import ensure
    from takeout.local.original import original
    from takeout.replica.files import read_files

    files = read_files(directory)
    configuration = original(files, source, offline=offline, progress=progress)
    environment = ensure(progress=progress)
    with Describer(environment) as describer:
        compared = compare(files, configuration, describer, environment.users, progress)
    return Compared(pods_result(compared), pods_json(compared), pods_text(compared))


def pods_result(compared: Comparison) -> CheckResult:
    """Return the comparison as one more check: a difference that nothing accounts for is found."""
    from takeout.replica.results import CheckResult

    unexplained = compared.unexplained
    items = [f"{_place(each)}: {_sides(each)}{_who(each)}" for each in unexplained]
    lost = [pair for pair in compared.pairs if pair.replica.pod is None and pair.original.pod is None]
    note = f"{len(compared.pairs)} pods on both sides, {len(compared.differences)} differences"
    note += f", {len(unexplained)} unexplained" if unexplained else ", each by a rule or a file of yours"
    if lost:
        note += f"; {len(lost)} choices give no pod on either side ({lost[0].replica.error})"
    return CheckResult("pods", "found" if items else "ok", tuple(items), note)


def pods_json(compared: Comparison) -> dict[str, object]:
    """Return both sides of every choice, and every difference with what made it."""
    return {
        "hub": compared.hub,
        "choices": [
            {
                "user": pair.user,
                "options": pair.options,
                "original": pair.original.pod,
                "original_error": pair.original.error or None,
                "replica": pair.replica.pod,
                "replica_error": pair.replica.error or None,
            }
            for pair in compared.pairs
        ],
        "differences": [
            {
                "path": each.path,
                "original": each.original or None,
                "replica": each.replica or None,
                "explained": each.explained,
                "causes": [
                    {"name": cause.name, "why": cause.why, "keys": list(cause.keys)} for cause in each.causes
                ],
                "choices": list(each.pairs),
            }
            for each in compared.differences
        ],
    }


def pods_text(compared: Comparison) -> str:
    """Return every difference: the place, both sides, what made it, and whose it is."""
    return "\n".join(line for each in compared.differences for line in _difference(each, compared.pairs))


def _difference(each: Difference, pairs: Sequence[Pair]) -> list[str]:
    lines = [_place(each), f"  original  {each.original or '-'}", f"  replica   {each.replica or '-'}"]
    lines += [f"  {_cause(cause)}" for cause in each.causes] or ["  nothing accounts for it"]
    return [*lines, f"  {_scope(each, pairs)}"]


def _place(each: Difference) -> str:
    return each.path or "the whole pod"


def _sides(each: Difference) -> str:
    return f"{each.original or 'nothing'} became {each.replica or 'nothing'}"


def _who(each: Difference) -> str:
    names = " and ".join(f"{cause.name} ({_keys(cause)})" for cause in each.causes)
    return f"; {names}: replicate again to see what was edited, or what changed" if names else ""


def _cause(cause: Cause) -> str:
    return f"{cause.name}  {cause.why}: {_keys(cause)}"


def _keys(cause: Cause) -> str:
    more = len(cause.keys) - _MOST_KEYS
    return ", ".join(cause.keys[:_MOST_KEYS]) + (f" and {more} more" if more > 0 else "")


def _scope(each: Difference, pairs: Sequence[Pair]) -> str:
    if len(each.pairs) == len(pairs):
        return f"in all {len(pairs)} pods"
    choices = list(dict.fromkeys(_choice(pairs[number]) for number in each.pairs))
    users = list(dict.fromkeys(pairs[number].user for number in each.pairs))
    more = len(choices) - _MOST_CHOICES
    names = "; ".join(choices[:_MOST_CHOICES]) + (f" and {more} more" if more > 0 else "")
    return f"in {len(each.pairs)} of {len(pairs)} pods, of {' and '.join(users)}: {names}"


def _choice(pair: Pair) -> str:
    parts = [value if key == "profile" else f"{key}={value}" for key, value in pair.options.items()]
    return ", ".join(parts) or "the only choice"
