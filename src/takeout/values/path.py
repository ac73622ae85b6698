"""Dotted paths into a values document.

The written form is ``hub.extraEnv``, ``nodeSelector."a.b/c"``, ``profileList[0].image``: keys joined by dots,
a key that has a dot, a bracket, a quote or white space (or is empty) in JSON quotes, list positions in brackets.
"""

from __future__ import annotations

import json
import re

Path = tuple[str | int, ...]
"""Keys of mappings (``str``) and positions in lists (``int``), outermost first."""

_PLAIN = re.compile(r"""[^.\[\]"'\s]+""")
_STEP = re.compile(r"""(?P<quoted>"(?:[^"\\]|\\.)*")|\[(?P<index>\d+)\]|(?P<plain>[^.\[\]"'\s]+)""")


def format_path(path: Path) -> str:
    """Return the written form of ``path``; the empty path is ``$``."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
            continue
        key = step if _PLAIN.fullmatch(step) else json.dumps(step, ensure_ascii=False)
        text += f".{key}" if text else key
    return text or "$"


def parse_path(text: str) -> Path:
    """Return the path that ``text`` writes; ``$`` and the empty text are the empty path.

    Raises:
        ValueError: When the text is not the written form of any path.
    """
    if text in ("", "$"):
        return ()
    steps: list[str | int] = []
    position = 0
    while position < len(text):
        if steps and text[position] == ".":
            position += 1
        match = _STEP.match(text, position)
        if match is None:
            raise ValueError(f"not a path: {text!r} (at character {position + 1})")
        if match["index"] is not None:
            steps.append(int(match["index"]))
        elif match["quoted"] is not None:
            steps.append(json.loads(match["quoted"]))
        else:
            steps.append(match["plain"])
        position = match.end()
        if position < len(text) and text[position] not in ".[":
            raise ValueError(f"not a path: {text!r} (at character {position + 1})")
    if text.endswith("."):
        raise ValueError(f"not a path: {text!r} (ends with a dot)")
    return tuple(steps)


def as_path(path: str | Path) -> Path:
    """Return ``path`` itself, or what its written form stands for."""
    return parse_path(path) if isinstance(path, str) else path
