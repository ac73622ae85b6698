"""Read what a person writes behind ``--domain``, ``--storage`` and ``--auth``."""

from __future__ import annotations

import re
from string import Formatter
from typing import get_args

from takeout.adapt.context import Auth, Options, Storage
from takeout.errors import OptionError
from takeout.source.model import HubEntry

_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_CLAIM = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_FIELDS = {"hub", "cluster"}
_STORAGE_HINT = "storage: dynamic, pvc:NAME, nfs:HOST:/PATH, home-nfs or hostpath:/DIR"
_LONGEST_DOMAIN = 253  # RFC 1035, section 2.3.4, without the final dot


def parse_options(*, domain: str = "", storage: str = "dynamic", auth: str = "keep") -> Options:
    """Return the options that these texts stand for.

    Raises:
        OptionError: When one makes no sense.
    """
    return Options(parse_domain(domain) if domain else "", parse_storage(storage), parse_auth(auth))


def parse_domain(text: str) -> str:
    """Return a host name in lower case and in ASCII (IDNA), without scheme.

    Raises:
        OptionError: When ``text`` is not a host name.
    """
    hint = "give the host name that the replica will have, such as hub.example.edu"
    if "/" in text or ":" in text or "@" in text:
        raise OptionError(f"not a domain: {text!r}", hint=f"{hint}: no scheme, port or path")
    try:
        name = text.strip().rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise OptionError(f"not a domain: {text!r}", hint=hint) from error
    if len(name) > _LONGEST_DOMAIN or not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise OptionError(f"not a domain: {text!r}", hint=hint)
    return name


def fill_domain(template: str, entry: HubEntry) -> str:
    """Return the domain that ``template`` gives ``entry``; its fields are ``{hub}`` and ``{cluster}``.

    Raises:
        OptionError: When the template names another field, or does not give a domain.
    """
    if not template:
        return ""
    hint = "fields: {hub} and {cluster}, such as '{hub}.example.edu'"
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise OptionError(f"--domain {template!r}: {error}", hint=hint) from error
    if any(
        name is not None and (name not in _FIELDS or spec or conversion) for _, name, spec, conversion in parts
    ):
        raise OptionError(f"--domain {template!r} has a field that is not known", hint=hint)
    fields = {"hub": _as_label(entry.name), "cluster": _as_label(entry.cluster)}
    return parse_domain(template.format(**fields))


def parse_storage(text: str) -> Storage:
    """Return the storage that ``text`` stands for.

    Raises:
        OptionError: When it is none of the known forms.
    """
    kind, _, rest = text.partition(":")
    if kind in ("dynamic", "home-nfs") and not rest and ":" not in text:
        return Storage("dynamic" if kind == "dynamic" else "home-nfs")
    if kind == "pvc" and _CLAIM.fullmatch(rest):
        return Storage("pvc", name=rest)
    if kind == "nfs":
        host, separator, path = rest.rpartition(":/")
        if separator and host and not re.search(r"\s|/", host):
            return Storage("nfs", host=host, path=_clean_path("/" + path))
    if kind == "hostpath" and rest.startswith("/"):
        return Storage("hostpath", path=_clean_path(rest))
    raise OptionError(f"not a storage: {text!r}", hint=_STORAGE_HINT)


def format_storage(storage: Storage) -> str:
    """Return the written form of ``storage``; ``parse_storage`` reads it back."""
    match storage.kind:
        case "pvc":
            return f"pvc:{storage.name}"
        case "nfs":
            return f"nfs:{storage.host}:{storage.path}"
        case "hostpath":
            return f"hostpath:{storage.path}"
        case _:
            return storage.kind


def parse_auth(text: str) -> Auth:
    """Return the authenticator that ``text`` names.

    Raises:
        OptionError: When it is none that Takeout knows.
    """
    names: tuple[Auth, ...] = get_args(Auth)
    for name in names:
        if name == text:
            return name
    raise OptionError(f"there is no authenticator {text!r}", hint=f"authenticators: {', '.join(names)}")


def _clean_path(path: str) -> str:
    cleaned = re.sub(r"/{2,}", "/", path).rstrip("/") or "/"
    if ".." in cleaned.split("/") or re.search(r"\s", cleaned):
        raise OptionError(f"not an absolute path without '..' or white space: {path!r}", hint=_STORAGE_HINT)
    return cleaned


def _as_label(name: str) -> str:
    """Return ``name`` as one label of a domain: what RFC 1123 does not allow becomes a dash."""
    return re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-") or "hub"
