"""What a net catches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from takeout.adapt.rule import Action, Cover, Keep, Net
from takeout.values.path import Path, as_path


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a net caught.

    Attributes:
        net: The net.
        subject: What was caught, in the net's own short form: ``ConfigMap/cluster-info`` (references), the term
            as it was found (origin), ``label:node-purpose=core`` or ``taint:dedicated=user`` (nodes).
        path: Where in the values; empty when it came from a rendered manifest.
        manifest: Which rendered manifest, as ``Kind/name``; empty when it came from the values.
        message: One sentence for people.
    """

    net: Net
    subject: str
    path: Path
    message: str
    manifest: str = ""


def is_covered(finding: Finding, cover: Cover) -> bool:
    """Whether ``cover`` accounts for ``finding``; what came from a manifest is covered by subject alone."""
    if cover.net != finding.net or not fnmatchcase(finding.subject.lower(), cover.subject.lower()):
        return False
    prefix = as_path(cover.path)
    return not finding.path or finding.path[: len(prefix)] == prefix


def surprises(findings: Iterable[Finding], actions: Iterable[Action], keeps: Iterable[Keep]) -> list[Finding]:
    """Return the findings that no action and no kept mention accounts for.

    A cover that is limited to a place in the values accounts for what the chart renders out of that place: for a
    manifest's finding whose subject was found there too, and for no other.
    """
    covers = [cover for action in actions for cover in action.covers] + [keep.cover for keep in keeps]
    anywhere = [cover for cover in covers if not cover.path]
    told: set[tuple[Net, str]] = set()
    manifests: list[Finding] = []
    left: list[Finding] = []
    for finding in findings:
        if not finding.path:
            manifests.append(finding)
        elif any(is_covered(finding, cover) for cover in covers):
            told.add((finding.net, finding.subject))
        else:
            left.append(finding)
    return left + [
        finding
        for finding in manifests
        if (finding.net, finding.subject) not in told and not any(is_covered(finding, c) for c in anywhere)
    ]
