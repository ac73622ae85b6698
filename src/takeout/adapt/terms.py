"""The strings that tie a value to the origin, matched against thousands of texts a hub."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

TermKind = Literal["domain", "organisation", "cluster", "account", "address", "person", "bucket"]


@dataclass(frozen=True, slots=True)
class Term:
    """A string that ties a value to the origin.

    Attributes:
        text: What to look for; matched without regard to case, at word boundaries.
        kind: What it is.
        told_by: The file that says so, such as ``config/clusters/x/cluster.yaml``.
    """

    text: str
    kind: TermKind
    told_by: str


class Matcher:
    """The terms, compiled.

    Args:
        terms: The terms, of any kind.
    """

    def __init__(self, terms: tuple[Term, ...]) -> None:
        self.terms = terms
        self._people: dict[str, list[Term]] = {}
        self._patterns: list[tuple[Term, str, re.Pattern[str]]] = []
        for term in terms:
            if not term.text:
                continue
            if term.kind == "person":
                self._people.setdefault(term.text.lower(), []).append(term)
            if term.kind != "person" or "@" in term.text:
                self._patterns.append((term, term.text.lower(), _compiled(term.text, term.kind)))
        self._hints = _hints(self._patterns)

    def may_match(self, text: str) -> bool:
        """Whether ``text`` could mention a term; most texts cannot, and this tells quickly."""
        lowered = text.lower()
        return any(hint in lowered for hint in self._hints)

    def in_text(self, text: str) -> list[Term]:
        """Return the terms mentioned somewhere in ``text``, in the order given; people by their e-mail alone."""
        lowered = text.lower()
        if not any(hint in lowered for hint in self._hints):
            return []
        return [term for term, literal, pattern in self._patterns if literal in lowered and pattern.search(text)]

    def as_person(self, text: str) -> list[Term]:
        """Return the people who are named by the whole of ``text``."""
        return self._people.get(text.strip().lower(), []) if self._people else []

    def phrases(self, text: str) -> list[tuple[str, Term]]:
        """Return each term that ``text`` mentions as it is written there."""
        found = [(pattern.search(text), term) for term, _, pattern in self._patterns]
        return [(match[0], term) for match, term in found if match]


def mentions(text: str, terms: Iterable[Term]) -> list[Term]:
    """Return the terms that ``text`` mentions, in the order given; a person by the whole of it, or by e-mail."""
    known = matcher(terms)
    found, people = known.in_text(text), known.as_person(text)
    if not people:
        return found
    return [term for term in known.terms if term in found or term in people]


_recent: list[Matcher] = []
_RECENT_MAX = 8


def matcher(terms: Iterable[Term]) -> Matcher:
    """Return the matcher of ``terms``, made once for a hub: rules ask thousands of times with the same tuple.

    Recognised by identity: to hash two hundred terms for each text would take longer than to match them.
    """
    for known in _recent:
        if known.terms is terms:
            return known
    made = Matcher(tuple(terms))
    if made.terms is terms:
        _recent.insert(0, made)
        del _recent[_RECENT_MAX:]
    return made


def _hints(patterns: list[tuple[Term, str, re.Pattern[str]]]) -> tuple[str, ...]:
    """Return the fewest literals of which at least one is in every text that mentions any term."""
    literals = sorted({literal for _, literal, _ in patterns}, key=len)
    fewest: list[str] = []
    for literal in literals:
        if not any(shorter in literal for shorter in fewest):
            fewest.append(literal)
    return tuple(fewest)


@lru_cache(maxsize=4096)
def _compiled(text: str, kind: TermKind) -> re.Pattern[str]:
    """Return the pattern of a term; the hubs of a source share most of theirs."""
    return re.compile(_pattern(text, kind), re.IGNORECASE)


def _pattern(text: str, kind: TermKind) -> str:
    text = re.escape(text)
    if kind == "domain":
        # not the end of another registrable name, and not the beginning of a longer one
        return rf"(?<![a-z0-9-]){text}(?![a-z0-9-]|\.[a-z0-9])"
    if kind == "organisation":
        # a new word also begins at a capital or a digit within a name, as in logsToAcme
        return rf"(?:(?<![a-z0-9])|(?-i:(?<=[a-z])(?=[A-Z0-9]))){text}(?:(?![a-z0-9])|(?-i:(?<=[a-z])(?=[A-Z])))"
    return rf"(?<![a-z0-9]){text}(?![a-z0-9])"
