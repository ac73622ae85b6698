"""Every string that mentions the origin."""

from __future__ import annotations

from collections.abc import Iterable

from takeout.adapt.context import Term


def mentions(text: str, terms: Iterable[Term]) -> list[Term]:
    """Return the terms that ``text`` mentions."""
    lowered = text.lower()
    return [term for term in terms if term.text.lower() in lowered]
