"""A network policy that stands between parts of the hub."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from takeout.cluster.doctor.condition import Case, Condition, Evidence, Finding
from takeout.cluster.doctor.peers import End, Labels, Port, blocking
from takeout.cluster.doctor.pods import Pod
from takeout.cluster.doctor.snapshot import Snapshot
from takeout.cluster.doctor.words import kubectl

_HUB, _API, _PUBLIC, _SERVER, _DNS = 8081, 8001, 8000, 8888, 53
_SYSTEM: Labels = (("kubernetes.io/metadata.name", "kube-system"),)


@dataclass(frozen=True, slots=True)
class _Path:
    """A way that has to be open, and what does not work where it is not."""

    here: End
    there: End
    port: Port
    who: str
    whom: str
    stops: tuple[str, ...]


def look(snapshot: Snapshot) -> Iterator[Finding]:
    """Hold the namespace's policies against every way that a hub needs."""
    told: dict[tuple[str, ...], list[tuple[_Path, str]]] = {}
    for path in _paths(snapshot):
        sending = blocking(snapshot.policies, "egress", path.here, path.there, path.port)
        receiving = blocking(snapshot.policies, "ingress", path.there, path.here, path.port)
        if sending or receiving:
            told.setdefault(sending or receiving, []).append((path, "egress" if sending else "ingress"))
    for names, shut in told.items():
        yield _finding(snapshot, names, shut)


def _finding(snapshot: Snapshot, names: tuple[str, ...], shut: list[tuple[_Path, str]]) -> Finding:
    ways = list(dict.fromkeys(f"{p.who} to {p.whom} (port {p.port.number}, {way})" for p, way in shut))
    by_hand = [p.name for p in snapshot.policies if p.name in names and not p.of_helm]
    fails = any(probe.what == "proxy" and not probe.is_hub for probe in snapshot.probes)
    stops = tuple(dict.fromkeys(word for path, _ in shut for word in path.stops))
    return Finding(
        f"NetworkPolicy/{names[0]}",
        f"network policies ({', '.join(names)}) shut the way from {'; from '.join(ways)}",
        "Policies only add up: have one that opens these ways, or take away what selects the pods. "
        + (
            f"Of these, {', '.join(by_hand)} {'is' if len(by_hand) == 1 else 'are'} no part of the chart."
            if by_hand
            else "The chart's own open them; values under `networkPolicy` may have closed them."
        ),
        tuple(kubectl(snapshot, f"delete networkpolicy {name}") for name in by_hand)
        or tuple(kubectl(snapshot, f"describe networkpolicy {name}") for name in names),
        evidence=tuple(
            Evidence("object", f"NetworkPolicy/{name}", "selects the pod, and opens nothing of this")
            for name in names
        ),
        stops=stops,
        certainty="sure" if fails and "path/hub" in stops else "likely",
    )


def _paths(snapshot: Snapshot) -> Iterator[_Path]:
    """Yield the ways that the pods which are there need."""
    labels = snapshot.namespace_labels
    hubs, proxies = snapshot.pods_of("hub")[:1], snapshot.pods_of("proxy")[:1]
    servers = snapshot.pods_of("singleuser-server")[:1]

    def end(pod: Pod) -> End:
        return End(pod, labels, pod.ip)

    def path(here: Pod, there: Pod, port: int, who: str, whom: str, *stops: str) -> _Path:
        return _Path(end(here), end(there), Port(port), who, whom, stops)

    for hub in hubs:
        for proxy in proxies:
            yield path(proxy, hub, _HUB, "the proxy", "the hub", "path/hub", "address")
            yield path(hub, proxy, _API, "the hub", "the proxy", "path/proxy", "hub")
        for server in servers:
            yield path(hub, server, _SERVER, "the hub", "users' servers", "users")
            yield path(server, hub, _HUB, "users' servers", "the hub", "users")
        for dns in snapshot.dns[:1]:
            there = End(dns, _SYSTEM, dns.ip)
            yield _Path(
                end(hub), there, Port(_DNS, "UDP"), "the hub", "the cluster's names", ("path/proxy", "hub")
            )
    for proxy in proxies:
        for server in servers:
            yield path(proxy, server, _SERVER, "the proxy", "users' servers", "users")
        if not snapshot.pods_of("autohttps"):
            outside = End(None, anyone=True)
            yield _Path(outside, end(proxy), Port(_PUBLIC), "outside", "the proxy", ("address",))


_PODS = """
objects:
- kind: Pod
  metadata:
    name: hub-1
    labels: {app: jupyterhub, component: hub, hub.jupyter.org/network-access-proxy-api: "true"}
  spec: {containers: [{name: hub, ports: [{name: http, containerPort: 8081}]}]}
- kind: Pod
  metadata:
    name: proxy-1
    labels: {app: jupyterhub, component: proxy, hub.jupyter.org/network-access-hub: "true"}
  spec: {containers: [{name: chp, ports: [{name: http, containerPort: 8000}, {name: api, containerPort: 8001}]}]}
"""
_OF_CHART = """
- kind: NetworkPolicy
  metadata: {name: hub, labels: {heritage: Helm}}
  spec:
    podSelector: {matchLabels: {component: hub}}
    policyTypes: [Ingress, Egress]
    ingress:
    - ports: [{port: http}]
      from: [{podSelector: {matchLabels: {hub.jupyter.org/network-access-hub: "true"}}}]
    egress:
    - to: [{podSelector: {matchLabels: {component: proxy}}}]
      ports: [{port: 8001}]
- kind: NetworkPolicy
  metadata: {name: proxy, labels: {heritage: Helm}}
  spec:
    podSelector: {matchLabels: {component: proxy}}
    policyTypes: [Ingress]
    ingress:
    - ports: [{port: http}, {port: https}]
    - ports: [{port: api}]
      from: [{podSelector: {matchLabels: {hub.jupyter.org/network-access-proxy-api: "true"}}}]
"""
_DENY = """
- {kind: NetworkPolicy, metadata: {name: deny-all}, spec: {podSelector: {}, policyTypes: [Ingress]}}
"""

CONDITION = Condition(
    id="H18",
    title="A network policy shuts a way that the hub needs",
    why="The chart's policies open what its parts need among each other. A policy of the namespace that shuts "
    "everything, "
    "or labels that were changed, shut the hub off where the cluster enforces policies, and only there.",
    mend="Open the way, or take the policy away.",
    source="https://github.com/jupyterhub/jupyterhub/issues/4680",
    look=look,
    cases=(
        Case(
            "everything is shut",
            _PODS + _DENY,
            ("NetworkPolicy/deny-all",),
            ("the proxy to the hub (port 8081, ingress)", "outside to the proxy", "delete networkpolicy deny-all"),
        ),
        Case(
            "a label that is missing",
            (_PODS + _OF_CHART).replace(', hub.jupyter.org/network-access-hub: "true"}', "}"),
            ("NetworkPolicy/hub",),
            ("from the proxy to the hub (port 8081, ingress)", "describe networkpolicy hub"),
        ),
        Case(
            "no way to the cluster's names",
            _PODS
            + _OF_CHART
            + "dns: [{metadata: {name: coredns-1, labels: {k8s-app: kube-dns}}, status: {podIP: 10.0.0.9}}]",
            ("NetworkPolicy/hub",),
            ("the hub to the cluster's names (port 53, egress)",),
        ),
        Case("the chart's own, beside one that shuts everything", _PODS + _OF_CHART + _DENY),
        Case("no policies", _PODS),
    ),
)
