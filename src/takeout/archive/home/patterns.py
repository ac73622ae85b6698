"""Which paths a person wants to leave out: the patterns of ``.gitignore``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from takeout.errors import OptionError

_SPECIAL = re.compile(rb"[*?\[\\]")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern.

    Attributes:
        text: As it was written.
        name: The base name that it stands for, where it holds no wildcard and no inner slash.
        regex: Matches the path below the pattern's directory, where ``name`` is empty.
        directories: Whether it matches directories alone.
        keep: Whether it takes back what an earlier pattern left out.
    """

    text: bytes
    name: bytes
    regex: re.Pattern[bytes] | None
    directories: bool
    keep: bool


@dataclass(frozen=True, slots=True)
class Rules:
    """The patterns of one place; the last that matches decides.

    Attributes:
        label: Where they come from, as shown to a person.
        base: The directory below which they hold, with a final slash; empty for the home.
        patterns: In their order.
    """

    label: str
    base: bytes
    patterns: tuple[Pattern, ...]

    def decide(self, path: bytes, *, directory: bool) -> tuple[bool, str] | None:
        """Return whether a path is left out and by which pattern, or None where no pattern matches."""
        below = path[len(self.base) :]
        name = below.rpartition(b"/")[2]
        for pattern in reversed(self.patterns):
            if pattern.directories and not directory:
                continue
            hit = pattern.name == name if pattern.regex is None else pattern.regex.fullmatch(below)
            if hit:
                return not pattern.keep, f"{self.label}: {pattern.text.decode('utf-8', 'replace')}"
        return None


def read_rules(label: str, lines: Iterable[bytes], base: bytes = b"") -> Rules:
    """Return the patterns that the lines of a ``.takeoutignore`` file hold; comments and empty lines are none."""
    return Rules(label, base, tuple(_patterns(lines)))


def rules_of_options(patterns: Iterable[str]) -> Rules:
    """Return the patterns given with ``--exclude``.

    Raises:
        OptionError: When a pattern is empty.
    """
    given = tuple(patterns)
    for text in given:
        if not text.strip().strip("/"):
            raise OptionError(
                f"--exclude {text!r} matches nothing", hint="give a pattern such as '*.tmp' or data/raw"
            )
    lines = [text.encode("utf-8", "surrogateescape") for text in given]
    return Rules("--exclude", b"", tuple(_patterns(_literal_start(line) for line in lines)))


def _literal_start(line: bytes) -> bytes:
    """On the command line nobody writes comments."""
    return b"\\" + line if line.startswith(b"#") else line


def _patterns(lines: Iterable[bytes]) -> Iterator[Pattern]:
    for line in lines:
        text = line.rstrip(b"\r\n")
        if not text.endswith(b"\\ "):
            text = text.rstrip(b" \t")
        if text and not text.startswith(b"#"):
            pattern = _pattern(text)
            if pattern is not None:
                yield pattern


def _pattern(text: bytes) -> Pattern | None:
    keep = text.startswith(b"!")
    body = text[1:] if keep else text
    directories = body.endswith(b"/")
    body = body.rstrip(b"/")
    anchored = b"/" in body
    body = body.lstrip(b"/")
    if not body:
        return None
    if not anchored and not _SPECIAL.search(body):
        return Pattern(text, body, None, directories, keep)
    return Pattern(text, b"", _regex(body if anchored else b"**/" + body), directories, keep)


def _regex(glob: bytes) -> re.Pattern[bytes]:
    """Return what a glob means: ``*`` and ``?`` stop at a slash, ``**`` between slashes does not."""
    out, at = [], 0
    while at < len(glob):
        if glob.startswith(b"**/", at) and (at == 0 or glob[at - 1 : at] == b"/"):
            out.append(rb"(?:.*/)?")
            at += 3
        elif glob[at:] == b"**" and (at == 0 or glob[at - 1 : at] == b"/"):
            out.append(rb".+")
            at += 2
        else:
            piece, at = _one(glob, at)
            out.append(piece)
    return re.compile(b"".join(out), re.DOTALL)


def _one(glob: bytes, at: int) -> tuple[bytes, int]:
    """Return the expression for the one item of a glob that begins at ``at``, and where the next begins."""
    item = glob[at : at + 1]
    if item == b"*":
        return rb"[^/]*", at + 1
    if item == b"?":
        return rb"[^/]", at + 1
    if item == b"\\" and at + 1 < len(glob):
        return re.escape(glob[at + 1 : at + 2]), at + 2
    if item == b"[":
        end = glob.find(b"]", at + 2 + (glob[at + 1 : at + 2] in (b"!", b"^")))
        if end > 0:
            return _class(glob[at + 1 : end]), end + 1
        return rb"(?!)", len(glob)
    return re.escape(item), at + 1


def _class(inside: bytes) -> bytes:
    """Return a character class; ranges that run backwards match nothing, as the shell has it."""
    negated = inside[:1] in (b"!", b"^")
    body = inside[1:] if negated else inside
    members: set[int] = set()
    at = 0
    while at < len(body):
        if body[at + 1 : at + 2] == b"-" and at + 2 < len(body):
            members |= set(range(body[at], body[at + 2] + 1))
            at += 3
        else:
            members.add(body[at])
            at += 1
    if negated:
        members = set(range(256)) - members
    members.discard(ord("/"))
    return b"[" + b"".join(b"\\x%02x" % m for m in sorted(members)) + b"]" if members else rb"(?!)"
