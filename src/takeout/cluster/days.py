"""Two days of a server: the home persists, others stay out, shared folders are what they should be."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx

from takeout.cluster.api import Cluster
from takeout.cluster.places import Mount, mounts_of, writable_for
from takeout.cluster.robots import Robots
from takeout.cluster.session import TokenSession
from takeout.cluster.store import Object
from takeout.local.browser import StepError
from takeout.local.smoke import CELL_SECONDS, START_SECONDS, STOP_SECONDS, Step, StopError, do

_WRITE = """
with open(os.path.expanduser('~/.takeout-check'), 'w') as file:
    file.write(A[0])
print('ok')
"""
_READ = """
path = os.path.expanduser('~/.takeout-check')
with open(path) as file:
    found = file.read()
os.unlink(path)
print('ok' if found == A[0] else found)
"""
_REFUSED = """
path = os.path.join(A[0], '.takeout-check')
try:
    open(path, 'w').close()
    os.unlink(path)
    print('it could be written')
except OSError:
    print('ok')
"""
_LEAVE = """
with open(os.path.join(A[0], '.takeout-' + A[1]), 'w') as file:
    file.write(A[1])
print('ok')
"""
_SEES = "print('ok' if os.path.exists(os.path.join(A[0], '.takeout-' + A[1])) else 'it is not there')"
_CLEAN = "os.unlink(os.path.join(A[0], '.takeout-' + A[1]))\nprint('ok')"


@dataclass(frozen=True, slots=True)
class Days:
    """Who lives through the days, and where.

    Attributes:
        steps: What each step came to; grows.
        cluster: The cluster.
        namespace: The hub's namespace.
        values: The jupyterhub chart's values over its defaults.
        people: The users.
        profile: The profile that servers start with; empty where there are none.
        start_seconds: How long a server may take to start.
    """

    steps: list[Step]
    cluster: Cluster
    namespace: str
    values: Mapping[str, Any]
    people: Robots
    profile: str
    start_seconds: float = START_SECONDS

    def start(self, who: TokenSession) -> None:
        """Start a user's server."""
        who.start(self.profile, self.start_seconds)

    def mounts(self, who: TokenSession) -> tuple[Mount, ...]:
        """Return the shared directories of a user's server."""
        return mounts_of(_server_pod(self, who.user), self.values)


def live_through(days: Days) -> None:
    """Live through two days, and note what each step came to."""
    one, word, steps = days.people.one, days.people.one.user, days.steps
    if not attempt(steps, "first day: start", partial(days.start, one)):
        return
    written = attempt(steps, "write into the home", partial(_cell, one, _WRITE, word))
    attempt(steps, "another user stays out", partial(_stays_out, days.people))
    mounts = days.mounts(one)
    attempt(steps, "first day: stop", partial(one.stop, STOP_SECONDS))
    shared = _admins_turn(days, mounts)
    if attempt(steps, "second day: start", partial(days.start, one)):
        if written and _home_persists(days.values):
            attempt(steps, "the home persists", partial(_cell, one, _READ, word))
        for mount in mounts:
            if mount.read_only:
                attempt(steps, f"{mount.path} is read-only", partial(_cell, one, _REFUSED, mount.path))
        for _, seen in shared:
            attempt(steps, f"{seen} shows what an admin wrote", partial(_cell, one, _SEES, seen, word))
        attempt(steps, "second day: stop", partial(one.stop, STOP_SECONDS))
    for path, _ in shared:
        attempt(steps, f"{path} is cleaned up", partial(_cell, days.people.admin, _CLEAN, path, word))


def attempt(steps: list[Step], name: str, work: Callable[[], str | None]) -> bool:
    """Do a step and return whether it held."""
    try:
        do(steps, name, lambda: work() or "")
    except StopError:
        return False
    return True


def _admins_turn(days: Days, of_user: tuple[Mount, ...]) -> list[tuple[str, str]]:
    """Write as an admin into what users may only read; return where, and where users see it."""
    admin = days.people.admin
    if not any(mount.read_only for mount in of_user):
        days.steps.append(Step("shared folders", ok=True, note="there is none that is read-only", seconds=0.0))
        return []
    if not attempt(days.steps, "the admin's server: start", partial(days.start, admin)):
        return []
    pairs = writable_for(of_user, days.mounts(admin))
    if not pairs:
        note = "nothing that users may only read is writable for admins"
        days.steps.append(Step("shared folders", ok=True, note=note, seconds=0.0))
    return [
        (path, seen)
        for path, seen in pairs
        if attempt(
            days.steps, f"{path} is writable for admins", partial(_cell, admin, _LEAVE, path, days.people.one.user)
        )
    ]


def _home_persists(values: Mapping[str, Any]) -> bool:
    """Whether the values want homes to persist: an ephemeral hub forgets them on purpose."""
    storage = (values.get("singleuser") or {}).get("storage") or {}
    return str(storage.get("type", "dynamic")) != "none"


def _stays_out(people: Robots) -> str:
    address = f"user/{people.one.user}/api/contents"
    status = people.other.status_of(address)
    if status not in (httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND):
        raise StepError(f"another user's request to the server was answered {status}, not refused")
    with httpx.Client(trust_env=False) as client:
        stranger = client.get(people.one.url + address, follow_redirects=False)
    if stranger.status_code == httpx.codes.OK:
        raise StepError("somebody without a token may read the home")
    return f"refused ({status})"


def _cell(session: TokenSession, code: str, *arguments: str) -> str:
    """Run a cell that must print ``ok``; it finds its arguments in ``A``."""
    given = json.dumps(json.dumps(arguments))
    printed = session.run_cell(f"import json, os\nA = json.loads({given})\n{code}", CELL_SECONDS).strip()
    if printed != "ok":
        raise StepError(f"the cell printed {printed!r}")
    return ""


def _server_pod(days: Days, user: str) -> Object:
    for pod in days.cluster.list("Pod", days.namespace, labels="component=singleuser-server"):
        if (pod["metadata"].get("annotations") or {}).get("hub.jupyter.org/username") == user:
            return pod
    return {"metadata": {}, "spec": {}}
