"""Show a value in a line, or what changed in a long text, without showing a secret."""

from __future__ import annotations

import json
import re
from difflib import unified_diff

from takeout.values.node import Data, Node, to_data
from takeout.values.path import Path

LONGEST = 72
"""Characters of a value that a line shows."""
MOST_LINES = 24
"""Lines of a difference that the report shows."""
HIDDEN = "(secret)"

_PLACEHOLDER = re.compile(r"<(secret|fill in)\b.*>", re.DOTALL)
_SECRET_KEY = re.compile(
    r"(secret|passw(or)?d|token|pepper|private_?key|api_?key|crypt_?key|credentials?|\.dockerconfigjson)s?$",
    re.IGNORECASE,
)
_NO_SECRET_KEY = re.compile(
    r"(existing|name|ref|url|service|account|enabled|create|mount|automount)", re.IGNORECASE
)


def short(node: Node | None) -> str:
    """Return ``node`` as one line of at most ``LONGEST`` characters; the empty text where there is none."""
    return "" if node is None else short_data(to_data(node))


def short_data(data: Data) -> str:
    """Return ``data`` as one line: a string as it is, everything else as JSON."""
    if isinstance(data, str):
        lines = data.strip().splitlines()
        text = lines[0] if lines else '""'
        more = f" … ({len(lines)} lines)" if len(lines) > 1 else ""
    else:
        text, more = json.dumps(data, ensure_ascii=False), ""
    room = LONGEST - len(more)
    return (text if len(text) <= room else text[: room - 1] + "…") + more


def is_placeholder(data: Data) -> bool:
    """Whether ``data`` stands for a value that somebody must fill in."""
    return isinstance(data, str) and _PLACEHOLDER.fullmatch(data) is not None


def is_secret(path: Path, node: Node | None, known: frozenset[Path] = frozenset()) -> bool:
    """Whether the value at ``path`` must not be shown: known as a secret, or named like one.

    Args:
        path: The place in the values.
        node: What is there.
        known: The paths that are known to be secrets; what is below or above one is a secret as well.
    """
    if any(path[: len(secret)] == secret or secret[: len(path)] == path for secret in known):
        return True
    if node is None:
        return False
    return _names_secret(path[-1] if path else "", to_data(node))


def shown(path: Path, node: Node | None, known: frozenset[Path] = frozenset()) -> str:
    """Return ``short(node)``, or ``HIDDEN`` where it is a secret that is really there."""
    if node is not None and is_secret(path, node, known):
        return short(node) if is_placeholder(to_data(node)) else HIDDEN
    return short(node)


def difference(before: str, after: str) -> list[str]:
    """Return the lines that went (``-``) and came (``+``), with two lines around, at most ``MOST_LINES``."""
    lines = list(unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2))[2:]
    more = len(lines) - MOST_LINES
    return lines[:MOST_LINES] + ([f"… {more} more lines"] if more > 0 else [])


def _names_secret(key: str | int, data: Data) -> bool:
    """Whether a value below ``key``, or ``data`` itself, has the name of a secret and the form of one."""
    if isinstance(data, dict):
        return any(_names_secret(name, value) for name, value in data.items())
    if isinstance(data, list):
        return any(_names_secret(key, value) for value in data)
    named = isinstance(key, str) and _SECRET_KEY.search(key) and not _NO_SECRET_KEY.search(key)
    return bool(named) and isinstance(data, str) and data != ""
