"""What a hub consists of on its cluster beside its pods, as frozen data with no secret in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from takeout.cluster.doctor.pods import Requirement


@dataclass(frozen=True, slots=True)
class Event:
    """An event of the namespace.

    Attributes:
        kind: The kind of the object that it is about.
        name: That object's name.
        type: ``Normal`` or ``Warning``.
        reason: ``FailedMount``, ``FailedScheduling``.
        message: What happened.
        count: How often.
        last: When for the last time.
    """

    kind: str
    name: str
    type: str
    reason: str
    message: str
    count: int = 1
    last: datetime | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """A service: its kind, what it selects, where it can be reached from outside, and how many pods answer.

    ``answering`` and ``waiting`` are addresses of endpoints that are ready and that are not; None where the
    endpoints could not be read.
    """

    name: str
    type: str = "ClusterIP"
    selector: tuple[tuple[str, str], ...] = ()
    addresses: tuple[str, ...] = ()
    answering: tuple[str, ...] | None = None
    waiting: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim and the volume it is bound to; ``storage_class`` is None where the default is meant."""

    name: str
    phase: str = ""
    storage_class: str | None = None
    volume: str = ""
    modes: tuple[str, ...] = ()
    requested: str = ""
    created: datetime | None = None
    mounted_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Volume:
    """A persistent volume, and the nodes it can be used on (one of the terms has to hold)."""

    name: str
    claim: str = ""
    phase: str = ""
    terms: tuple[tuple[Requirement, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class StorageClass:
    """A storage class."""

    name: str
    provisioner: str = ""
    is_default: bool = False
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Taint:
    """A taint of a node."""

    key: str
    value: str = ""
    effect: str = ""

    def __str__(self) -> str:
        """Return it as ``kubectl taint`` takes it."""
        return f"{self.key}={self.value}:{self.effect}" if self.value else f"{self.key}:{self.effect}"


@dataclass(frozen=True, slots=True)
class Node:
    """A node: its labels and taints, what pods may use of it, and what is wrong with it."""

    name: str
    labels: tuple[tuple[str, str], ...] = ()
    taints: tuple[Taint, ...] = ()
    cpu: float = 0.0
    memory_bytes: int = 0
    devices: tuple[tuple[str, float], ...] = ()
    ready: bool = True
    pressures: tuple[str, ...] = ()
    unschedulable: bool = False


@dataclass(frozen=True, slots=True)
class Ingress:
    """An ingress: its class, hosts, the secrets of its certificates, and where it can be reached."""

    name: str
    ingress_class: str = ""
    hosts: tuple[str, ...] = ()
    tls: tuple[tuple[str, tuple[str, ...]], ...] = ()
    addresses: tuple[str, ...] = ()
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate, order or challenge of cert-manager, and what it says of itself."""

    kind: str
    name: str
    ready: bool
    names: tuple[str, ...] = ()
    secret: str = ""
    issuer: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Peer:
    """Whom a network policy speaks of; None is "not limited by this"."""

    pods: tuple[Requirement, ...] | None = None
    namespaces: tuple[Requirement, ...] | None = None
    cidr: str = ""
    excepted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """What a network policy allows; empty ``peers`` is everyone, empty ``ports`` is every port.

    A port is its number or name and, for a range, its end.
    """

    peers: tuple[Peer, ...] = ()
    ports: tuple[tuple[int | str, int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """A network policy; a direction that it does not speak of is None; ``of_helm`` where a chart makes it."""

    name: str
    pods: tuple[Requirement, ...]
    ingress: tuple[PolicyRule, ...] | None = None
    egress: tuple[PolicyRule, ...] | None = None
    of_helm: bool = False
