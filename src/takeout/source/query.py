"""Find the hub that a person means."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from urllib.parse import urlsplit

from takeout.errors import AmbiguousHubError, UnknownHubError
from takeout.source.model import HubEntry

NEAREST_MAX = 5
_QUERY_MAX_CHARACTERS = 2_000
"""No address or name is longer (RFC 9110, section 4.1 asks for 8,000 octets at most in a whole request line)."""


def fold(text: str) -> str:
    """Return ``text`` without case and accents, white space made one blank."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in apart if not unicodedata.combining(c)).split())


def host_of(query: str) -> str:
    """Return the host that ``query`` names, in its ASCII form; empty where it cannot be one.

    User, port, path, query and fragment are left out, and so is the dot that ends an absolute name.
    """
    text = unicodedata.normalize("NFKC", query.strip()[:_QUERY_MAX_CHARACTERS])
    if "://" not in text:
        text = "//" + text.removeprefix("//")
    try:
        host = urlsplit(text).hostname or ""
    except ValueError:
        return ""
    host = host.rstrip(".").lower()
    if not host or any(c.isspace() for c in host):
        return ""
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


def search(hubs: Iterable[HubEntry], query: str) -> list[HubEntry]:
    """Return the hubs that ``query`` may mean, in their order: those of the best kind of match alone.

    An exact match (address, domain, ``cluster/hub``, name, title) beats part of one. An empty query means every
    hub.
    """
    hubs = list(hubs)
    wanted = fold(query[:_QUERY_MAX_CHARACTERS])
    if not wanted:
        return hubs
    host = host_of(query)
    is_address = "://" in query or query.lstrip().startswith("//")
    tests: list[Callable[[HubEntry], bool]] = [
        lambda hub: bool(host) and host == host_of(hub.domain),
        lambda hub: not is_address and wanted == fold(hub.id),
        lambda hub: not is_address and wanted in (fold(hub.name), fold(hub.title)),
        lambda hub: not is_address and bool(hub.cluster) and wanted.rstrip("/") == fold(hub.cluster),
        lambda hub: not is_address and all(_has_part(hub, word) for word in wanted.split(" ")),
    ]
    for test in tests:
        found = [hub for hub in hubs if test(hub)]
        if found:
            return found
    return []


def resolve(hubs: Iterable[HubEntry], query: str) -> HubEntry:
    """Return the one hub that ``query`` means.

    Raises:
        AmbiguousHubError: When it may mean several; they are listed.
        UnknownHubError: When it means none; the nearest are listed.
    """
    hubs = list(hubs)
    asked = query.strip()[:_QUERY_MAX_CHARACTERS]
    found = search(hubs, asked) if asked else []
    if len(found) == 1:
        return found[0]
    shown = asked if len(asked) <= 100 else f"{asked[:100]}…"  # noqa: PLR2004 - a line for a person
    if found:
        names = [hub.id for hub in found]
        raise AmbiguousHubError(
            f"{shown!r} may mean any of {len(names)} hubs",
            matches=names,
            hint=f"Give one as cluster/hub, such as {names[0]}, or by its address.",
        )
    near = nearest(hubs, asked)
    if not hubs:
        hint = "The source has no hubs at all."
    elif near:
        hint = f"Perhaps you mean {' or '.join(near[:3])}; `takeout hub list` shows all {len(hubs)}."
    else:
        hint = f"`takeout hub list` shows all {len(hubs)} hubs."
    message = f"no hub answers {shown!r}" if asked else "an empty query names no hub"
    raise UnknownHubError(message, nearest=near, hint=hint)


def nearest(hubs: Sequence[HubEntry], query: str) -> list[str]:
    """Return the ids of the hubs whose domain, id, name or title are most like ``query``, nearest first."""
    asked = {fold(query)[:200], host_of(query)[:200]} - {""}
    scores: dict[str, float] = {}
    for hub in hubs:
        for known in filter(None, map(fold, (hub.domain, hub.id, hub.name, hub.title))):
            for text in asked:
                ratio = _likeness(text, known)
                if ratio > scores.get(hub.id, 0.6):
                    scores[hub.id] = ratio
    return sorted(scores, key=lambda name: (-scores[name], name))[:NEAREST_MAX]


def _likeness(a: str, b: str) -> float:
    matcher = difflib.SequenceMatcher(None, a, b, autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() > 0.6 and matcher.quick_ratio() > 0.6 else 0.0  # noqa: PLR2004


def _has_part(hub: HubEntry, word: str) -> bool:
    return any(word in fold(text) for text in (hub.name, hub.title, hub.domain, hub.id))
