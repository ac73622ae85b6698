"""Read a values document exactly as Helm does, and keep what a person wrote around the values."""

from __future__ import annotations

import re
from dataclasses import dataclass

from takeout.errors import Fault, ValuesError, Where
from takeout.values.builder import Builder
from takeout.values.lines import count_breaks
from takeout.values.merge import overlay
from takeout.values.node import Mapping, Mark

_SEPARATOR = re.compile(r"^---(.*)$", re.MULTILINE)
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MARK_WITHIN = re.compile("(?:^|[\n\r\x85\u2028\u2029])\ufeff")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_UTF8_HINT = "save the file as UTF-8"


@dataclass(frozen=True, slots=True)
class Document:
    """A values document.

    Attributes:
        values: The values, with their places and comments.
        faults: What Helm swallows without a word; none of them is fatal.
    """

    values: Mapping
    faults: tuple[Fault, ...] = ()


def read_yaml(text: bytes | str, file: str) -> Document:
    """Return what Helm reads from a values file.

    Several documents in one file are merged in their order, as ``helm -f`` does since its version 3.17.

    Args:
        text: The file's content.
        file: Its name, for marks and messages.

    Raises:
        ValuesError: When Helm cannot read the file, or it is not a mapping.

    Source: https://github.com/helm/helm/blob/v4.2.3/pkg/chart/v2/loader/load.go
    """
    content = _decode(text, file)
    bad = _FORBIDDEN.search(content)
    if bad is not None:
        raise _refusal(
            file,
            content[: bad.start()],
            f"the character U+{ord(bad[0]):04X} is not allowed in YAML",
            'remove it, or write it as an escape inside "double quotes"',
        )
    mark = _MARK_WITHIN.search(content)
    if mark is not None:
        message = "a byte order mark begins a line in the middle of the file, and Helm misreads the rest"
        raise _refusal(file, content[: mark.end() - 1], message, "delete the invisible character")
    values = Mapping(mark=Mark(file, 1))
    faults: list[Fault] = []
    for first_line, part in _documents(content, file):
        builder = Builder(part, file, first_line)
        found = builder.build()
        faults += builder.faults
        if found is not None:
            values = overlay((values, found)) if values.entries else found
    return Document(values, tuple(faults))


def _decode(text: bytes | str, file: str) -> str:
    if isinstance(text, bytes):
        if text.startswith(_UTF16):
            raise _refusal(file, "", "the file is UTF-16, which Helm cannot read", _UTF8_HINT)
        try:
            text = text.decode()
        except UnicodeDecodeError as error:
            raise _refusal(
                file, error.object[: error.start].decode(), "the file is not UTF-8", _UTF8_HINT
            ) from error
    text = text.removeprefix("\ufeff")
    # Helm reads by lines and ends each with a line feed, so a block at the end of the file gets its final break.
    return text if text.endswith("\n") else text + "\n"


def _documents(text: str, file: str) -> list[tuple[int, str]]:
    """Return the parts that Helm parses one by one, each with the number of its first line, counted from 0."""
    parts: list[tuple[int, str]] = []
    start = 0
    for match in _SEPARATOR.finditer(text):
        rest = match[1].strip()
        if rest and not rest.startswith("#"):
            message = f"Helm takes a line that begins with --- for the start of a document, and {rest!r} follows"
            hint = "indent the line, or put the rest on the next one"
            raise _refusal(file, text[: match.start(1)], message, hint, "syntax")
        if match.start() > start:
            parts.append((count_breaks(text[:start]), text[start : match.start()]))
            start = min(match.end() + 1, len(text))
    parts.append((count_breaks(text[:start]), text[start:]))
    return parts


def _refusal(file: str, before: str, message: str, hint: str, code: str = "encoding") -> ValuesError:
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    return ValuesError([Fault(code, message, Where(file, line, column), hint, fatal=True)])
