"""What Helm swallows without a word in a single scalar."""

from __future__ import annotations

import re
from dataclasses import dataclass

from takeout.values.node import ScalarData

_OCTAL = re.compile(r"[-+]?0[oO]?[0-7_]*[1-7][0-7_]*")
_MODE_DIGITS = re.compile(r"[0-7]?[4-7][0-7][0-7]")
_MODE_KEY = re.compile(r"(?:^|[^a-z])modes?$|Modes?$")
_TEXT_KEY = re.compile(r"(?:^|[a-z_-])(?:tag|version|Tag|Version|account|Account|accountId|commit|ref)$")
_EXACT = 2**53
_ALL_BY_DECIMAL = "511"  # this is 0777 already


@dataclass(frozen=True, slots=True)
class Remark:
    """What there is to say about a scalar: a fault's code, message and hint."""

    code: str
    message: str
    hint: str


UNREAD = Remark(
    "unread-document",
    "Helm does not read what follows here",
    "a further document begins with a line that is nothing but ---",
)


def duplicate_remark(key: str, first_line: int) -> Remark:
    """Return the remark on a key that was written before, on ``first_line``, in the same mapping."""
    message = f"the key {key!r} stands here again; Helm forgets what line {first_line} says"
    return Remark("duplicate-key", message, "keep one of the two")


def merge_remark(key: str, line: int) -> Remark:
    """Return the remark on a key, written on ``line``, that a ``<<`` below it replaces."""
    message = f"<< replaces the key {key!r} of line {line}, because it stands below it"
    return Remark("merge-replaces-key", message, "write << first")


def key_remark(text: str, key: str) -> Remark | None:
    """Return a remark when Helm knows a plain key by another name than it was written."""
    if text == key:
        return None
    return Remark("yaml11-key", f"Helm reads the key {text} as {key!r}", f'write it as "{text}", in quotes')


def number_remark(text: str, value: ScalarData, key: str) -> Remark | None:
    """Return a remark when Helm's number is not the one that a reader of the plain text would expect.

    Args:
        text: The scalar as it is written.
        value: What Helm makes of it.
        key: The key that it stands under; empty in a list.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if _OCTAL.fullmatch(text):
        return Remark(
            "octal-mode",
            f"{text} is octal, and Helm sees the number {value}",
            f'write {value} if a file mode is meant, "{text}" in quotes if a text is',
        )
    if _is_meant_octal(text, key):
        return Remark(
            "octal-mode",
            f"{text} is decimal, and as a file mode Helm sees 0{value:o}",
            f"write {int(text, 8)} if the file mode 0{text.lstrip('0')} is meant",
        )
    if _is_changed(text, value, key):
        message = f"Helm reads {text} as the number {value}"
        return Remark("number-changed", message, f'write "{text}", in quotes, to keep it as it is')
    return None


def _is_meant_octal(text: str, key: str) -> bool:
    """Whether a decimal under a key for file modes looks octal: nobody may do more than the one before."""
    if not _MODE_KEY.search(key) or not _MODE_DIGITS.fullmatch(text) or text == _ALL_BY_DECIMAL:
        return False
    owner, group, other = (int(digit) for digit in text[-3:])
    return not (group & ~owner or other & ~group)


def _is_changed(text: str, value: float, key: str) -> bool:
    if isinstance(value, int) and abs(value) >= _EXACT:
        return str(value) != text.replace("_", "").removeprefix("+")
    return _TEXT_KEY.search(key) is not None and str(value) != text
