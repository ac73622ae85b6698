"""A release that was not finished."""

from __future__ import annotations

from collections.abc import Iterator

from takeout.cluster.doctor.condition import Case, Condition, Evidence, Finding, ago
from takeout.cluster.doctor.snapshot import Snapshot

_PENDING = ("pending-install", "pending-upgrade", "pending-rollback", "uninstalling")
_NORMAL_SECONDS = 1800
"""Longer than any time that people give Helm to wait."""


def look(snapshot: Snapshot) -> Iterator[Finding]:
    """Find a release that failed, or that somebody left in the middle."""
    facts = snapshot.facts
    age = (snapshot.now - facts.updated).total_seconds() if facts.updated else _NORMAL_SECONDS
    pending = facts.status in _PENDING and age >= _NORMAL_SECONDS
    if facts.status != "failed" and not pending:
        return
    context = f" --kube-context {snapshot.context}" if snapshot.context else ""
    helm = f"helm{context} --namespace {snapshot.namespace}"
    first = facts.revision <= 1
    yield Finding(
        f"Release/{facts.release}",
        f"the last change of the release {facts.release} {'was not finished' if pending else 'failed'}",
        "Mend what it failed for, and upgrade again; Helm refuses to while the release counts as pending, "
        "until it is " + ("uninstalled." if first else "rolled back to what it was before."),
        (f"{helm} history {facts.release}", f"{helm} {'uninstall' if first else 'rollback'} {facts.release}"),
        evidence=(
            Evidence(
                "object",
                f"Release/{facts.release}",
                f"revision {facts.revision}: {facts.status}; {facts.description}"
                + ago(facts.updated, snapshot.now),
            ),
        ),
        follows=("hub", "proxy"),
        certainty="likely",
    )


CONDITION = Condition(
    id="H27",
    title="The last change of the release failed",
    why="An upgrade that failed in the middle leaves some objects new and others old; one that was "
    "interrupted is pending "
    "for ever, and Helm refuses every further upgrade.",
    mend="Mend what it failed for, and upgrade again; or roll back.",
    source="https://helm.sh/docs/helm/helm_rollback/",
    look=look,
    cases=(
        Case(
            "an upgrade that failed",
            "release: {name: hub, revision: 4, status: failed, description: 'Upgrade \"hub\" failed: timed out'}",
            ("Release/hub",),
            ("helm --namespace hub rollback hub", "timed out"),
        ),
        Case(
            "an install that was interrupted",
            "release: {name: hub, revision: 1, status: pending-install, updated: '2026-08-21T09:00:00Z'}",
            ("Release/hub",),
            ("uninstall hub",),
        ),
        Case(
            "an upgrade that runs now",
            "release: {name: hub, revision: 4, status: pending-upgrade, updated: '2026-08-21T11:58:00Z'}",
        ),
        Case("deployed", "release: {name: hub, revision: 4, status: deployed}"),
    ),
)
