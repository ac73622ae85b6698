"""Nobody stops servers that nobody uses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from takeout.cluster.doctor.condition import Case, Condition, Evidence, Finding, from_log
from takeout.cluster.doctor.snapshot import Snapshot
from takeout.cluster.doctor.words import kubectl, restart

_SERVICE = "jupyterhub-idle-culler"
_STARTED = re.compile(rf"Starting (?:managed )?service '?(?:{_SERVICE}|cull-idle)")
_ENDED = re.compile(rf"Service (?:{_SERVICE}|cull-idle) exited with status (?P<status>-?\d+)")
_REFUSED = re.compile(r"403 GET /hub/api/users\S* \((?:jupyterhub-idle-culler|cull-idle)@")
_FIRST, _LAST = "Running JupyterHub version", "JupyterHub is now running"


def look(snapshot: Snapshot) -> Iterator[Finding]:
    """Find a culler that is turned off, that was not started, or that ends."""
    facts = snapshot.facts
    lines = list(snapshot.lines("hub"))
    ended = [from_log(place, line) for place, line in lines if _ENDED.search(line) or _REFUSED.search(line)]
    whole = any(_FIRST in line for _, line in lines) and any(_LAST in line for _, line in lines)
    if facts.known and not facts.culling:
        evidence = Evidence("values", facts.key("cull.enabled"), "false")
        yield _off(snapshot, evidence, "likely" if ended else "sure")
    elif ended:
        yield Finding(
            f"Service/{_SERVICE}",
            "the culler ends again and again: servers that nobody uses are not stopped",
            "Its own words stand in the hub's log before this line: a scope that its role lacks, or an image "
            "of the hub "
            "without the package. Mend that, and start the hub again.",
            (kubectl(snapshot, "logs deployment/hub | grep -i cull"), restart(snapshot, "hub")),
            evidence=tuple(ended[-1:]),
            follows=("hub",),
        )
    elif not facts.known and whole and not any(_STARTED.search(line) for _, line in lines):
        evidence = Evidence("log", "hub", f"started without the service {_SERVICE}")
        yield _off(snapshot, evidence, "likely")


def _off(snapshot: Snapshot, evidence: Evidence, certainty: str) -> Finding:
    running = len(snapshot.pods_of("singleuser-server"))
    return Finding(
        f"Service/{_SERVICE}",
        "the culler is off: servers that nobody uses are never stopped, and nodes never go away",
        f"Turn it on, unless something else stops them; {running} "
        f"{'server runs' if running == 1 else 'servers run'} now.",
        values=((snapshot.facts.key("cull.enabled"), True),),
        evidence=(evidence,),
        certainty="sure" if certainty == "sure" else "likely",
    )


_HUB = """
objects:
- {kind: Pod, metadata: {name: hub-1, labels: {component: hub}}, spec: {containers: [{name: hub}]}}
logs: {hub-1/hub: "[I] Running JupyterHub version 5.4.4\\nMIDDLE\\n[I] JupyterHub is now running,
    internal Hub API at"}
"""

CONDITION = Condition(
    id="H23",
    title="Idle servers are not stopped",
    why="A server that nobody uses holds its share of a node, and with it the node: a hub without a culler "
    "costs as much "
    "at night as by day.",
    mend="Turn the culler on.",
    source="https://z2jh.jupyter.org/en/stable/jupyterhub/customizing/user-management.html#culling-user-pods",
    look=look,
    cases=(
        Case(
            "turned off",
            "release: {name: hub, values: {basehub: {jupyterhub: {cull: {enabled: false}, hub: {}, singleuser: "
            "{}}}}}",
            ("Service/jupyterhub-idle-culler",),
            ("basehub.jupyterhub.cull.enabled=True",),
        ),
        Case("values could not be read", _HUB, ("Service/jupyterhub-idle-culler",), ("started without",)),
        Case(
            "it ends",
            _HUB.replace(
                "MIDDLE",
                "Starting managed service jupyterhub-idle-culler\\nService jupyterhub-idle-culler exited with "
                "status 1",
            ),
            ("Service/jupyterhub-idle-culler",),
            ("again and again",),
        ),
        Case("it runs", _HUB.replace("MIDDLE", "[I] Starting managed service jupyterhub-idle-culler")),
        Case("on, as the chart has it", "release: {name: hub, values: {hub: {}, singleuser: {}}}"),
    ),
)
