"""A server that does not come in time."""

from __future__ import annotations

import re
from collections.abc import Iterator

from takeout.cluster.doctor.condition import Case, Condition, Evidence, Finding, from_event, from_log
from takeout.cluster.doctor.snapshot import Snapshot
from takeout.cluster.doctor.words import kubectl, user_of

_NEVER_THERE = re.compile(
    r"(?:\] |^)(?P<user>[^\]]+?)'s server failed to start in (?P<seconds>\d+) seconds, giving up"
)
_SILENT = re.compile(r"(?:\] |^)(?P<user>[^\]]+?)'s server never showed up at \S+ after (?P<seconds>\d+) seconds")
_CAME = re.compile(r"User (?P<user>\S+?)(?::\S*)? took [\d.]+ seconds to start")
_LONGER = 600
_MOST_NAMES = 3


def look(snapshot: Snapshot) -> Iterator[Finding]:
    """Find people whose last start was given up."""
    last: dict[str, tuple[re.Pattern[str] | None, int, Evidence | None]] = {}
    for place, line in snapshot.lines("hub"):
        for pattern in (_NEVER_THERE, _SILENT):
            if match := pattern.search(line):
                last[match["user"]] = (pattern, int(match["seconds"]), from_log(place, line))
        if match := _CAME.search(line):
            last[match["user"]] = (None, 0, None)
    for pattern in (_NEVER_THERE, _SILENT):
        given_up = {user: found for user, found in last.items() if found[0] is pattern}
        if given_up:
            yield _finding(snapshot, given_up, silent=pattern is _SILENT)


def _finding(
    snapshot: Snapshot, given_up: dict[str, tuple[re.Pattern[str] | None, int, Evidence | None]], *, silent: bool
) -> Finding:
    users = list(given_up)
    seconds = max(found[1] for found in given_up.values())
    told = [item for _, _, item in given_up.values() if item is not None]
    events = [e for e in snapshot.events if e.type == "Warning" and user_of(e.name) in users]
    pulled = any(e.reason == "Pulling" and user_of(e.name) in users for e in snapshot.events)
    more = f" and {len(users) - _MOST_NAMES} more" if len(users) > _MOST_NAMES else ""
    names = f"{', '.join(users[:_MOST_NAMES])}{more}"
    key = snapshot.facts.key
    if silent:
        message = f"the server of {names} was started, and did not answer within {seconds} seconds"
        mend = (
            "It started and ended, or cannot be reached from the hub. Watch its log while it is started again; "
            "if it only "
            f"takes long (a large home, many extensions), raise `{key('hub.config.Spawner.http_timeout')}`."
        )
        values: tuple[tuple[str, object], ...] = ((key("hub.config.Spawner.http_timeout"), max(120, seconds * 2)),)
    else:
        message = f"the server of {names} was not there within {seconds} seconds"
        mend = (
            "The pod's events say what it waited for. If a new node or a large image takes long, give it more "
            "time "
            f"(`{key('singleuser.startTimeout')}`)"
            + (
                ", and have images pulled before they are needed (`prePuller.continuous.enabled`)."
                if pulled
                else "."
            )
        )
        values = ((key("singleuser.startTimeout"), max(_LONGER, seconds * 2)),)
    return Finding(
        f"User/{users[0].replace(' ', '_')}",
        message,
        mend,
        (
            kubectl(snapshot, "logs --follow --prefix --selector component=singleuser-server"),
            kubectl(snapshot, "get events --sort-by .lastTimestamp"),
        ),
        values=values,
        evidence=(*told[-1:], *(from_event(event, snapshot.now) for event in events[-1:])),
        stops=tuple(f"started/{user}" for user in users),
        follows=("hub", "users", "scheduler", *(f"user/{user}" for user in users)),
        certainty="likely",
    )


_HUB = """
objects:
- {kind: Pod, metadata: {name: hub-1, labels: {component: hub}}, spec: {containers: [{name: hub}]}}
- kind: Event
  involvedObject: {kind: Pod, name: jupyter-ada}
  type: Normal
  reason: Pulling
  message: Pulling image "quay.io/a/large:1"
logs:
  hub-1/hub: |
"""

CONDITION = Condition(
    id="H22",
    title="A server does not come in time",
    why="The hub gives a server up that is not there, or does not answer, within its time, and removes the "
    "pod; with it "
    "go the pod's log and the reason. Large images and new nodes take longer than the five minutes it has.",
    mend="Mend what it waited for, or give it more time.",
    source="https://github.com/jupyterhub/zero-to-jupyterhub-k8s/issues/1373",
    look=look,
    cases=(
        Case(
            "it was never there",
            _HUB
            + "    [W 2026-08-21 11:54 JupyterHub user:1] ada's server failed to start in 300 seconds, giving up.",
            ("User/ada",),
            ("not there within 300 seconds", "singleuser.startTimeout=600", "prePuller.continuous.enabled"),
        ),
        Case(
            "it does not answer",
            _HUB + "    [W] bob's server never showed up at http://10.0.0.9:8888/user/bob/ after 30 seconds. "
            "Giving up.",
            ("User/bob",),
            ("hub.config.Spawner.http_timeout=120",),
        ),
        Case(
            "it came the next time",
            _HUB
            + "    [W] ada's server failed to start in 300 seconds, giving up.\n"
            + "    [I] User ada took 41.252 seconds to start\n",
        ),
    ),
)
