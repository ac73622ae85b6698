"""The proxy does not reach the hub, or the hub not the proxy."""

from __future__ import annotations

import re
from collections.abc import Iterator

from takeout.cluster.doctor.condition import Case, Certainty, Condition, Evidence, Finding, from_log
from takeout.cluster.doctor.snapshot import Probe, Snapshot
from takeout.cluster.doctor.words import kubectl, restart

_TOKEN = re.compile(r"api_request to proxy failed: HTTP 403|api_request to proxy failed: 403")
_AWAY = re.compile(
    r"api_request to the proxy failed with (?:status code|connection error)|Repeated api_request to proxy"
)
_SERVES = re.compile(r"JupyterHub is now running|Adding route for Hub")
_REFUSED = re.compile(
    r"\b503 \w+ \S*/hub\b.*(?:ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)"
)


def look(snapshot: Snapshot) -> Iterator[Finding]:
    """Find a service that leads to no hub, a proxy that gets no answer, and a hub that the proxy refuses."""
    yield from _of_hub(snapshot)
    hub, proxy = snapshot.service("hub"), snapshot.probe("proxy")
    ready = [pod for pod in snapshot.pods_of("hub") if pod.ready]
    if hub is not None and hub.answering == () and ready:
        wanted = ", ".join(f"{key}={value}" for key, value in hub.selector)
        yield Finding(
            f"Service/{hub.name}",
            f"the service {hub.name} leads to no pod, while the hub runs: nobody gets through the proxy",
            f"The service selects {wanted}, and the pod {ready[0].name} has other labels: upgrade the release, "
            "which makes "
            "both anew, and take out whatever changes labels.",
            (kubectl(snapshot, f"get pods --show-labels --selector {wanted.replace(', ', ',')}"),),
            evidence=(Evidence("object", f"Service/{hub.name}", f"no endpoints for {wanted}"),),
            stops=("address", "users"),
        )
        return
    if not ready and _is_starting(snapshot):
        return
    refused = [from_log(place, line) for place, line in snapshot.lines("proxy") if _REFUSED.search(line)]
    if proxy is not None:
        fails = not proxy.is_hub
        told = (Evidence("answer", proxy.url, proxy.error or f"status {proxy.status}"), *refused[-1:])
    else:
        fails, told = len(refused) > _NOW_AND_THEN, tuple(refused[-2:])
    if fails and snapshot.pods_of("proxy"):
        yield Finding(
            f"Service/{hub.name if hub else 'hub'}",
            "the proxy does not reach the hub: everybody sees 503",
            "If the hub runs, something is between the two: a network policy, the cluster's own network, or "
            "names that are "
            "not resolved. Start the proxy again to have it ask anew.",
            (kubectl(snapshot, "get pods,endpoints"), restart(snapshot, "proxy")),
            evidence=told,
            stops=("address",),
            follows=("hub", "proxy", "path/hub"),
            certainty=_certainty(proxy),
        )


def _is_starting(snapshot: Snapshot) -> bool:
    """Whether the hub was started a moment ago, and has not failed before: it may have its time."""
    containers = [c for pod in snapshot.pods_of("hub") for c in pod.spec.containers if c.name == "hub"]
    return any(
        c.started is not None and not c.restarts and (snapshot.now - c.started).total_seconds() < _STARTING_SECONDS
        for c in containers
    )


def _certainty(probe: Probe | None) -> Certainty:
    """Return how certain it is: an answer that is none of a hub's, no answer in time, or old lines of a log."""
    if probe is None:
        return "possible"
    return "sure" if probe.status else "likely"


