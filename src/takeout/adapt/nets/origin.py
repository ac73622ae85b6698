"""Every string that mentions the origin.

A term is looked for without regard to case and never inside a longer word or number. A domain also stands for its
subdomains. A person is looked for where people are listed: as a whole item of a list, a whole key, or an e-mail
address anywhere; a login name is too often an ordinary word elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from takeout.adapt.context import Context
from takeout.adapt.nets.finding import Finding
from takeout.adapt.nets.live import every
from takeout.adapt.nets.objects import clear, title
from takeout.adapt.terms import Matcher, Term, matcher, mentions
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


def origin(values: Document, context: Context) -> list[Finding]:
    """Return every mention of the origin in the values' strings and keys, each under the token that holds it."""
    return mentions_in(to_data(values), context)


def mentions_in(data: Any, context: Context) -> list[Finding]:
    """Return every mention of the origin in plain values, as ``origin`` does."""
    if not context.terms:
        return []
    known = matcher(context.terms)
    return [
        Finding("origin", token, path, _message(format_path(path), token, term))
        for path, text, is_item in _texts(data)
        for token, term in _mentioned(text, known, is_item=is_item)
    ]


def origin_of_manifests(objects: Iterable[Mapping[str, Any]], context: Context) -> list[Finding]:
    """Return every mention of the origin in Kubernetes objects, Secrets in clear, each subject once an object."""
    return mentions_in_objects([clear(item) for item in objects], context)


def mentions_in_objects(objects: Iterable[Mapping[str, Any]], context: Context) -> list[Finding]:
    """Return what ``origin_of_manifests`` does, for objects that are in clear."""
    if not context.terms:
        return []
    known = matcher(context.terms)
    findings: dict[tuple[str, str], Finding] = {}
    for item in objects:
        name = title(item)
        for _, text, is_item in _texts(item):
            for token, term in _mentioned(text, known, is_item=is_item):
                finding = Finding("origin", token, (), _message(name, token, term), name)
                findings.setdefault((name, token), finding)
    return list(findings.values())


def comments(values: Document, context: Context) -> list[Comment]:
    """Return the comments that mention the origin; they are not values, and nothing depends on them."""
    return [
        Comment(path, line, tuple(terms))
        for path, node in walk(values)
        for line in (*node.comments.before, node.comments.after, *node.comments.foot)
        if line and (terms := mentions(line, context.terms))
    ]


def tokens(text: str, terms: Iterable[Term]) -> list[str]:
    """Return what of ``text`` the net would find: each token, or phrase, that mentions a term."""
    return [token for token, _ in _mentioned(text, matcher(terms), is_item=False)]


def _texts(data: Any) -> Iterator[tuple[Path, str, bool]]:
    """Yield every key and scalar, each with its place, and whether it is a name in a list (or a key)."""
    for path, value, parent in every(data):
        if isinstance(path[-1], str):
            yield path, path[-1], True
        if isinstance(value, str):
            yield path, value, isinstance(parent, list)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield path, str(value), False  # an account's number, written without quotes


def _mentioned(text: str, known: Matcher, *, is_item: bool) -> Iterator[tuple[str, Term]]:
    """Yield each token of ``text`` that mentions a term, with the most telling term."""
    if is_item:
        for term in known.as_person(text):
            yield text.strip(), term
    if not known.may_match(text):
        return
    seen: set[str] = set()
    for match in _TOKEN.finditer(text):
        token = match[0].strip(_EDGES)
        if token not in seen and (terms := known.in_text(token)):
            seen.add(token)
            yield token, max(terms, key=lambda term: len(term.text))
    if not seen:  # a term of several words is in no single token
        yield from known.phrases(text)


def _message(where: str, token: str, term: Term) -> str:
    return f"{where} mentions {token!r}: {term.text} is the origin's {term.kind}, says {term.told_by}"
