"""Results as plain text for a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # each command imports what it needs itself
    from takeout.adapt.rule import Rule
    from takeout.replica.explain import Explanation
    from takeout.replica.images import ImageList
    from takeout.replica.replicate import Outcome
    from takeout.replica.results import CheckResult
    from takeout.source.model import HubEntry


def table(rows: Iterable[Sequence[str]], *, gap: str = "  ") -> str:
    """Return rows as aligned columns; the last column is as long as it likes."""
    listed = [list(row) for row in rows]
    if not listed:
        return ""
    widths = [max(len(row[i]) for row in listed) for i in range(len(listed[0]))]
    return "\n".join(
        gap.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in listed
    )


def hubs_text(hubs: Sequence[HubEntry]) -> str:
    """Return hubs as a table: name, address, title."""
    return table([(hub.id, hub.domain or "-", hub.title) for hub in hubs])


def rules_text(rules: Sequence[Rule]) -> str:
    """Return rules as a table: id, safety, title."""
    return table([(rule.id, rule.safety, rule.title) for rule in rules])


def rule_text(rule: Rule) -> str:
    """Return a rule with its reason, its source and its cases."""
    lines = [f"{rule.id}  {rule.title}", "", f"without it: {rule.why}", f"known from: {rule.source}"]
    lines.append(f"safety:     {rule.safety}")
    for case in rule.cases:
        lines += ["", f"case: {case.name}", *_block("given", case.given)]
        lines += _block("gives", case.expect) if case.expect is not None else ["  is left alone"]
    return "\n".join(lines)


def _block(title: str, text: str) -> list[str]:
    body = [f"    {line}".rstrip() for line in text.strip("\n").splitlines()]
    return [f"  {title}:", *(body or ["    (nothing)"])]


def outcome_text(outcome: Outcome) -> str:
    """Return what was written for one hub."""
    assert outcome.written is not None  # noqa: S101 - failures are shown as errors
    assert outcome.replica is not None  # noqa: S101
    written, replica = outcome.written, outcome.replica
    rows = [("created", name) for name in written.created] + [("updated", name) for name in written.updated]
    rows += [("removed", name) for name in written.removed]
    lines = [table(rows)] if rows else ["nothing changed"]
    adaptation = replica.adaptation
    blocking = sum(action.blocking for action in adaptation.actions)
    lines.append(
        f"{outcome.entry.id}: {len(adaptation.changes)} changes, {len(adaptation.actions)} actions "
        f"({blocking} before anybody can log in), {len(replica.surprises)} surprises"
    )
    return "\n".join(lines)


def outcome_messages(outcome: Outcome) -> list[str]:
    """Return what a person must know of one hub beside the result."""
    if outcome.written is None or outcome.replica is None:
        return [f"{outcome.entry.id}: {outcome.error}"] if outcome.error else []
    written, replica = outcome.written, outcome.replica
    lines = [
        f"{name} was edited and is left alone; the new version is {beside}"
        for name, beside in written.beside.items()
    ]
    lines += [f"{name} is not needed any more, but was edited and is left alone" for name in written.abandoned]
    if written.relaid:
        where = "below jupyterhub:" if replica.layout.umbrella else "at the top, no more below jupyterhub:"
        lines.append(f"z2jh's values stand {where} now; secrets.yaml follows, local.values.yaml you must change")
    lines += [f"secrets.yaml: added {path}" for path in written.secrets_added if not written.created]
    lines += [
        f"local.values.yaml hides a change of {item.path}: {item.before or '(nothing)'} became "
        f"{item.after or '(nothing)'}, you have {item.local}"
        for item in written.hidden
    ]
    lines += [f"surprise ({finding.net}): {finding.message}" for finding in replica.surprises]
    return lines


def explanations_text(stories: Sequence[Explanation]) -> str:
    """Return the stories: each writer on a line, the one that counts first."""
    return "\n\n".join("\n".join(_story(story)) for story in stories)


def brief_text(stories: Sequence[Explanation]) -> str:
    """Return one line a story: path, value, who wrote it."""
    return table(
        [(story.path, "(removed)" if story.removed else story.value, story.writers[0].place) for story in stories]
    )


def _story(story: Explanation) -> list[str]:
    head = f"{story.path} (removed)" if story.removed else f"{story.path} = {story.value}"
    lines = [head]
    for number, writer in enumerate(story.writers):
        verb = ("removed by" if story.removed else "from") if number == 0 else "was"
        parts = [verb, "" if writer.layer == "before" else writer.place, writer.value if number else ""]
        line = "  " + " ".join(part for part in parts if part)
        lines.append(line + (f" because: {writer.why}" if writer.why else ""))
    lines += [f"  rule {rule}: {why}" for rule, why in story.rules]
    return lines


def summary_text(outcomes: Sequence[Outcome]) -> str:
    """Return what became of every hub of a source: a table, and one line for them all."""
    rows = []
    for outcome in outcomes:
        if outcome.replica is None:
            rows.append((outcome.entry.id, "failed", outcome.error.message if outcome.error else ""))
            continue
        adaptation, surprises = outcome.replica.adaptation, len(outcome.replica.surprises)
        state = "closed" if outcome.replica.closed else f"{surprises} surprise{'s' if surprises > 1 else ''}"
        rows.append(
            (outcome.entry.id, state, f"{len(adaptation.changes)} changes, {len(adaptation.actions)} actions")
        )
    failed = sum(outcome.error is not None for outcome in outcomes)
    closed = sum(outcome.replica is not None and outcome.replica.closed for outcome in outcomes)
    changed = sum(outcome.written is not None and outcome.written.changed for outcome in outcomes)
    total = f"{len(outcomes)} hubs: {closed} closed, {failed} failed; {changed} replicas written or changed"
    return table(rows) + "\n" + total


def check_text(results: Sequence[CheckResult]) -> str:
    """Return the checks as a table, each with what was found below it."""
    width = max(len(result.name) for result in results)
    lines = []
    for result in results:
        count = f"{len(result.items)} " if result.items else ""
        lines.append(f"{result.name.ljust(width)}  {(count + result.status).ljust(9)}  {result.note}".rstrip())
        lines += [f"{' ' * width}    - {item}" for item in result.items]
    return "\n".join(lines)


def images_text(listed: ImageList) -> str:
    """Return the images with their places; with a mirror also the commands and the values."""
    lines = []
    for image in listed.images:
        lines += [str(image.use.image), *(f"  {place}" for place in image.use.places)]
    commands = [image.copy_command for image in listed.images if image.copy_command]
    if commands:
        lines += ["", "# copy them", *commands]
    if listed.override:
        lines += ["", listed.override]
    return "\n".join(lines)
