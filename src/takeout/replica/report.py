"""``REPORT.md``: every change with its reason, every action, every mention that stays, every fault."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from takeout.adapt.nets.finding import Finding
from takeout.adapt.rule import Action, Change, Keep, Rule
from takeout.errors import Fault
from takeout.replica.lock import text_difference
from takeout.replica.markdown import code, fence, indent, plural, wrap
from takeout.replica.model import LOCAL, Replica
from takeout.replica.options import format_storage
from takeout.replica.shorten import shown
from takeout.values.path import Path, format_path


def report(replica: Replica, rules: Iterable[Rule], label: str) -> str:
    """Return the report on ``replica``; surprises come first where there are any."""
    known = frozenset(secret.path for secret in replica.secrets)
    by_id = {rule.id: rule for rule in rules}
    sections = [
        _summary(replica, label),
        _surprises(replica.surprises),
        _actions(replica.adaptation.actions),
        _changes(replica, by_id, known),
        _keeps(replica.adaptation.keeps),
        _faults(replica.faults),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _summary(replica: Replica, label: str) -> str:
    context = replica.context
    chart = replica.layout.jupyterhub
    lock_source = replica.lock.get("source")
    revision = lock_source.get("revision", "") if isinstance(lock_source, dict) else ""
    lines = [
        f"# What was changed in {replica.id}, and why",
        "",
        f"- Source: {code(label)}" if label else "- Source: values that were handed over",
        *([f"- Commit: {code(revision)}"] if revision else []),
        f"- Chart: {chart.chart} {chart.version} from <{chart.repository}>",
        *(
            f"- Companion: {c.name} {c.version} from {_repository(c.repository)}"
            for c in replica.layout.companions
        ),
        f"- Target: {context.target.title or context.target.name}",
        f"- Address: {code(context.options.host)}"
        + ("" if context.options.domain else " (a placeholder: choose one)"),
        f"- Homes: {code(format_storage(context.options.storage))}",
        _result(replica),
    ]
    return "\n".join(lines)


def _result(replica: Replica) -> str:
    adaptation = replica.adaptation
    return (
        f"- Result: {plural(len(adaptation.changes), 'change')}, {plural(len(adaptation.actions), 'action')} for "
        f"a person, {plural(len(adaptation.keeps), 'mention')} kept, {plural(len(replica.surprises), 'surprise')}"
    )


def _repository(repository: str) -> str:
    return f"<{repository}>" if repository else "`charts/` in this directory"


def _surprises(surprises: Sequence[Finding]) -> str:
    if not surprises:
        return ""
    text = "No rule made these good and no action names them. Look at each before you install."
    lines = [f"- **{finding.net}**: {finding.message}" for finding in surprises]
    return "\n".join(["## Surprises", "", text, "", *lines])


def _actions(actions: Sequence[Action]) -> str:
    if not actions:
        return ""
    lines = [f"- {'**blocking** ' if a.blocking else ''}{a.title} ({code(a.id)}, rule {a.rule})" for a in actions]
    return "\n".join(["## Actions", "", "What only a person can do; README.md has the steps.", "", *lines])


def _changes(replica: Replica, rules: dict[str, Rule], known: frozenset[Path]) -> str:
    if not replica.adaptation.changes:
        return "## Changes\n\nNone: no rule found anything to change."
    parts = ["## Changes"]
    for rule_id, group in groupby(replica.adaptation.changes, key=lambda change: change.rule):
        rule = rules.get(rule_id)
        parts.append(f"### {rule_id} {rule.title if rule else ''}".rstrip())
        if rule:
            parts.append(wrap(f"Without it: {rule.why}\n\nKnown from <{rule.source}>. Safety: {rule.safety}."))
        parts.append("\n".join(_change(change, replica, rule, known) for change in group))
    return "\n\n".join(parts)


def _change(change: Change, replica: Replica, rule: Rule | None, known: frozenset[Path]) -> str:
    path = replica.layout.outer(change.path)
    before, after = shown(path, change.before, known), shown(path, change.after, known)
    lines = text_difference(change.before, change.after, path, known)
    if change.kind == "removed":
        text = f"- {code(format_path(path))} removed, was {code(before)}"
    elif change.before is None:
        text = f"- {code(format_path(path))} set to {code(after)}"
    elif lines:
        text = f"- {code(format_path(path))} edited"
    else:
        text = f"- {code(format_path(path))}: {code(before)} → {code(after)}"
    if change.why and not (rule and change.why == rule.title):
        text += f"\n  ({change.why})"
    return text + ("\n\n" + indent(fence(lines, "diff")) + "\n" if lines else "")


def _keeps(keeps: Sequence[Keep]) -> str:
    if not keeps:
        return ""
    lines = []
    for keep in dict.fromkeys(keeps):
        place = f" at {code(keep.cover.path)}" if keep.cover.path else ""
        rule = f", rule {keep.rule}" if keep.rule else ""
        lines.append(f"- {code(keep.cover.subject)}{place} ({keep.cover.net}{rule}): {keep.reason}")
    return "\n".join(["## Kept, and why", "", *lines])


def _faults(faults: Sequence[Fault]) -> str:
    if not faults:
        return ""
    text = f"None of these stops the replica. Where one matters, mend it in {LOCAL}."
    lines = [f"- {_where(fault)}: {fault.message}{_hint(fault)}" for fault in faults]
    return "\n".join(["## Faults in the source", "", text, "", *lines])


def _hint(fault: Fault) -> str:
    return f". {fault.hint[0].upper()}{fault.hint[1:]}" if fault.hint else ""


def _where(fault: Fault) -> str:
    return code(str(fault.where)) if str(fault.where) else code(fault.code)
