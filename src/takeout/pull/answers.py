"""What an answer of a server means: content, a reason to ask again, or a reason to stop."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from urllib.parse import urlsplit

from takeout.pull.model import UNKNOWN

OK, PARTIAL = 200, 206
NOT_FOUND, RANGE_BEYOND = 404, 416
_OVERLOADED = frozenset({429, 503, 504})
_PASSING = frozenset({408, 425, 429, 502, 503, 504, 520, 521, 522, 523, 524})
"""What proxies and loaded servers answer for a while; 52x is Cloudflare's."""
_STOPPED = 424
"""JupyterHub's answer for a server that is not running. Source: JupyterHub 3.0's changelog, issue 3965."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_REFUSED = frozenset({401, 403, 407})
_SECONDS = 1_000_000_000


class AskAgainError(Exception):
    """The answer may be better in a while.

    Args:
        reason: What came instead, in a few words.
        overloaded: Whether fewer requests at once may help.
        pause_seconds: How long the server asked to wait; 0 where it did not say.
        server_down: Whether the whole server seems to be stopped.
    """

    def __init__(
        self, reason: str, *, overloaded: bool = False, pause_seconds: float = 0.0, server_down: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.overloaded = overloaded
        self.pause_seconds = pause_seconds
        self.server_down = server_down


class RefusedError(Exception):
    """The server refuses this request; why is to be found out."""

    def __init__(self, status: int, location: str = "") -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.location = location


class AbsentError(Exception):
    """The server has no such thing, or does not show it."""


class FailedError(Exception):
    """The server fails at this request, and will again."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


class GaveUpError(Exception):
    """One thing did not come after many attempts, though the server answers others.

    Args:
        reason: What came instead, in a few words.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def judge(status: int, headers: Mapping[str, str], hub: str) -> None:
    """Return where an answer carries what was asked for.

    Args:
        status: The answer's status.
        headers: Its headers.
        hub: Path of the hub, such as ``/hub/``; empty where there is none.

    Raises:
        AskAgainError: When a later answer may be better.
        RefusedError: When the server wants another token, or another place to be asked.
        AbsentError: When there is no such thing.
        FailedError: When the server cannot do it.
    """
    if status in (OK, PARTIAL, RANGE_BEYOND, 201, 202, 204):
        return
    if status == _STOPPED:
        raise AskAgainError("the server is not running", server_down=True)
    if status in _PASSING:
        # A hub answers 503 itself for a server that is not running, before version 3.
        down = status == 503 and "x-jupyterhub-version" in headers  # noqa: PLR2004 - RFC 9110, 15.6.4
        raise AskAgainError(
            f"status {status}",
            overloaded=status in _OVERLOADED and not down,
            pause_seconds=retry_after(headers),
            server_down=down,
        )
    if status in _REDIRECTS:
        location = headers.get("location", "")
        if hub and urlsplit(location).path.startswith(f"{hub}user/"):
            raise AskAgainError("the server is not running", server_down=True)
        raise RefusedError(status, location)
    if status in _REFUSED:
        raise RefusedError(status)
    if status in (NOT_FOUND, 410):
        raise AbsentError
    raise FailedError(status)


def retry_after(headers: Mapping[str, str]) -> float:
    """Return the seconds that ``Retry-After`` asks for; a date is compared with the server's own clock."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    moment, now = http_date(text), http_date(headers.get("date", ""))
    if UNKNOWN in (moment, now):
        return 0.0
    return max(0.0, float(moment - now))


@lru_cache(maxsize=1_024)
def http_date(text: str) -> int:
    """Return a date as seconds since 1970, or ``UNKNOWN``; many files have the same, and so have many answers."""
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return UNKNOWN
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def iso_date_ns(text: object) -> int:
    """Return an ISO 8601 time as nanoseconds since 1970, or ``UNKNOWN``.

    Microseconds are all that it holds; counting in integers keeps them exact.
    """
    if not isinstance(text, str):
        return UNKNOWN
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return UNKNOWN
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    past = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (past.days * 86_400 + past.seconds) * _SECONDS + past.microseconds * 1000


def content_range(headers: Mapping[str, str]) -> tuple[int, int]:
    """Return where a partial answer begins and how long the whole is, each ``UNKNOWN`` where it is not told."""
    unit, _, rest = headers.get("content-range", "").partition(" ")
    span, _, whole = rest.partition("/")
    first = span.partition("-")[0]
    if unit != "bytes":
        return UNKNOWN, UNKNOWN
    return (
        int(first) if first.isdecimal() else UNKNOWN,
        int(whole) if whole.isdecimal() else UNKNOWN,
    )
