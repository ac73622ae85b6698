"""Name values in prose as this replica's owners must write them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from takeout.adapt.rule import Action
from takeout.replica.model import Layout, SecretEntry
from takeout.values.node import Mapping, find
from takeout.values.path import Path, format_path, parse_path

_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_Z2JH = frozenset(
    {"singleuser", "proxy", "ingress", "cull", "scheduling", "prePuller", "custom", "imagePullSecrets"}
)
"""Keys of z2jh that no host name begins with; ``hub`` is not among them."""


def place_actions(actions: Iterable[Action], values: Mapping, layout: Layout) -> tuple[Action, ...]:
    """Return ``actions`` with the paths in their texts as the replica has them.

    Rules write ``hub.config`` or ``jupyterhub.hub.config``; which of the two is right depends on the layout, which
    they do not know.

    Args:
        actions: What the rules ask for.
        values: The values as the rules see them.
        layout: How the replica is laid out.
    """
    return tuple(
        replace(
            action,
            title=place_paths(action.title, values, layout),
            text=place_paths(action.text, values, layout),
            verify=place_paths(action.verify, values, layout),
        )
        for action in actions
    )


def place_purposes(secrets: Iterable[SecretEntry], values: Mapping, layout: Layout) -> tuple[SecretEntry, ...]:
    """Return ``secrets`` with the paths in their purposes as the replica has them."""
    return tuple(replace(secret, purpose=place_paths(secret.purpose, values, layout)) for secret in secrets)


def place_paths(text: str, values: Mapping, layout: Layout) -> str:
    """Return ``text`` with the paths in its code spans as the replica has them."""
    return _SPAN.sub(lambda match: f"`{_placed(match[1], values, layout)}`", text)


def _placed(span: str, values: Mapping, layout: Layout) -> str:
    name, colon, rest = span.partition(":")
    try:
        path = parse_path(name)
    except ValueError:
        return span
    inner = path[1:] if path[:1] == ("jupyterhub",) else path
    if not inner or not _is_value(inner, values):
        return span
    return format_path(("jupyterhub", *inner) if layout.umbrella else inner) + colon + rest


def _is_value(inner: Path, values: Mapping) -> bool:
    """Whether ``inner`` is a place in z2jh's values, rather than a host (``hub.example.edu``) or a file."""
    if inner[0] in _Z2JH:
        return True
    return len(inner) > 1 and inner[0] == "hub" and find(values, ("jupyterhub", *inner[:2])) is not None
