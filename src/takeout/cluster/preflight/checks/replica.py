"""What can be seen in the replica itself."""

from __future__ import annotations

from collections.abc import Iterator

from takeout.cluster.preflight.check import Check, Problem, Subject
from takeout.replica.closing import closing_checks
from takeout.replica.model import README, SECRETS
from takeout.values.path import format_path, parse_path


def placeholders(subject: Subject) -> Iterator[Problem]:
    """Yield what is still to be filled in."""
    files = subject.plan.files
    idle = {format_path(parse_path(item["path"])) for item in files.lock["secrets"] if not item["blocking"]}
    results = {result.name: result.items for result in closing_checks(files)}
    for item in (*results["secrets"], *results["placeholders"]):
        blocking = not any(f"{path} is to be filled in" in item for path in idle)
        yield Problem(item, f"see {files.directory / README}, and fill it in", blocking=blocking)


def domain(subject: Subject) -> Iterator[Problem]:
    """Yield that no domain was chosen."""
    plan = subject.plan
    if not plan.context.options.domain:
        yield Problem(
            f"the replica has no domain yet: {plan.context.options.host} stands in its place",
            f"takeout hub replicate … --to {plan.files.directory} --domain YOUR-DOMAIN",
            blocking=False,
        )


def schema(subject: Subject) -> Iterator[Problem]:
    """Yield what the chart's schema refuses."""
    for fault in subject.plan.chart.validate(subject.plan.files.merged):
        yield Problem(str(fault), fault.hint, blocking=fault.code != "ignored")


def actions(subject: Subject) -> Iterator[Problem]:
    """Yield what only a person can do, and has not ticked."""
    files = subject.plan.files
    listed = next(result for result in closing_checks(files) if result.name == "actions")
    for item in listed.items:
        if item.startswith("blocking: "):
            yield Problem(
                f"still to do: {item.removeprefix('blocking: ')}",
                f"do it as {files.directory / README} says, and tick it there",
                blocking=False,
            )


CHECKS = (
    Check("secrets", f"{SECRETS} and the values are filled in", placeholders),
    Check("domain", "the replica has a domain of its own", domain),
    Check("actions", "what must be done by hand is done", actions),
    Check("schema", "the chart takes the values", schema),
)
