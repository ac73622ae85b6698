"""What a scalar's text means to Helm.

Helm reads YAML with the second version of go-yaml: YAML 1.1 without its base-60 numbers and with timestamps left
as strings. The result then passes through JSON, where every number is a 64-bit float.

Source: https://github.com/yaml/go-yaml/blob/v2.4.0/resolve.go and
https://github.com/kubernetes-sigs/yaml/blob/v1.6.0/yaml.go
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct
from datetime import date
from decimal import Decimal

from takeout.values.node import ScalarData

_LONG = "tag:yaml.org,2002:"
STR_TAG = _LONG + "str"
MERGE_TAG = _LONG + "merge"
_BOOL_TAG = _LONG + "bool"
_INT_TAG = _LONG + "int"
_FLOAT_TAG = _LONG + "float"
_NULL_TAG = _LONG + "null"
_TIMESTAMP_TAG = _LONG + "timestamp"
_BINARY_TAG = _LONG + "binary"
_RESOLVABLE = frozenset({STR_TAG, _BOOL_TAG, _INT_TAG, _FLOAT_TAG, _NULL_TAG, _TIMESTAMP_TAG})

_WORDS: dict[str, tuple[str, ScalarData]] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), (_BOOL_TAG, True)),
    **dict.fromkeys(
        ("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), (_BOOL_TAG, False)
    ),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), (_NULL_TAG, None)),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), (_FLOAT_TAG, math.nan)),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), (_FLOAT_TAG, math.inf)),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), (_FLOAT_TAG, -math.inf)),
}
_FIRST = frozenset("+-.0123456789yYnNtTfFoO~")
_DIGIT_OR_SIGN = frozenset("+-0123456789")

_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_DOT_FLOAT = re.compile(r"\.[0-9]+([eE][-+]?[0-9]+)?")
_INTEGER = re.compile(
    r"(?P<sign>[-+]?)(?:0[xX](?P<x>[0-9a-fA-F]+)|0[bB](?P<b>[01]+)|0[oO]?(?P<o>[0-7]+)|(?P<d>0|[1-9][0-9]*))"
)
_BINARY_WITH_SIGN = re.compile(r"0b(?P<sign>[-+])(?P<b>[01]+)")
_BASES = {"x": 16, "b": 2, "o": 8, "d": 10}
_DATE = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:[Tt]\d{1,2}:\d{1,2}:\d{1,2}([.,]\d+)?(Z|[-+]\d\d:\d\d)| \d{1,2}:\d{1,2}:\d{1,2}([.,]\d+)?)?",
    re.ASCII,
)
_INT64 = 2**63
_UINT64 = 2**64
_EXACT = 2**53
_BARE_INTEGER_LIMIT = 1e21
_EXPONENT_MINIMUM, _EXPONENT_LIMIT = -4, 6


class ResolveError(ValueError):
    """A scalar has no value that Helm can use."""


def resolve(text: str, tag: str | None, *, plain: bool) -> ScalarData:
    """Return the value of a scalar before its way through JSON.

    Args:
        text: The scalar's content.
        tag: Its tag in full, ``!`` or None.
        plain: Whether it was written without quotes and not as a block.

    Raises:
        ResolveError: When the tag asks for another type than the text has.
    """
    if not tag:
        return _implicit(text)[1] if plain else text
    if tag == _BINARY_TAG:
        return _from_base64(text)
    if tag == STR_TAG or tag not in _RESOLVABLE:
        return text
    found, value = _implicit(text)
    if tag == _TIMESTAMP_TAG and found == STR_TAG and _is_timestamp(text):
        found = _TIMESTAMP_TAG
    if tag == _FLOAT_TAG and found == _INT_TAG and isinstance(value, int) and value < _INT64:
        found = _FLOAT_TAG
    if tag != found:
        raise ResolveError(f"cannot read {text!r} as !!{tag.removeprefix(_LONG)}")
    return value


def as_json(value: ScalarData) -> ScalarData:
    """Return a resolved value as it is after its way through JSON: numbers are 64-bit floats.

    Infinity and not-a-number, which JSON does not have, come back as they are.
    """
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, int) and -_EXACT <= value <= _EXACT:
        return value
    number = float(value)
    if math.isfinite(number) and number.is_integer() and abs(number) < _BARE_INTEGER_LIMIT:
        return int(Decimal(repr(number)))
    return number


def as_key(value: ScalarData) -> str:
    """Return a resolved value as the key of a mapping.

    Raises:
        ResolveError: When it cannot be one.
    """
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() if -_INT64 <= value < _INT64:
            return str(value)
        case float():
            return _float_key(value)
    raise ResolveError(f"a key cannot be {'null' if value is None else value}")


def is_string(text: str) -> bool:
    """Whether Helm takes a plain scalar without a tag for a string."""
    return _implicit(text)[0] == STR_TAG


def _implicit(text: str) -> tuple[str, ScalarData]:
    """Return the tag and value of a plain scalar without a tag."""
    if text and text[0] not in _FIRST:
        return STR_TAG, text
    if text in _WORDS:
        return _WORDS[text]
    value: ScalarData = None
    if text[0] == ".":
        value = _finite(text) if _DOT_FLOAT.fullmatch(text) else None
    elif text[0] in _DIGIT_OR_SIGN:
        value = _number(text.replace("_", ""))
    if value is None:
        return STR_TAG, text
    return (_INT_TAG if isinstance(value, int) else _FLOAT_TAG), value


def _number(text: str) -> int | float | None:
    match = _INTEGER.fullmatch(text)
    if match is not None and match.lastgroup is not None:
        value = int(match[match.lastgroup], _BASES[match.lastgroup])
        if match["sign"] == "-":
            value = -value
        if -_INT64 <= value < _INT64 or (value < _UINT64 and value > 0 and not match["sign"]):
            return value
    if _FLOAT.fullmatch(text):
        return _finite(text)
    match = _BINARY_WITH_SIGN.fullmatch(text)
    if match is not None:
        value = int(match["sign"] + match["b"], 2)
        if -_INT64 <= value < _INT64:
            return value
    return None


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _is_timestamp(text: str) -> bool:
    match = _DATE.fullmatch(text)
    if match is None:
        return False
    try:
        date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return False
    return True


def _from_base64(text: str) -> str:
    try:
        data = base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ResolveError("the !!binary value is not base64") from error
    # JSON puts U+FFFD in the place of every byte that is not part of a character.
    return re.sub("[\udc80-\udcff]", "\ufffd", data.decode("utf-8", "surrogateescape"))


def _float_key(value: float) -> str:
    """Return what Go's ``FormatFloat(value, 'g', -1, 32)`` gives, with YAML's words for what is not finite."""
    try:
        single = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        single = math.copysign(math.inf, value)
    if math.isnan(single):
        return ".nan"
    if math.isinf(single):
        return ".inf" if single > 0 else "-.inf"
    if single == 0:
        return "-0" if math.copysign(1, single) < 0 else "0"
    for precision in range(9):
        text = f"{single:.{precision}e}"
        if struct.pack("f", float(text)) == struct.pack("f", single):
            break
    mantissa, exponent = text.split("e")
    power = int(exponent)
    if power < _EXPONENT_MINIMUM or power >= _EXPONENT_LIMIT:
        return f"{mantissa}e{'-' if power < 0 else '+'}{abs(power):02d}"
    return format(Decimal(text), "f")
