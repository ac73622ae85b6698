"""The hub's addresses: those that it had at its origin, and what becomes of each."""

from __future__ import annotations

import re
from collections.abc import Iterator

from takeout.adapt.pods import is_on
from takeout.adapt.rule import Draft
from takeout.values.node import Node, to_data

HUB_HOSTS = (("jupyterhub", "ingress", "hosts"), ("jupyterhub", "proxy", "https", "hosts"))
BINDER_HOSTS = ("binderhub-service", "ingress", "hosts")


def binder_host(draft: Draft) -> str:
    """Return where BinderHub is reached when it has an address of its own."""
    return f"binder.{draft.context.options.host}"


def has_binder_host(draft: Draft) -> bool:
    """Whether BinderHub is reached at an address of its own."""
    return is_on(draft, "binderhub-service") and draft.get("binderhub-service.ingress.enabled") is True


def moved_hosts(draft: Draft) -> dict[str, str]:
    """Return each address that the hub had, by layer or rule, with the one that takes its place."""
    new = draft.context.options.host
    moved = {host: new for path in HUB_HOSTS for host in _hosts_of(draft.node(path))}
    if draft.context.hub.domain:
        moved[draft.context.hub.domain] = new
    if has_binder_host(draft):
        moved |= dict.fromkeys(_hosts_of(draft.node(BINDER_HOSTS)), binder_host(draft))
    return {old: to for old, to in moved.items() if old not in (new, binder_host(draft)) and "." in old}


def move_addresses(text: str, moved: dict[str, str]) -> str:
    """Return ``text`` with the hosts of ``moved`` replaced where it is one, or where they stand in an address.

    A subdomain, a mail address and a mention in prose stay as they are.
    """
    if text in moved:
        return moved[text]
    for old, new in moved.items():
        if old in text:
            text = re.sub(rf"(?:(?<=://)|(?<=[\"']))({re.escape(old)})(?![\w-]|\.\w)", new, text)
    return text


def _hosts_of(node: Node | None) -> Iterator[str]:
    """Yield the hosts of a list, and of every list that it took the place of."""
    while node is not None:
        data = to_data(node)
        yield from (host for host in (data if isinstance(data, list) else ()) if isinstance(host, str))
        node = node.replaced
