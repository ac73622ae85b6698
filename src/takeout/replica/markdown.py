"""The little Markdown that the runbook and the report are made of."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable

_WIDTH = 100
_AS_THEY_ARE = (" ", "- ", "* ", "|", "#", "> ", "1. ")
"""How blocks begin that are no prose: lists, tables, headings, quotations, what is indented."""


def code(text: str) -> str:
    """Return ``text`` as a code span, with as many backticks as it needs."""
    text = " ".join(text.split()) or " "
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    ticks = "`" * (longest + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def fence(lines: Iterable[str], language: str = "") -> str:
    """Return ``lines`` as a code block, with a fence longer than any inside."""
    body = "\n".join(lines)
    longest = max((len(run) for run in re.findall(r"^`{3,}", body, re.MULTILINE)), default=2)
    ticks = "`" * (longest + 1)
    return f"{ticks}{language}\n{body}\n{ticks}"


def indent(text: str, spaces: int = 2) -> str:
    """Return ``text`` moved to the right, empty lines left empty."""
    return textwrap.indent(text, " " * spaces)


def wrap(text: str) -> str:
    """Return prose with short lines; code blocks, lists and tables stay as they are."""
    blocks = []
    fenced = False
    for block in text.strip().split("\n\n"):
        if fenced or "```" in block or block.startswith(_AS_THEY_ARE):
            blocks.append(block)
        else:
            lines = textwrap.wrap(" ".join(block.split()), _WIDTH, break_long_words=False, break_on_hyphens=False)
            blocks.append("\n".join(lines))
        if block.count("```") % 2:
            fenced = not fenced
    return "\n\n".join(blocks)


def plural(count: int, noun: str, nouns: str = "") -> str:
    """Return ``1 change``, ``2 changes``."""
    return f"{count} {noun if count == 1 else nouns or noun + 's'}"
