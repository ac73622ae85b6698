"""The parser's places and complaints, in our terms."""

from __future__ import annotations

import yaml

from takeout.errors import Fault, ValuesError, Where

_HINTS = (
    ("mapping values are not allowed", "put text that has a colon and a space in it in quotes"),
    ("could not find expected ':'", "a line that is not `key: value` stands here, or a quote is not closed above"),
    ("cannot start any token", "indent with spaces, not tabs, and put text that begins with @, ` or % in quotes"),
    ("did not find expected key", "the indentation differs from that of the lines above"),
    ("did not find expected '-' indicator", "the indentation differs from that of the list's other items"),
    ("block sequence entries are not allowed", "begin the list on a line of its own"),
    ("unexpected end of stream", "a quote is opened and never closed"),
    ("while scanning a quoted scalar", "a quote is opened and never closed"),
    ("unknown escape character", "inside double quotes write a backslash twice, or use single quotes"),
    ("did not find expected ',' or", "a bracket is opened and never closed, or a comma is missing"),
    ("undefined tag handle", "put text that begins with ! in quotes"),
    ("while scanning an alias", "put text that begins with * in quotes"),
    ("while scanning an anchor", "put text that begins with & in quotes"),
    ("block scalar", "the lines of a block are indented alike, with spaces, below its key"),
)


def begin(event: yaml.Event) -> tuple[int, int]:
    """Return the line and column, both from 0, where ``event`` begins."""
    mark = event.start_mark
    return (mark.line, mark.column) if mark is not None else (0, 0)


def finish(event: yaml.Event) -> tuple[int, int]:
    """Return the line and column, both from 0, where ``event`` ends."""
    mark = event.end_mark
    return (mark.line, mark.column) if mark is not None else (0, 0)


def extent(event: yaml.Event) -> slice:
    """Return the characters of the text that ``event`` was made of."""
    if event.start_mark is None or event.end_mark is None:
        return slice(0)
    return slice(event.start_mark.index, event.end_mark.index)


def explain(error: yaml.YAMLError, file: str, first_line: int) -> ValuesError:
    """Return the parser's complaint as an error with its place and, where one is known, the mend.

    Args:
        error: The complaint.
        file: The file's name.
        first_line: How many lines of the file come before the parsed text.
    """
    message, line, column = str(error).splitlines()[0], 0, 0
    context = ""
    if isinstance(error, yaml.MarkedYAMLError):
        context, message = error.context or "", error.problem or error.context or message
        mark = error.problem_mark or error.context_mark
        if mark is not None:
            line, column = mark.line + 1 + first_line, mark.column + 1
    known = f"{context} {message}"
    hint = next((hint for sign, hint in _HINTS if sign in known), "")
    text = f"the YAML is broken: {message}" + (f" {context}" if context and context != message else "")
    return ValuesError([Fault("syntax", text, Where(file, line, column), hint, fatal=True)])
