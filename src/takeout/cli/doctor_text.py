"""A diagnosis as text and as data."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from takeout.cluster.doctor.diagnose import Diagnosed
from takeout.cluster.doctor.snapshot import Snapshot
from takeout.values.path import parse_path

_WIDTH = 100


def diagnosis_text(snapshot: Snapshot, diagnosis: Sequence[Diagnosed], *, directory: Path | None) -> str:
    """Return what is wrong, in words: the most likely cause first, its consequences below it."""
    facts = snapshot.facts
    chart = f", {facts.chart} {facts.chart_version}, revision {facts.revision}" if facts.chart else ""
    lines = [f"{facts.release or 'the hub'} in the namespace {snapshot.namespace}{chart}"]
    if not diagnosis:
        return "\n".join([*lines, f"Nothing is found wrong: {_looked(snapshot)}."])
    for number, diagnosed in enumerate(diagnosis, 1):
        lines += ["", *_one(diagnosed, str(number), directory)]
    return "\n".join(lines)


def diagnosis_json(snapshot: Snapshot, diagnosis: Sequence[Diagnosed]) -> dict[str, object]:
    """Return the same as data."""
    facts = snapshot.facts
    return {
        "hub": {
            "namespace": snapshot.namespace,
            "release": facts.release,
            "chart": facts.chart,
            "version": facts.chart_version,
            "revision": facts.revision,
            "status": facts.status,
            "address": facts.address,
        },
        "healthy": not diagnosis,
        "findings": [_to_json(diagnosed) for diagnosed in diagnosis],
        "unread": [{"what": unread.what, "why": unread.why} for unread in snapshot.unread],
    }


def _one(diagnosed: Diagnosed, number: str, directory: Path | None) -> Iterator[str]:
    finding = diagnosed.finding
    doubt = {"sure": "", "likely": " (likely)", "possible": " (possibly)"}[finding.certainty]
    title = f"{finding.message[:1].upper()}{finding.message[1:]}{doubt}"
    yield from _filled(title, f"{number}. {diagnosed.condition.id}  ", "   ")
    for item in finding.evidence:
        yield from _filled(item.text, f"     {item.where}: ", "       ")
    yield from _filled(finding.mend, "   mend: ", "     ")
    if finding.values:
        yield from _values(finding.values, directory)
    for command in finding.commands:
        yield f"     $ {command}"
    if diagnosed.consequences:
        yield "   because of it:"
        for consequence in (below for each in diagnosed.consequences for below in each.walk()):
            said = consequence.finding.message
            yield from _filled(said, f"     {consequence.condition.id}  ", "          ")


def _values(values: Sequence[tuple[str, object]], directory: Path | None) -> Iterator[str]:
    """Yield the values to set, as YAML that can be pasted; a null takes a value out."""
    document: dict[str, object] = {}
    for path, value in values:
        place = document
        *parents, last = (str(step) for step in parse_path(path))
        for step in parents:
            found = place.setdefault(step, {})
            place = found if isinstance(found, dict) else place
        place[last] = value
    file = f"{directory}/local.values.yaml" if directory else "the values that you give Helm"
    yield f"     in {file}:"
    for line in yaml.safe_dump(document, sort_keys=False, allow_unicode=True).splitlines():
        yield f"       {line}"
    again = f"takeout hub deploy {directory}" if directory else "helm upgrade …"
    yield f"     then `{again}`"


def _filled(text: str, first: str, then: str) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=then,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _looked(snapshot: Snapshot) -> str:
    answers = [f"{probe.what} answers" for probe in snapshot.probes if probe.is_hub]
    running = len(snapshot.pods_of("singleuser-server"))
    return ", ".join([f"{len(snapshot.pods)} pods, {running} of them users' servers", *answers])


def _to_json(diagnosed: Diagnosed) -> dict[str, object]:
    finding = diagnosed.finding
    return {
        "id": diagnosed.condition.id,
        "title": diagnosed.condition.title,
        "subject": finding.subject,
        "message": finding.message,
        "certainty": finding.certainty,
        "evidence": [{"kind": e.kind, "where": e.where, "text": e.text} for e in finding.evidence],
        "mend": finding.mend,
        "commands": list(finding.commands),
        "values": dict(finding.values),
        "source": diagnosed.condition.source,
        "consequences": [_to_json(consequence) for consequence in diagnosed.consequences],
    }
