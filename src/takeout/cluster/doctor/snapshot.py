"""One look at a hub: everything that the conditions judge, at one moment."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType

from takeout.cluster.doctor.facts import Facts
from takeout.cluster.doctor.objects import (
    Certificate,
    Claim,
    Event,
    Ingress,
    Node,
    Policy,
    Service,
    StorageClass,
    Volume,
)
from takeout.cluster.doctor.pods import Container, Part, Pod, Workload

_NAMED = re.compile(r"(?:^|-)(hub|proxy|autohttps|user-scheduler|jupyter)-")
_NOTHING: Mapping[str, tuple[str, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Probe:
    """What a request was answered.

    Attributes:
        what: ``hub`` and ``proxy`` (from inside, past every network policy), ``public`` (by the hub's address).
        url: What was asked.
        status: The answer's status; 0 where there was no answer.
        error: Why there was none.
        is_hub: Whether a JupyterHub answered.
    """

    what: str
    url: str
    status: int = 0
    error: str = ""
    is_hub: bool = False


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that could not be read, and why; conditions that need it find nothing."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A hub at one moment.

    Attributes:
        namespace: Where it is.
        context: The kubeconfig's context that was named; empty for the current one.
        now: When it was looked at.
        facts: What its release says.
        pods: Its pods and those of its users.
        workloads: What makes the pods.
        events: The namespace's events; a cluster keeps them for an hour.
        services: The namespace's services.
        claims: The namespace's claims.
        volumes: Every volume of the cluster that one of the claims is bound to.
        storage_classes: The cluster's classes.
        nodes: The cluster's nodes.
        ingresses: The namespace's ingresses.
        ingress_classes: Names of the cluster's ingress classes.
        certificates: What cert-manager has in the namespace.
        policies: The namespace's network policies.
        dns: The pods that answer for names in the cluster, which live in another namespace.
        namespace_labels: The namespace's own labels.
        names: Names of objects by kind, for kinds of which nothing but names is read.
        logs: The last lines of containers, by ``pod/container``.
        previous: The last lines of the container before, for containers that were started again.
        probes: What the hub answers.
        lookups: Addresses by name; an empty tuple where a name has none.
        unread: What could not be read.
    """

    namespace: str
    context: str = ""
    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    facts: Facts = field(default_factory=Facts)
    pods: tuple[Pod, ...] = ()
    workloads: tuple[Workload, ...] = ()
    events: tuple[Event, ...] = ()
    services: tuple[Service, ...] = ()
    claims: tuple[Claim, ...] = ()
    volumes: tuple[Volume, ...] = ()
    storage_classes: tuple[StorageClass, ...] = ()
    nodes: tuple[Node, ...] = ()
    ingresses: tuple[Ingress, ...] = ()
    ingress_classes: tuple[str, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    policies: tuple[Policy, ...] = ()
    dns: tuple[Pod, ...] = ()
    namespace_labels: tuple[tuple[str, str], ...] = ()
    names: Mapping[str, frozenset[str]] = field(default_factory=dict)
    logs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    previous: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    probes: tuple[Probe, ...] = ()
    lookups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unread: tuple[Unread, ...] = ()

    def has(self, kind: str, name: str) -> bool | None:
        """Whether there is an object; None where that could not be read."""
        names = self.names.get(kind)
        return None if names is None else name in names

    def read(self, what: str) -> bool:
        """Whether ``what`` (a plural, such as ``nodes``) could be read."""
        return all(unread.what != what for unread in self.unread)

    def pods_of(self, *parts: Part) -> tuple[Pod, ...]:
        """Return the pods of these parts that are not being removed."""
        return tuple(pod for pod in self.pods if pod.part in parts and not pod.deleted)

    def pod(self, name: str) -> Pod | None:
        """Return the pod of that name."""
        return next((pod for pod in self.pods if pod.name == name), None)

    def claim(self, name: str) -> Claim | None:
        """Return the claim of that name."""
        return next((claim for claim in self.claims if claim.name == name), None)

    def service(self, name: str) -> Service | None:
        """Return the service of that name, whatever stands before it in a release that names its objects."""
        exact = [service for service in self.services if service.name == name]
        named = [service for service in self.services if service.name.endswith(f"-{name}")]
        return next(iter(exact + named), None)

    def probe(self, what: str) -> Probe | None:
        """Return the answer to that request; None where nothing was asked."""
        return next((probe for probe in self.probes if probe.what == what), None)

    def part_of(self, pod_name: str) -> Part:
        """Return the part that a pod is or was; events outlive the pods that they are about."""
        pod = self.pod(pod_name)
        if pod is not None:
            return pod.part
        found = _NAMED.search(pod_name)
        if found is None:
            return "image-puller" if "image-puller" in pod_name else "other"
        return "singleuser-server" if found[1] == "jupyter" else found[1]  # type: ignore[return-value]

    def lines(self, part: Part) -> Iterator[tuple[str, str]]:
        """Yield the log lines of a part with their place, those of a container that ended first."""
        for pod in self.pods_of(part):
            for container in pod.spec.containers:
                key = f"{pod.name}/{container.name}"
                for lines, place in ((self.previous, f"{key}, before it was started again"), (self.logs, key)):
                    for line in lines.get(key, ()):
                        yield place, line

    @property
    def configured(self) -> datetime | None:
        """When the hub was last started; what happened before was under another configuration."""
        started = [
            container.started or pod.created
            for pod in self.pods_of("hub")
            for container in pod.spec.containers
            if container.name == "hub"
        ]
        return max((moment for moment in started if moment is not None), default=None)

    def recent(self, *reasons: str, kind: str = "Pod") -> Iterator[Event]:
        """Yield events of these reasons that still tell of today.

        An event about a pod that is gone counts as long as the hub was not started again since, and as long as
        no pod
        of that name was started since.
        """
        for event in self.events:
            if event.reason in reasons and event.kind == kind and not self._is_over(event):
                yield event

    def _is_over(self, event: Event) -> bool:
        if event.kind != "Pod":
            return False
        pod = self.pod(event.name)
        if pod is not None:
            return pod.ready or (pod.created is not None and event.last is not None and event.last < pod.created)
        if self.part_of(event.name) != "singleuser-server":
            return True
        since = self.configured
        if since is not None and event.last is not None and event.last < since:
            return True
        return any(
            other.name == event.name and other.reason == "Started" and _after(other, event)
            for other in self.events
        )

    def place(self, pod: Pod, container: Container) -> tuple[str, ...]:
        """Return a container's last lines, those of the one before where it was started again."""
        key = f"{pod.name}/{container.name}"
        return self.previous.get(key) or self.logs.get(key, ())


def _after(event: Event, other: Event) -> bool:
    return event.last is not None and other.last is not None and event.last > other.last
