"""What JupyterHub's pages say, as far as a session needs it; pure."""

from __future__ import annotations

import html
import json
import re
from html.parser import HTMLParser

_PROFILE_LIST = re.compile(r"window\.profileList\s*=\s*(?=\[)")
_UNSEEN = re.compile(r"^.*</nav>|<(script|style|head)\b.*?</\1>|<footer.*$|<[^>]+>|\s+", re.DOTALL)


class _Inputs(HTMLParser):
    """Collect what a page's forms hold."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden: dict[str, str] = {}
        self.profiles: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "input" and given.get("type") == "hidden" and "name" in given:
            self.hidden[given["name"]] = given.get("value", "")
        if tag == "input" and given.get("type") == "radio" and given.get("name") == "profile":
            self.profiles.append(given.get("value", ""))


def profiles_of(page: str) -> list[str]:
    """Return the slugs of the profiles that a form offers: KubeSpawner's own, or that of fancy profiles."""
    listed = _PROFILE_LIST.search(page)
    if listed:
        data, _ = json.JSONDecoder().raw_decode(page, listed.end())
        return [str(profile["slug"]) for profile in data]
    return _parsed(page).profiles


def hidden(page: str) -> dict[str, str]:
    """Return the hidden inputs of a page's forms."""
    return _parsed(page).hidden


def _parsed(page: str) -> _Inputs:
    parser = _Inputs()
    parser.feed(page)
    return parser


def words(page: str, most: int = 300) -> str:
    """Return what a person would read on a page, or the beginning of it."""
    text = re.sub(r" {2,}", " ", html.unescape(_UNSEEN.sub(" ", page))).strip()
    return text[:most]
