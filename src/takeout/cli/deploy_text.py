"""What ``takeout hub deploy`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from takeout.cli.text import table

if TYPE_CHECKING:  # the command imports what it needs itself
    from takeout.cluster.deploy import Deployed
    from takeout.cluster.differ import Difference
    from takeout.cluster.dryrun import Tried
    from takeout.cluster.preflight.check import Checked
    from takeout.cluster.undeploy import Undeployed


def checked_json(results: Sequence[Checked]) -> list[dict[str, object]]:
    """Return what every check came to."""
    return [asdict(result) for result in results]


def checked_text(results: Sequence[Checked]) -> str:
    """Return every check in a line, and below it what was found, each with the mend."""
    lines = []
    width = max(len(result.status) for result in results)
    for result in results:
        note = f" ({result.note})" if result.note else ""
        lines.append(f"{result.status.ljust(width)}  {result.id}: {result.title}{note}")
        for problem in result.problems:
            lines.append(f"{' ' * width}  - {problem.what}")
            if problem.mend:
                lines.append(f"{' ' * width}    {problem.mend}")
    return "\n".join(lines)


def tried_json(tried: Sequence[Tried]) -> list[dict[str, object]]:
    """Return what the cluster says of every object."""
    return [asdict(item) for item in tried]


def tried_text(tried: Sequence[Tried]) -> str:
    """Return what the cluster says of every object, a line each."""
    return table([(item.change, item.object, item.message) for item in tried])


def difference_json(difference: Difference) -> dict[str, object]:
    """Return what would change."""
    return {**asdict(difference), "changed": bool(difference.values or difference.objects)}


def difference_text(difference: Difference) -> str:
    """Return what would change: values, then objects."""
    running = f"revision {difference.revision}" if difference.revision else "nothing: there is no release yet"
    lines = [f"against {running}"]
    for change in difference.values:
        before = "" if change.before is None else change.before
        after = "" if change.after is None else change.after
        if change.lines:
            lines += [f"value {change.path}", *(f"  {line}" for line in change.lines)]
        else:
            lines.append(f"value {change.path}: {before or '(nothing)'} -> {after or '(nothing)'}")
    for item in difference.objects:
        lines.append(f"{item.change} {item.object}")
        lines += [f"  {line}" for line in item.lines]
    if not difference.values and not difference.objects:
        lines.append("nothing would change")
    return "\n".join(lines)


def deployed_json(done: Deployed) -> dict[str, object]:
    """Return what the deployment came to."""
    return {**asdict(done), "seconds": round(done.seconds, 1)}


def deployed_text(done: Deployed, domain: str) -> str:
    """Return where the hub runs."""
    verb = "upgraded" if done.upgraded else "installed"
    where = f"https://{domain}" if domain else f"the service proxy-public in the namespace {done.namespace}"
    return f"{done.release} is {verb} and ready (revision {done.revision}, {done.seconds:.0f} s): {where}"


def undeployed_json(gone: Undeployed) -> dict[str, object]:
    """Return what was removed and what was kept."""
    return {"removed": list(gone.removed), "kept": list(gone.kept)}


def undeployed_text(gone: Undeployed) -> str:
    """Return what was removed and what was kept, a line each."""
    return table([("removed", item) for item in gone.removed] + [("kept", item) for item in gone.kept])
