"""What a person may call a source: a directory, an address, or ``github.com/owner/name``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from takeout.errors import SourceError

_SCHEMES = ("https", "http", "ssh", "git", "file")
_SHORT = re.compile(
    r"(?:www\.)?(?P<host>github\.com|gitlab\.com|bitbucket\.org|codeberg\.org)/(?P<path>[^?#]+)", re.IGNORECASE
)
_SCP = re.compile(
    r"(?P<user>[A-Za-z0-9._-]+@)(?P<host>[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\]):(?P<path>(?!/?$)[^\x00-\x20]+)"
)
_FORGE_PAGE = re.compile(
    r"(?P<repository>/[^/]+/[^/]+?)(?:\.git)?(?:/(?:-/)?(?:tree|blob|commit)/(?P<rest>.+))?/?$"
)
_FORGES = ("github.com", "gitlab.com", "bitbucket.org", "codeberg.org")


@dataclass(frozen=True, slots=True)
class Address:
    """A remote repository.

    Attributes:
        url: What git is given; may hold credentials, so it is never shown.
        shown: The same without credentials.
        owner: Who it belongs to, as the address says; empty where it does not.
        rev: The branch, tag or commit that a forge's page address names; empty where it names none.
    """

    url: str
    shown: str
    owner: str = ""
    rev: str = ""


def parse_address(place: str) -> Address | None:
    """Return the remote repository that ``place`` names; None when it names a local path.

    Raises:
        SourceError: When it is an address of a kind that is not read.
    """
    if place.startswith("-") or "::" in place.split("/", 1)[0]:
        raise SourceError(
            f"{hide_credentials(place)!r} is no address of a source",
            hint="Give https://…, ssh://…, git@host:owner/name, file:///… or a directory.",
        )
    if any(ord(character) < ord(" ") for character in place):
        raise SourceError("the address of the source holds control characters")
    short = _SHORT.fullmatch(place)
    if short is not None and not Path(place).exists():
        return _of_url(f"https://{short['host'].lower()}/{short['path']}")
    if "://" in place:
        scheme = place.split("://", 1)[0].lower()
        if scheme not in _SCHEMES:
            raise SourceError(
                f"sources are not read by {scheme}://", hint=f"Give one of: {', '.join(_SCHEMES)}, or a directory."
            )
        return _of_url(place)
    scp = _SCP.fullmatch(place)
    if scp is not None:
        if scp["host"].startswith("-") or scp["path"].startswith("-"):
            raise SourceError(f"{place!r} is no address of a source")
        return Address(place, f"{scp['host']}:{scp['path']}", _owner(scp["path"]))
    return None


def hide_credentials(text: str) -> str:
    """Return ``text`` with what stands before the ``@`` of every address in it taken out."""
    return re.sub(r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*://)[^/\s@]*(?:@[^/\s@]*)*@", r"\g<scheme>", text)


def _of_url(url: str) -> Address:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SourceError(f"{hide_credentials(url)!r} is no address: {error}") from error
    host = parts.hostname or ""
    if parts.scheme.lower() != "file" and (not host or host.startswith("-")):
        raise SourceError(f"{hide_credentials(url)!r} names no host")
    path, rev = parts.path, ""
    if host.removeprefix("www.") in _FORGES:
        page = _FORGE_PAGE.match(path)
        if page is not None:
            path, rev = page["repository"], (page["rest"] or "").split("/")[0]
    clean = urlunsplit((parts.scheme.lower(), parts.netloc, path, "", ""))
    netloc = (f"[{host}]" if ":" in host else host) + (f":{port}" if port else "")
    shown = urlunsplit((parts.scheme.lower(), netloc, path, "", ""))
    return Address(clean, shown, _owner(path) if parts.scheme.lower() != "file" else "", rev)


def _owner(path: str) -> str:
    steps = [step for step in path.split("/") if step]
    return steps[0] if len(steps) > 1 else ""