def _of_hub(snapshot: Snapshot) -> Iterator[Finding]:
    """Find what the hub itself says of the proxy; what it said before it got through is over."""
    lines = list(snapshot.lines("hub"))
    since = max((index for index, (_, line) in enumerate(lines) if _SERVES.search(line)), default=-1) + 1
    token = [from_log(place, line) for place, line in lines[since:] if _TOKEN.search(line)]
    away = [from_log(place, line) for place, line in lines[since:] if _AWAY.search(line)]
    if token:
        yield Finding(
            "Service/proxy-api",
            "the proxy refuses the hub: the two have different tokens",
            "One of them was started before the token changed: start the proxy again, then the hub.",
            (restart(snapshot, "proxy"), restart(snapshot, "hub")),
            evidence=tuple(token[-1:]),
            stops=("hub",),
        )
    elif len(away) > _NOW_AND_THEN:
        yield Finding(
            "Service/proxy-api",
            "the hub does not reach the proxy",
            "See that the proxy runs and that nothing is between the two: a network policy, the cluster's own "
            "network, or "
            "names that are not resolved.",
            (kubectl(snapshot, "get pods,endpoints"), restart(snapshot, "proxy")),
            evidence=tuple(away[-1:]),
            stops=("hub",),
            follows=("proxy", "path/proxy"),
        )


_STARTING_SECONDS = 90
"""A hub with many users' servers to look after takes a minute."""

_NOW_AND_THEN = 2
"""So many of these lines come of a restart alone."""

_PODS = """
objects:
- kind: Pod
  metadata: {name: hub-1, labels: {component: hub}}
  spec: {containers: [{name: hub}]}
  status: {conditions: [{type: Ready, status: "True"}]}
- {kind: Pod, metadata: {name: proxy-1, labels: {component: proxy}}, spec: {containers: [{name: chp}]}}
- {kind: Service, metadata: {name: hub}, spec: {selector: {component: hub, release: hub}}}
"""
_SLICE = """
- {kind: EndpointSlice, metadata: {labels: {kubernetes.io/service-name: hub}},
    endpoints: [{addresses: [10.0.0.4]}]}
"""

CONDITION = Condition(
    id="H15",
    title="The proxy and the hub do not reach each other",
    why="Everything goes through the proxy, which passes on to the hub and learns from it where servers are. "
    "Without "
    "each other everybody sees 503, and a hub that starts gives up after half a minute.",
    mend="See what is between the two: labels, tokens, network policies, names.",
    source="https://github.com/jupyterhub/zero-to-jupyterhub-k8s/issues/1665",
    look=look,
    cases=(
        Case(
            "a service that leads to nothing",
            _PODS,
            ("Service/hub",),
            ("no endpoints for component=hub, release=hub",),
        ),
        Case(
            "no answer through the proxy",
            _PODS + _SLICE + "probes: [{what: proxy, url: 'http://proxy/hub/health', status: 503}]",
            ("Service/hub",),
            ("status 503",),
        ),
        Case(
            "nothing could be asked, and the proxy's log is full of it",
            _PODS
            + _SLICE
            + 'logs: {proxy-1/chp: "'
            + "[ConfigProxy] error: 503 GET /hub/login connect ETIMEDOUT 10.0.0.4:8081\\n" * 3
            + '"}',
            ("Service/hub",),
        ),
        Case(
            "another token",
            _PODS + _SLICE + "logs: {hub-1/hub: 'api_request to proxy failed: HTTP 403: Forbidden'}",
            ("Service/proxy-api",),
            ("rollout restart deployment proxy",),
        ),
        Case(
            "no proxy for the hub",
            _PODS
            + _SLICE
            + 'logs: {hub-1/hub: "'
            + "api_request to the proxy failed with status code 599, retrying...\\n" * 3
            + '"}',
            ("Service/proxy-api",),
        ),
        Case(
            "a hub that was started a moment ago",
            """
now: '2026-08-21T12:00:00Z'
objects:
- kind: Pod
  metadata: {name: hub-1, labels: {component: hub}}
  spec: {containers: [{name: hub}]}
  status: {containerStatuses: [{name: hub, ready: false, state: {running: {startedAt: '2026-08-21T11:59:30Z'}}}]}
- {kind: Pod, metadata: {name: proxy-1, labels: {component: proxy}}, spec: {containers: [{name: chp}]}}
probes: [{what: proxy, url: 'http://proxy/hub/health', status: 503}]
""",
        ),
        Case(
            "the proxy came a little later",
            _PODS
            + _SLICE
            + "probes: [{what: proxy, url: 'http://proxy/hub/health', status: 200, is_hub: true}]\n"
            + 'logs: {hub-1/hub: "'
            + "api_request to the proxy failed with status code 599, retrying...\\n" * 3
            + 'JupyterHub is now running"}',
        ),
    ),
)
