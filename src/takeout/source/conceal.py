"""Hide the secrets of values that are in the clear: each becomes a placeholder that carries its path.

A release's values hold what its operators gave to Helm, secrets among the rest. What is told apart by its name or
by its form is taken out before anything is written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, field
from typing import Any

from takeout.errors import Fault, Where
from takeout.values.encrypted import placeholder
from takeout.values.path import Path, format_path

_NAMED = re.compile(
    r"secret|passw(or)?d|passphrase|token|private_?key|api_?key|access_?key|crypt(o|keeper)?_?key|cookie_?secret|"
    r"credential|pepper|htpasswd|dockerconfigjson|auth_?key|contactkey",
    re.IGNORECASE,
)
_NOT_NAMED = re.compile(
    r"(name|names|ref|url|uri|path|file|dir|account|enabled|type|class|expir\w*|lifetime|ttl|timeout|seconds|audience|"
    r"issuer|scope|scopes|mountpath|claims?|endpoint|header|key_?id|algorithm)$|^existing|^automount|^create",
    re.IGNORECASE,
)
_BELOW = re.compile(r"^CryptKeeper$")
"""Whatever is below these is a secret, whatever it is called; a file of stringData may be any configuration."""

_FORMED = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_\w{30,}|\bglpat-[\w-]{20,}|"
    r"\bAKIA[0-9A-Z]{16}\b|\bxox[abprs]-[\w-]{10,}|://[^/\s:@]+:[^/\s@]+@|\bey[JK][\w-]{20,}\.[\w-]{20,}\.|"
    r'"private_key"\s*:'
)
_ASSIGNED = re.compile(
    r"""(?P<name>\w*(?:secret|passw(?:or)?d|token|api_?key|private_?key|pepper)\w*)(?P<between>["']?\]?\s*[=:]\s*[rbuf]?)"""
    r"""(?P<quote>["'])(?P<value>(?!<secret: )[^"'\n{}<>]{8,})(?P=quote)""",
    re.IGNORECASE,
)
_TEMPLATE = re.compile(r"^\s*\{[\w.{}-]*\}\s*$")


@dataclass(frozen=True, slots=True)
class Concealed:
    """Values without their secrets.

    Attributes:
        values: The values with placeholders.
        secrets: What was taken out, by its path.
        texts: Whole texts that a secret was cut out of, by their path.
        faults: What should be known of it.
    """

    values: dict[str, Any]
    secrets: MappingABC[Path, str]
    texts: MappingABC[Path, str]
    faults: tuple[Fault, ...]


@dataclass(slots=True)
class _Found:
    secrets: dict[Path, str] = field(default_factory=dict)
    texts: dict[Path, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def conceal(values: MappingABC[str, Any], file: str) -> Concealed:
    """Return ``values`` with a placeholder for every secret.

    Args:
        values: Plain data.
        file: What faults call it.
    """
    found = _Found()
    hidden = _hide(dict(values), (), found, file)
    return Concealed(hidden, found.secrets, found.texts, tuple(found.faults))


def is_secret(path: Path, value: str) -> bool:
    """Whether a text at ``path`` is a secret, by its name or by its form."""
    if not value or _TEMPLATE.match(value):
        return False
    names = [step for step in path if isinstance(step, str)]
    if any(_BELOW.search(name) for name in names[:-1]):
        return True
    last = names[-1] if names else ""
    if _NAMED.search(last) and not _NOT_NAMED.search(last):
        return "\n" not in value or bool(_FORMED.search(value))
    return bool(_FORMED.search(value)) and "\n" not in value.strip()


def _hide(value: Any, path: Path, found: _Found, file: str) -> Any:
    if isinstance(value, dict):
        named = value.get("name")
        if isinstance(named, str) and isinstance(value.get("value"), str) and is_secret((named,), value["value"]):
            found.secrets[*path, "value"] = value["value"]
            value = {**value, "value": placeholder((*path, "value"))}
        return {key: _hide(inner, (*path, str(key)), found, file) for key, inner in value.items()}
    if isinstance(value, list):
        return [_hide(inner, (*path, index), found, file) for index, inner in enumerate(value)]
    if not isinstance(value, str) or value.startswith("<secret: "):
        return value
    if is_secret(path, value):
        found.secrets[path] = value
        return placeholder(path)
    if "\n" in value:
        return _cut(value, path, found, file)
    return value


def _cut(text: str, path: Path, found: _Found, file: str) -> str:
    """Cut the secrets out of code: what is assigned to a name that tells, and what has the form of one."""
    if _FORMED.search(text):
        cut = placeholder(path)
        found.secrets[path] = text
    else:
        cut = _ASSIGNED.sub(
            lambda match: f"{match['name']}{match['between']}{match['quote']}{placeholder(path)}{match['quote']}",
            text,
        )
        if cut != text:
            found.texts[path] = text
    if cut != text:
        message = f"{format_path(path)} is code with a secret in it; the secret is cut out"
        hint = "move the secret into hub.extraEnv of secrets.yaml, and read it from the environment"
        found.faults.append(Fault("secret-in-code", message, Where(file, path=format_path(path)), hint))
    return cut
