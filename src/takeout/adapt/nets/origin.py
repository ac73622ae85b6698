"""Every string that mentions the origin.

A term is looked for without regard to case and never inside a longer word or number. A domain also stands for its
subdomains. A person is looked for where people are listed: as a whole item of a list, a whole key, or an e-mail
address anywhere; a login name is too often an ordinary word elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from takeout.adapt.context import Context, Term
from takeout.adapt.nets.finding import Finding
from takeout.adapt.nets.live import every
from takeout.adapt.nets.objects import clear, title
from takeout.values.node import Mapping as Document
from takeout.values.node import to_data, walk
from takeout.values.path import Path, format_path

# What separates tokens in prose, code, YAML, JSON and shell alike.
_TOKEN = re.compile(r"""[^\s"'`<>(){}\[\],;|=\\]+""")
_EDGES = ".:!?*$…"  # punctuation that belongs to the sentence, not to the token


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment that mentions the origin.

    Attributes:
        path: The entry that it belongs to.
        text: The comment's line.
        terms: What it mentions.
    """

    path: Path
    text: str
    terms: tuple[Term, ...]


def mentions(text: str, terms: Iterable[Term]) -> list[Term]:
    """Return the terms that ``text`` mentions, in the order given."""
    terms = tuple(terms)
    any_term, each, people = _compiled(terms)
    folded = text.strip().lower()
    found = {terms[index] for index in people.get(folded, ())}
    if any_term is not None and any_term.search(text):
        found |= {term for term, pattern in each if pattern.search(text)}
    return [term for term in terms if term in found] if found else []


def origin(values: Document, context: Context) -> list[Finding]:
    """Return every mention of the origin in the values' strings and keys, each under the token that holds it."""
    return mentions_in(to_data(values), context)


def mentions_in(data: Any, context: Context) -> list[Finding]:
    """Return every mention of the origin in plain values, as ``origin`` does."""
    if not context.terms:
        return []
    findings: list[Finding] = []
    for path, value, parent in every(data):
        if isinstance(path[-1], str):
            findings += _findings(path[-1], path, context.terms, is_item=True, manifest="")
        if isinstance(value, str):
            findings += _findings(value, path, context.terms, is_item=isinstance(parent, list), manifest="")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            # an account's number, written without quotes
            findings += _findings(str(value), path, context.terms, is_item=False, manifest="")
    return findings


def origin_of_manifests(objects: Iterable[Mapping[str, Any]], context: Context) -> list[Finding]:
    """Return every mention of the origin in Kubernetes objects, Secrets in clear, each subject once an object."""
    findings: dict[tuple[str, str], Finding] = {}
    for item in objects:
        name = title(item)
        for path, value, parent in every(clear(item)):
            texts = [(path[-1], True)] if isinstance(path[-1], str) else []
            if isinstance(value, str):
                texts.append((value, isinstance(parent, list)))
            for text, is_item in texts:
                for finding in _findings(text, (), context.terms, is_item=is_item, manifest=name):
                    findings.setdefault((name, finding.subject), finding)
    return list(findings.values())


def comments(values: Document, context: Context) -> list[Comment]:
    """Return the comments that mention the origin; they are not values, and nothing depends on them."""
    return [
        Comment(path, line, tuple(terms))
        for path, node in walk(values)
        for line in (*node.comments.before, node.comments.after, *node.comments.foot)
        if line and (terms := mentions(line, context.terms))
    ]


def _findings(
    text: str, path: Path, terms: tuple[Term, ...], *, is_item: bool, manifest: str
) -> Iterator[Finding]:
    any_term, each, people = _compiled(terms)
    where = format_path(path) if path else manifest
    if is_item and people:
        for index in people.get(text.strip().lower(), ()):
            yield Finding("origin", text.strip(), path, _message(where, text.strip(), terms[index]), manifest)
    if any_term is None or not any_term.search(text):
        return
    seen: set[str] = set()
    for match in _TOKEN.finditer(text):
        token = match[0].strip(_EDGES)
        if token in seen or not any_term.search(token):
            continue
        seen.add(token)
        term = max((t for t, pattern in each if pattern.search(token)), key=lambda t: len(t.text))
        yield Finding("origin", token, path, _message(where, token, term), manifest)
    if not seen:  # a term of several words is in no single token
        for term, pattern in each:
            if found := pattern.search(text):
                yield Finding("origin", found[0], path, _message(where, found[0], term), manifest)


def _message(where: str, token: str, term: Term) -> str:
    return f"{where} mentions {token!r}: {term.text} is the origin's {term.kind}, says {term.told_by}"


_Compiled = tuple[re.Pattern[str] | None, tuple[tuple[Term, re.Pattern[str]], ...], dict[str, tuple[int, ...]]]


@lru_cache(maxsize=64)
def _compiled(terms: tuple[Term, ...]) -> _Compiled:
    """Return one pattern for all terms, one for each, and the people by their names."""
    each: list[tuple[Term, str]] = []
    people: dict[str, tuple[int, ...]] = {}
    for index, term in enumerate(terms):
        if not term.text:
            continue
        if term.kind == "person":
            name = term.text.lower()
            people[name] = (*people.get(name, ()), index)
        if term.kind != "person" or "@" in term.text:
            each.append((term, _pattern(term)))
    if not each:
        return None, (), people
    either = re.compile("|".join(pattern for _, pattern in each), re.IGNORECASE)
    return either, tuple((term, re.compile(pattern, re.IGNORECASE)) for term, pattern in each), people


def _pattern(term: Term) -> str:
    text = re.escape(term.text)
    if term.kind == "domain":
        # not the end of another registrable name, and not the beginning of a longer one
        return rf"(?<![a-z0-9-]){text}(?![a-z0-9-]|\.[a-z0-9])"
    if term.kind == "organisation":
        # a new word also begins at a capital or a digit within a name, as in logsToAcme
        return rf"(?:(?<![a-z0-9])|(?-i:(?<=[a-z])(?=[A-Z0-9]))){text}(?:(?![a-z0-9])|(?-i:(?<=[a-z])(?=[A-Z])))"
    return rf"(?<![a-z0-9]){text}(?![a-z0-9])"
