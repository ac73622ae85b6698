"""What a request asks for, every part of it checked against a closed set."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from takeout.archive import Preset
from takeout.server.refusal import Refusal

MOST_EXCLUDES = 500
MOST_EXCLUDE_CHARACTERS = 4_096
KNOWN = frozenset({"format", "preset", "exclude", "tag", "transfer", "_xsrf", "token"})
"""Arguments that a request may have. ``token`` and ``_xsrf`` are Jupyter Server's."""
_TRANSFER = re.compile(r"[0-9a-f]{8,64}")
_TAG = re.compile(r"[0-9A-Za-z._-]{1,120}")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a request asks for.

    Attributes:
        format: Name of a format that the administrator allows.
        preset: How much is taken.
        exclude: Patterns of what to leave out, as in ``.gitignore``.
        tag: The archive that was seen before, as its ``ETag`` has it; empty where none was.
        transfer: The name that the page gave the transfer, to ask how far it is; empty where it did not.
    """

    format: str
    preset: Preset
    exclude: tuple[str, ...] = ()
    tag: str = ""
    transfer: str = ""


def read_wish(arguments: Mapping[str, Sequence[str]], formats: Collection[str], presets: Collection[str]) -> Wish:
    """Return what the arguments of an address ask for.

    Args:
        arguments: All values of each argument.
        formats: The allowed formats; the first is the default.
        presets: The allowed presets; the first is the default.

    Raises:
        Refusal: 400, naming what is allowed.
    """
    unknown = sorted(set(arguments) - KNOWN)
    if unknown:
        raise Refusal(400, "argument", f"unknown argument {_quoted(unknown[0])}", f"known are {_listed(KNOWN)}")
    return Wish(
        format=_one_of(arguments, "format", formats),
        preset=Preset(_one_of(arguments, "preset", presets)),
        exclude=_excludes(arguments.get("exclude", ())),
        tag=_shaped(arguments, "tag", _TAG),
        transfer=_shaped(arguments, "transfer", _TRANSFER),
    )


def _single(arguments: Mapping[str, Sequence[str]], name: str) -> str:
    values = arguments.get(name, ())
    if len(values) > 1:
        raise Refusal(400, "argument", f"the argument {name!r} is given {len(values)} times", "give it once")
    return values[0] if values else ""


def _one_of(arguments: Mapping[str, Sequence[str]], name: str, allowed: Collection[str]) -> str:
    value = _single(arguments, name) or next(iter(allowed))
    if value not in allowed:
        raise Refusal(400, "argument", f"unknown {name} {_quoted(value)}", f"one of {_listed(allowed)}")
    return value


def _shaped(arguments: Mapping[str, Sequence[str]], name: str, shape: re.Pattern[str]) -> str:
    value = _single(arguments, name)
    if value and not shape.fullmatch(value):
        raise Refusal(400, "argument", f"the argument {name!r} is not one that this server gave out")
    return value


def _excludes(values: Sequence[str]) -> tuple[str, ...]:
    if len(values) > MOST_EXCLUDES:
        hint = "leave out whole directories, or write the patterns into a file .takeoutignore in the home"
        raise Refusal(400, "argument", f"more than {MOST_EXCLUDES} patterns to leave out", hint)
    for value in values:
        if len(value) > MOST_EXCLUDE_CHARACTERS or any(c in value for c in "\0\r\n"):
            raise Refusal(400, "argument", "a pattern to leave out is too long, or has a line's end in it")
    return tuple(dict.fromkeys(value for value in values if value))


def _quoted(value: str) -> str:
    return repr(value[:80].encode("ascii", "backslashreplace").decode())


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(name for name in names if not name.startswith("_")))
