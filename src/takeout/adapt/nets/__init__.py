"""Three nets that know no rule and catch what no rule foresaw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from takeout.adapt.context import Context
from takeout.adapt.nets.finding import Finding, is_covered, surprises
from takeout.adapt.nets.live import live
from takeout.adapt.nets.nodes import nodes_in, nodes_in_objects
from takeout.adapt.nets.objects import clear
from takeout.adapt.nets.origin import mentions_in, mentions_in_objects
from takeout.adapt.nets.references import references_in, references_in_objects
from takeout.values.node import Mapping as Document
from takeout.values.node import to_data

__all__ = ["Finding", "cast", "is_covered", "surprises"]


def cast(
    values: Document,
    manifests: Sequence[Mapping[str, Any]],
    context: Context,
    rendered: Sequence[Mapping[str, Any]] | None = None,
) -> list[Finding]:
    """Return what the three nets catch: references, then origin, then nodes.

    Args:
        values: The values, rooted at the hub's chart (``jupyterhub`` and the companions).
        manifests: The objects of the replica's ``manifests/``.
        context: The hub, where it comes from, and where it goes.
        rendered: What the chart renders out of the values; None where no chart is at hand.
    """
    data = to_data(values)
    assert isinstance(data, dict)  # noqa: S101 - a mapping's data
    entries = list(live(data, context))
    objects = [clear(item) for item in (*(rendered or ()), *manifests)]
    findings = references_in(data, entries, manifests, context)
    if rendered is not None:
        findings += references_in_objects(objects, context)
    findings += mentions_in(data, context)
    findings += mentions_in_objects(objects, context)
    findings += nodes_in(entries, context.target)
    findings += nodes_in_objects(objects, context)
    return findings
