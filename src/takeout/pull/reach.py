"""From an address to a server that answers: find its base, and have the hub start it where it is stopped."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from takeout.errors import NetworkError, OptionError, TokenError, Where
from takeout.progress import Progress, silent
from takeout.pull.address import Address, read_address
from takeout.pull.answers import AbsentError, AskAgainError, FailedError, GaveUpError, RefusedError
from takeout.pull.connection import Connection
from takeout.pull.hub import Hub
from takeout.pull.model import Options
from takeout.pull.pace import Pace
from takeout.pull.token import HINT, Token

_COPY = "copy the address from the browser, with JupyterLab or the file browser open"


@dataclass(slots=True)
class Reached:
    """A server that answers.

    Attributes:
        connection: The server.
        version: Version of its Jupyter Server or notebook.
        hub: The hub that it belongs to, where the token is good there.
        user: Its user.
        name: Its name, where it is a named server.
        started: Whether the pull started it.
    """

    connection: Connection
    version: str
    hub: Hub | None = None
    user: str = ""
    name: str = ""
    started: bool = False

    def close(self) -> None:
        """Close every connection."""
        self.connection.close()
        if self.hub is not None:
            self.hub.close()

    def stop(self) -> bool:
        """Stop the server if the pull started it; return whether it did."""
        return self.started and self.hub is not None and self.hub.stop(self.user, self.name)


def reach(text: str, token: Token, options: Options, pace: Pace, progress: Progress = silent) -> Reached:
    """Find the server that an address means, and see that it answers to the token.

    Raises:
        OptionError: When it is no address of a server or a hub.
        TokenError: When the token is not accepted.
        NetworkError: When nothing answers, or the server does not start.
    """
    address = _settled(read_address(text), pace, options)

    def connect(base: str, hub: str, gate: Pace = pace) -> Connection:
        return Connection(address.origin, base, token, gate, hub=hub, patience_seconds=options.patience_seconds)

    if address.hub:
        with ExitStack() as stack:
            # The hub is still asked to stop the server when all else has ended.
            hub = stack.enter_context(closing(Hub(connect(address.hub, "", Pace(1)))))
            connection = stack.enter_context(closing(connect(address.base or "/", address.hub)))
            stops = not options.leave_running
            reached = _through_hub(address, hub, connection, progress, stops=stops)
            stack.pop_all()
            return reached
    for base in address.guesses:
        with ExitStack() as stack:
            connection = stack.enter_context(closing(connect(base, "")))
            version = _version(connection)
            if version:
                _check_token(connection)
                stack.pop_all()
                return Reached(connection, version)
    raise OptionError("there is no Jupyter server at this address", where=Where(address.origin), hint=_COPY)


def _settled(address: Address, pace: Pace, options: Options) -> Address:
    """Return the address after the site's own redirect, such as to https; no token is sent for that.

    Whatever else the first answer says, a hub's own root is recognised here too.
    """
    first = address.hub or address.base or (address.guesses or ("/",))[0]
    probe = Connection(address.origin, "/", None, pace, hub="", patience_seconds=options.patience_seconds)
    try:
        location = _redirect(probe, f"{first}api")
        if location:
            there, here = urlsplit(urljoin(address.origin, location)), urlsplit(address.origin)
            if (there.scheme, there.netloc) != (here.scheme, here.netloc):
                if there.hostname != here.hostname or there.scheme != "https":
                    hint = f"give the address {there.scheme}://{there.netloc}/… yourself, if that is meant"
                    raise OptionError("the address leads to another site", where=Where(address.origin), hint=hint)
                origin = f"https://{there.netloc}"
                address = Address(origin, address.hub, address.user, address.server, address.base, address.guesses)
        if not address.hub:
            return _hub_or_server(address, probe)
    finally:
        probe.close()
    return address


def _redirect(probe: Connection, path: str) -> str:
    def once() -> str:
        try:
            with probe.ask(path):
                return ""
        except RefusedError as refused:
            return refused.location

    try:
        return probe.insist(once)
    except (AbsentError, FailedError, GaveUpError):
        return ""


def _hub_or_server(address: Address, probe: Connection) -> Address:
    """Recognise the root of a hub, which is an address that people give too."""
    for base in address.guesses:
        for path in (f"{base}api", f"{base}hub/api"):
            model = _quiet_json(probe, f"{path}")
            if isinstance(model, dict) and "version" in model:
                if path.endswith("hub/api"):
                    return Address(address.origin, f"{base}hub/", "", "", "")
                return Address(address.origin, "", "", "", "", (base,))
    return address


def _quiet_json(probe: Connection, path: str) -> Any:
    try:
        with probe.ask(path) as answer:
            import json  # noqa: PLC0415

            return json.loads(answer.read())
    except (AskAgainError, AbsentError, FailedError, RefusedError, ValueError):
        return None


def _version(connection: Connection) -> str:
    model = _quiet_json(connection, "api")
    version = model.get("version") if isinstance(model, dict) else None
    return version if isinstance(version, str) else ""


def _check_token(connection: Connection) -> None:
    """See that the token is good before anything is promised.

    Raises:
        TokenError: When it is not.
    """
    try:
        connection.json("api/contents/?content=0")
    except RefusedError as error:
        raise TokenError(
            "the server does not accept the token", where=Where(connection.address), hint=HINT
        ) from error
    except (AbsentError, FailedError, GaveUpError) as error:
        raise NetworkError(
            f"this does not answer as a Jupyter server: {error}", where=Where(connection.address), hint=_COPY
        ) from error


def _through_hub(
    address: Address, hub: Hub, connection: Connection, progress: Progress, *, stops: bool
) -> Reached:
    """Find a user's server on a hub, and start it where it is stopped; ``stops`` where it turns out of no use."""
    running = bool(address.base) and bool(_version(connection))
    user, name = address.user, address.server
    try:
        user = user or hub.whose()
    except TokenError:
        if not running:
            raise
    except NetworkError:
        if not running:
            raise
    if not address.base:
        address = address.with_user(user)
        connection.base = address.base
        running = bool(_version(connection))
    reached = Reached(connection, "", hub, user, name)
    if not running:
        reached.started = _start(hub, user, name, progress)

    def revive() -> bool:
        reached.started = _start(hub, user, name, progress) or reached.started
        return bool(_version(connection))

    connection.revive = revive
    try:
        _check_token(connection)
        reached.version = _version(connection)
    except BaseException:
        if stops:
            reached.stop()
        raise
    return reached


def _start(hub: Hub, user: str, name: str, progress: Progress) -> bool:
    """Have a server run; return whether it was this that started it."""
    found = hub.server(user, name)
    if found is not None and found.ready:
        return False
    hub.start(user, name, progress)
    return found is None
