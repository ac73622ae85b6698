"""How to write a string in YAML so that every reader gets the same string."""

from __future__ import annotations

import re

from takeout.values.resolve import is_string

_UNSAFE = re.compile("[^ -~\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|[\u2028\u2029]")
_UNPRINTABLE = re.compile("[^\t\n -~\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|[\u2028\u2029]")
_ESCAPED = re.compile('["\\\\]|' + _UNSAFE.pattern)
_SURROGATE = re.compile("[\ud800-\udfff]")
_NEVER_FIRST = frozenset(",[]{}#&*!|>'\"%@`")
_SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}
_BYTE, _TWO_BYTES = 0xFF, 0xFFFF

# What the specifications of YAML 1.1 and 1.2 call a number, a date, a merge or a default value, and Helm does not.
_OTHER_READERS = re.compile(
    r"""[-+]?0b[01_]+
      | [-+]?0o?[0-7_]+
      | [-+]?0x[0-9a-fA-F_]+
      | [-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?
      | [-+]?(?:[0-9][0-9_]*)?\.?[0-9_]*(?:[eE][-+]?[0-9]+)?
      | [-+]?\.(?:inf|nan)
      | \d{4}-\d\d?-\d\d?(?:[Tt\ \t].*)?
      | << | = | ~ | y | n | yes | no | on | off | true | false | null""",
    re.VERBOSE | re.IGNORECASE,
)


def inline(text: str, *, quoted: bool = False) -> str:
    """Return ``text`` as a scalar on one line: plain where every reader takes it for this string, else in quotes.

    Args:
        text: The string.
        quoted: Whether to use quotes even where none are needed.
    """
    if not quoted and is_plain(text):
        return text
    if ('"' in text or "\\" in text) and "'" not in text and not _UNSAFE.search(text):
        return f"'{text}'"
    escaped = _ESCAPED.sub(lambda match: _escape(match[0]), _SURROGATE.sub("\ufffd", text))
    return f'"{escaped}"'


def is_plain(text: str) -> bool:
    """Whether ``text`` without quotes is this string to every reader, as a key too."""
    if not text or text[0] in _NEVER_FIRST or text[0] == " " or text[-1] in " :":
        return False
    if (text[0] in "-?:" and text[1:2] in ("", " ")) or text.startswith(("---", "...")):
        return False
    if ": " in text or " #" in text or _UNSAFE.search(text):
        return False
    return is_string(text) and not _OTHER_READERS.fullmatch(text)


def can_be_block(text: str) -> bool:
    """Whether ``text`` can be written as a block of lines that shows it as it is."""
    last = text.rsplit("\n", 1)[-1]
    return bool(text.strip(" \t\n")) and not _UNPRINTABLE.search(text) and (not last or not last.isspace())


def literal(text: str) -> tuple[str, list[str]]:
    """Return the header and the lines of ``text`` as a literal block; the lines are not yet indented."""
    return "|" + _indicators(text), (text + "\n" if not text.endswith("\n") else text).split("\n")[:-1]


def folded(text: str, width: int) -> tuple[str, list[str]] | None:
    """Return the header and lines of ``text`` as a folded block no wider than ``width`` where words allow.

    None where a line of it begins with white space: a folded block would not keep the break before it.
    """
    body = text.rstrip("\n")
    if re.search(r"(?:^|\n)[ \t]|[ \t](?:\n|$)", body) or body.startswith("\n"):
        return None
    lines: list[str] = []
    for part in re.split(r"(\n+)", body):
        lines += [""] * len(part) if part.startswith("\n") else _wrap(part, width)
    return ">" + _indicators(text), lines + [""] * (len(text) - len(body) - 1)


def _wrap(paragraph: str, width: int) -> list[str]:
    """Break a line at single spaces; where there are several, none of them may become a break."""
    lines = [""]
    for word in re.split(r"(?<! ) (?! )", paragraph):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] += f" {word}" if lines[-1] else word
    return lines


def _indicators(text: str) -> str:
    indent = "2" if text[0] in " \t\n" else ""
    if not text.endswith("\n"):
        return indent + "-"
    return indent + ("+" if text.endswith("\n\n") else "")


def _escape(character: str) -> str:
    if character in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[character]
    code = ord(character)
    if code <= _BYTE:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code <= _TWO_BYTES else f"\\U{code:08X}"
