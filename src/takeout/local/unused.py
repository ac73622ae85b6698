"""Values that have no meaning without a cluster, so that nobody wonders what became of them."""

from __future__ import annotations

from typing import Any

from takeout.local.table import READ

REASONS = (
    ("ingress", "the try listens on 127.0.0.1 alone"),
    ("httpRoute", "the try listens on 127.0.0.1 alone"),
    ("proxy", "a proxy of this machine, without certificates"),
    ("prePuller", "no image is pulled"),
    ("scheduling", "there are no nodes"),
    ("hub.db", "the try has a database of its own"),
    ("hub.image", "JupyterHub comes from Takeout's own environment"),
    ("hub.initContainers", "no container is run"),
    ("hub.extraContainers", "no container is run"),
    ("hub.extraVolumes", "the hub has no volumes here"),
    ("hub.extraVolumeMounts", "the hub has no volumes here"),
    ("hub", "how the hub's pod is run"),
    ("singleuser.networkPolicy", "the network is this machine's"),
    ("singleuser", "how a pod is run"),
    ("imagePullSecret", "no image is pulled"),
)


def unused(values: dict[str, Any]) -> list[tuple[str, str]]:
    """Return each key of the owners' values that means nothing here, shortest first, with the reason."""
    found = []
    for key in _unread(values, ""):
        reason = next((why for prefix, why in REASONS if f"{key}.".startswith(f"{prefix}.")), "")
        found.append((key, reason or "z2jh has no such value, or it means nothing here"))
    return found


def _unread(values: dict[str, Any], above: str) -> list[str]:
    keys = []
    for key, value in values.items():
        path = f"{above}{key}"
        if value in (None, {}, []) or any(f"{path}.".startswith(f"{read}.") for read in READ):
            continue
        inside = isinstance(value, dict) and any(read.startswith(f"{path}.") for read in READ)
        keys += _unread(value, f"{path}.") if inside else [path]
    return keys
