"""Network policies: read them, and say whether they let one pod speak with another.

Source: https://kubernetes.io/docs/concepts/services-networking/network-policies/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any, Literal

from takeout.cluster.doctor.fields import map_of, maps_of, number, text, texts
from takeout.cluster.doctor.objects import Peer, Policy, PolicyRule
from takeout.cluster.doctor.pods import Pod, Requirement

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Port:
    """A port of a receiver."""

    number: int
    protocol: str = "TCP"


@dataclass(frozen=True, slots=True)
class End:
    """One end of a connection.

    Attributes:
        pod: The pod; None for whoever is outside the cluster or in another namespace.
        labels: The labels of its namespace.
        ip: Its address; empty where it is not known.
        anyone: Whether it stands for whoever comes from elsewhere: a rule for other namespaces or addresses
            may let
            them in.
    """

    pod: Pod | None
    labels: Labels = ()
    ip: str = ""
    anyone: bool = False


def read_policy(item: Mapping[str, Any]) -> Policy:
    """Return a network policy."""
    spec = map_of(item, "spec")
    kinds = texts(spec, "policyTypes") or (("Ingress", "Egress") if spec.get("egress") else ("Ingress",))
    return Policy(
        name=text(map_of(item, "metadata"), "name"),
        pods=selector_of(map_of(spec, "podSelector")),
        ingress=_rules(spec, "ingress", "from") if "Ingress" in kinds else None,
        egress=_rules(spec, "egress", "to") if "Egress" in kinds else None,
        of_helm=map_of(map_of(item, "metadata"), "labels").get("app.kubernetes.io/managed-by") == "Helm"
        or map_of(map_of(item, "metadata"), "labels").get("heritage") == "Helm",
    )


def selector_of(selector: Mapping[str, Any]) -> tuple[Requirement, ...]:
    """Return a label selector's requirements; none selects everything."""
    return (
        *(Requirement(str(key), "In", (str(value),)) for key, value in map_of(selector, "matchLabels").items()),
        *(
            Requirement(text(e, "key"), text(e, "operator"), texts(e, "values"))
            for e in maps_of(selector, "matchExpressions")
        ),
    )


def meets(labels: Mapping[str, str], requirements: Iterable[Requirement]) -> bool:
    """Whether labels fulfil every requirement."""
    return all(_meets(labels, requirement) for requirement in requirements)


def blocking(
    policies: Iterable[Policy],
    direction: Literal["ingress", "egress"],
    here: End,
    there: End,
    port: Port,
) -> tuple[str, ...]:
    """Return the names of the policies that keep one end from the other; none where it may pass.

    Policies only add: a pod that any policy selects for a direction is shut but for what one of those policies
    opens.

    Args:
        policies: The policies of the namespace of ``here``.
        direction: ``egress`` asks whether ``here`` may send, ``ingress`` whether it may receive.
        here: The end whose policies these are.
        there: The other end.
        port: The port at the receiving end.
    """
    if here.pod is None:
        return ()
    receiver = here.pod if direction == "ingress" else there.pod
    names = []
    for policy in policies:
        rules = policy.ingress if direction == "ingress" else policy.egress
        if rules is None or not meets(dict(here.pod.labels), policy.pods):
            continue
        if any(_allows(rule, there, here.labels, (receiver, port)) for rule in rules):
            return ()
        names.append(policy.name)
    return tuple(names)


def _allows(rule: PolicyRule, there: End, own: Labels, at: tuple[Pod | None, Port]) -> bool:
    return (not rule.ports or any(_is_port(allowed, *at) for allowed in rule.ports)) and (
        not rule.peers or any(_is_peer(peer, there, own) for peer in rule.peers)
    )


def _is_port(allowed: tuple[int | str, int, str], receiver: Pod | None, port: Port) -> bool:
    number, end, kind = allowed
    if kind != port.protocol:
        return False
    if isinstance(number, str):
        named = {name: at for c in (receiver.spec.containers if receiver else ()) for name, at in c.ports}
        return named.get(number) == port.number
    return not number or number <= port.number <= (end or number)


def _is_peer(peer: Peer, there: End, own: Labels) -> bool:
    if peer.cidr:
        return (
            bool(there.ip)
            and _within(there.ip, peer.cidr)
            and not any(_within(there.ip, e) for e in peer.excepted)
        )
    if there.pod is None:
        return peer.namespaces is not None and meets(dict(there.labels), peer.namespaces)
    at_home = peer.namespaces is None and there.labels == own
    reached = at_home or (peer.namespaces is not None and meets(dict(there.labels), peer.namespaces))
    return reached and (peer.pods is None or meets(dict(there.pod.labels), peer.pods))


def _within(ip: str, cidr: str) -> bool:
    try:
        return ip_address(ip) in ip_network(cidr, strict=False)
    except ValueError:
        return False


def _rules(spec: Mapping[str, Any], key: str, whom: str) -> tuple[PolicyRule, ...]:
    return tuple(
        PolicyRule(
            tuple(_peer(peer) for peer in maps_of(rule, whom)),
            tuple(
                (_port(port), number(port, "endPort"), text(port, "protocol") or "TCP")
                for port in maps_of(rule, "ports")
            ),
        )
        for rule in maps_of(spec, key)
    )


def _port(port: Mapping[str, Any]) -> int | str:
    """Return a port's number or name; 0 where every port is meant, or nobody knows which."""
    given = port.get("port")
    return given if isinstance(given, str) else number(port, "port")


def _peer(peer: Mapping[str, Any]) -> Peer:
    block = map_of(peer, "ipBlock")
    return Peer(
        pods=selector_of(map_of(peer, "podSelector")) if "podSelector" in peer else None,
        namespaces=selector_of(map_of(peer, "namespaceSelector")) if "namespaceSelector" in peer else None,
        cidr=text(block, "cidr"),
        excepted=texts(block, "except"),
    )


def _meets(labels: Mapping[str, str], requirement: Requirement) -> bool:
    found = labels.get(requirement.key)
    match requirement.operator:
        case "In":
            return found in requirement.values
        case "NotIn":
            return found not in requirement.values
        case "Exists":
            return found is not None
        case "DoesNotExist":
            return found is None
        case "Gt" | "Lt":
            return _compares(found, requirement)
    return False


def _compares(found: str | None, requirement: Requirement) -> bool:
    try:
        ours, theirs = int(found or ""), int(requirement.values[0])
    except (ValueError, IndexError):
        return False
    return ours > theirs if requirement.operator == "Gt" else ours < theirs
