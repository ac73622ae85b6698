"""Maps of z2jh whose entries are all the owners' own: a null in one of them takes nothing out."""

from __future__ import annotations

from collections.abc import Iterator

from takeout.values.node import Mapping, Node, Scalar, find
from takeout.values.path import Path

# z2jh's defaults of these are empty, from 0.11 to 4.4.
FREE_MAPS: tuple[Path, ...] = tuple(
    tuple(path.split("."))
    for path in (
        "custom",
        "hub.annotations",
        "hub.extraConfig",
        "hub.extraEnv",
        "hub.extraFiles",
        "hub.extraVolumeMounts",
        "hub.extraVolumes",
        "hub.labels",
        "hub.loadRoles",
        "hub.nodeSelector",
        "hub.services",
        "ingress.annotations",
        "proxy.service.annotations",
        "singleuser.extraAnnotations",
        "singleuser.extraEnv",
        "singleuser.extraFiles",
        "singleuser.nodeSelector",
        "singleuser.storage.extraVolumeMounts",
        "singleuser.storage.extraVolumes",
    )
)
"""Paths from z2jh's own values."""


def idle_nulls(z2jh: Mapping) -> Iterator[tuple[Path, Scalar]]:
    """Yield the nulls in z2jh's values that stay where they are, and reach the hub, with their paths."""
    for path in FREE_MAPS:
        yield from _nulls(find(z2jh, path), path)


def _nulls(node: Node | None, path: Path) -> Iterator[tuple[Path, Scalar]]:
    if isinstance(node, Mapping):
        for key, child in node.entries.items():
            yield from _nulls(child, (*path, key))
    elif isinstance(node, Scalar) and node.value is None and path not in FREE_MAPS:
        yield path, node
