"""Results as JSON documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from takeout.values.path import format_path

if TYPE_CHECKING:  # each command imports what it needs itself
    from takeout.replica.explain import Explanation
    from takeout.replica.images import ImageList
    from takeout.replica.replicate import Outcome
    from takeout.replica.results import CheckResult
    from takeout.source.model import HubEntry


def hubs_json(label: str, hubs: Sequence[HubEntry]) -> dict[str, object]:
    """Return hubs with the source they were found in."""
    return {"source": label, "hubs": [{"id": hub.id, **asdict(hub)} for hub in hubs]}


def outcome_json(outcome: Outcome) -> dict[str, object]:
    """Return what became of one hub."""
    document: dict[str, object] = {"hub": outcome.entry.id, "directory": str(outcome.directory)}
    if outcome.error is not None:
        return {**document, "error": outcome.error.to_json()}
    assert outcome.written is not None  # noqa: S101 - without an error there is a result
    assert outcome.replica is not None  # noqa: S101
    written, replica = outcome.written, outcome.replica
    return {
        **document,
        "closed": replica.closed,
        "created": list(written.created),
        "updated": list(written.updated),
        "removed": list(written.removed),
        "beside": dict(written.beside),
        "abandoned": list(written.abandoned),
        "secrets_added": list(written.secrets_added),
        "relaid": written.relaid,
        "hidden": [asdict(item) for item in written.hidden],
        "changes": len(replica.adaptation.changes),
        "actions": replica.lock["actions"],
        "surprises": [
            {"net": f.net, "subject": f.subject, "path": format_path(f.path), "message": f.message}
            for f in replica.surprises
        ],
        "faults": [fault.to_json() for fault in replica.faults],
    }


def explanation_json(story: Explanation) -> dict[str, object]:
    """Return one value's story."""
    return {
        "path": story.path,
        "value": story.value,
        "removed": story.removed,
        "secret": story.secret,
        "writers": [asdict(writer) for writer in story.writers],
        "rules": [{"id": rule, "why": why} for rule, why in story.rules],
    }


def summary_json(outcomes: Sequence[Outcome]) -> dict[str, object]:
    """Return what became of every hub of a source."""
    return {
        "hubs": [outcome_json(outcome) for outcome in outcomes],
        "closed": sum(outcome.replica is not None and outcome.replica.closed for outcome in outcomes),
        "failed": sum(outcome.error is not None for outcome in outcomes),
    }


def check_json(results: Sequence[CheckResult]) -> dict[str, object]:
    """Return what every check came to."""
    return {"checks": [{**asdict(result), "items": list(result.items)} for result in results]}


def images_json(listed: ImageList) -> dict[str, object]:
    """Return every image with its places and how to copy it."""
    return {
        "images": [
            {
                "image": str(image.use.image),
                "places": list(image.use.places),
                "mirrored": str(image.mirrored) if image.mirrored else None,
                "copy": image.copy_command or None,
            }
            for image in listed.images
        ],
        "override": listed.override or None,
        "notes": list(listed.notes),
    }
