"""What an address that a person copied from a browser says: which server, which hub, whose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from takeout.errors import OptionError, Where

FRONT_ENDS = frozenset(
    {
        "lab", "tree", "notebooks", "retro", "doc", "files", "edit", "view", "api", "terminals", "consoles",
        "nbclassic", "nbconvert", "git-pull", "rstudio", "shiny", "proxy", "vscode", "desktop", "takeout",
        "hub", "login", "voila", "static", "nbextensions",
    }
)  # fmt: skip
"""First words after a server's base address; a named server has another one."""
_SUCH = "give one such as https://hub.example.org/user/ana/"
_SECRETS = frozenset({"token", "access_token", "password", "jupyterhub_api_token"})


@dataclass(frozen=True, slots=True)
class Address:
    """An address, taken apart.

    Attributes:
        origin: Scheme, host and port.
        hub: Path of the hub with a final slash, such as ``/hub/``; empty where there is none.
        user: The user whose server it is; empty for the token's own, or without a hub.
        server: Name of a named server; empty for the default one.
        base: Path of the server with a final slash; for a hub's own page that of the token's user is not known
            before the hub is asked, and it is empty.
        guesses: Other paths where a server may be, the longest first.
    """

    origin: str
    hub: str
    user: str
    server: str
    base: str
    guesses: tuple[str, ...] = ()

    def with_user(self, user: str, server: str = "") -> Address:
        """Return the address of a user's server on this hub."""
        prefix = self.hub.removesuffix("hub/")
        name = f"{quote(server, safe='@~')}/" if server else ""
        base = f"{prefix}user/{quote(user, safe='@~')}/{name}"
        return Address(self.origin, self.hub, user, server, base, ())


def read_address(text: str) -> Address:
    """Take an address apart.

    Args:
        text: The address of a server or a hub, as a browser shows it; also of a page deep inside.

    Raises:
        OptionError: When it is no address, or carries a token or a password.
    """
    given = text.strip()
    if "://" not in given:
        local = given.startswith(("localhost", "127.", "[::1]"))
        given = f"{'http' if local else 'https'}://{given}"
    try:
        parts = urlsplit(given)
        port = f":{parts.port}" if parts.port else ""
        (parts.hostname or "").encode("idna")
    except ValueError as error:
        raise OptionError("this is not an address", where=Where(_shown(text)), hint=_SUCH) from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise OptionError("this is not an address of a Jupyter server", where=Where(_shown(text)), hint=_SUCH)
    _refuse_secrets(parts.username, parts.password, parts.query, parts.fragment)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    origin = f"{parts.scheme}://{host}{port}"
    # A browser may show letters that stand in an address only in another form; what has that form is left.
    path = quote(parts.path, safe="/%:@!$&'()*+,;=~")
    return _of_path(origin, [part for part in path.split("/") if part])


def folder_in(text: str) -> str:
    """Return the folder or the file that an address leads to in a front end's file browser; empty for none."""
    words = [part for part in urlsplit(text if "://" in text else f"//{text}").path.split("/") if part]
    if "user" in words:
        words = words[words.index("user") + 2 :]
    first = next((at for at, word in enumerate(words) if word in FRONT_ENDS), len(words))
    words = words[first:]
    return unquote("/".join(words[words.index("tree") + 1 :])) if "tree" in words else ""


def _refuse_secrets(user: str | None, password: str | None, query: str, fragment: str) -> None:
    names = {name.lower() for name, _ in (*parse_qsl(query), *parse_qsl(fragment))}
    if user or password or names & _SECRETS:
        raise OptionError(
            "the address holds a token or a password, and addresses end up in histories and logs",
            hint="take it out of the address, and give the token in JUPYTERHUB_API_TOKEN or with --token-file; "
            "if others could read it, make a new one",
        )


def _of_path(origin: str, words: list[str]) -> Address:
    for at, word in enumerate(words):
        if word == "user" and at + 1 < len(words):
            return _of_user(origin, words, at)
        if word == "hub":
            # A hub shows the page of a stopped server as /hub/user/ana/….
            if words[at + 1 : at + 2] == ["user"] and at + 2 < len(words):
                return _of_user(origin, words[:at] + words[at + 1 :], at)
            return Address(origin, _joined(words[: at + 1]), "", "", "")
    return Address(origin, "", "", "", "", tuple(_upwards(words)))


def _of_user(origin: str, words: list[str], at: int) -> Address:
    prefix = words[:at]
    hub = _joined([*prefix, "hub"])
    user = unquote(words[at + 1])
    rest = words[at + 2 :]
    server = unquote(rest[0]) if rest and rest[0] not in FRONT_ENDS else ""
    base = Address(origin, hub, "", "", "").with_user(user, server)
    default = _joined(words[: at + 2])
    return Address(origin, hub, user, server, base.base, (default,) if server else ())


def _upwards(words: list[str]) -> Iterator[str]:
    """Yield the paths above an address, itself first; a front end's words are not a base."""
    for count, word in enumerate(words):
        if word in FRONT_ENDS:
            words = words[:count]
            break
    for count in range(len(words), -1, -1):
        yield _joined(words[:count])


def _joined(words: list[str]) -> str:
    return "/" + "".join(f"{word}/" for word in words)


def _shown(text: str) -> str:
    """Return an address without its query, which may hold a token."""
    return text.split("?", 1)[0].split("#", 1)[0].rpartition("@")[2]
