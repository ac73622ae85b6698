"""A hub's pods and what makes them, as frozen data with no secret in it.

Only what a condition asks for is kept: of a pod's environment the names of what it refers to, never a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Part = Literal["hub", "proxy", "autohttps", "singleuser-server", "user-scheduler", "image-puller", "other"]
"""The parts of a hub, by the names that Zero to JupyterHub's charts label them with."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A pod's mention of an object that has to be there before it starts.

    Attributes:
        kind: ``ConfigMap``, ``Secret``, ``PersistentVolumeClaim`` or ``ServiceAccount``.
        name: The object's name.
        key: The key in it; empty where the whole object is meant.
        how: The place in the pod: ``volume files``, ``variable PROMETHEUS_USER``.
    """

    kind: str
    name: str
    key: str = ""
    how: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a container ended.

    Attributes:
        reason: ``Error``, ``OOMKilled``, ``StartError``, ``Completed``.
        exit_code: The exit code.
        message: What the runtime said.
        at: When.
    """

    reason: str
    exit_code: int
    message: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Container:
    """A container of a pod.

    Attributes:
        name: Its name.
        image: What it runs.
        working_dir: Where it starts; empty where the image says it.
        memory_limit: As written, such as ``1Gi``; empty where there is none.
        mounts: The volumes it mounts: name, path, and the path inside the volume.
        ports: Names of its ports and their numbers.
        state: ``running``, ``waiting``, ``terminated``, or empty where nothing is known yet.
        reason: Why it waits: ``ImagePullBackOff``, ``CreateContainerConfigError``.
        message: What the kubelet says to that.
        ready: Whether it is.
        restarts: How often it was started again.
        started: When it was started; None where it is not running.
        ended: How it ended, where ``terminated``.
        last: How it ended the time before.
        init: Whether it runs before the others.
    """

    name: str
    image: str = ""
    working_dir: str = ""
    memory_limit: str = ""
    mounts: tuple[tuple[str, str, str], ...] = ()
    ports: tuple[tuple[str, int], ...] = ()
    state: str = ""
    reason: str = ""
    message: str = ""
    ready: bool = False
    restarts: int = 0
    started: datetime | None = None
    ended: Ended | None = None
    last: Ended | None = None
    init: bool = False

    @property
    def is_failing(self) -> bool:
        """Whether it ended otherwise than it should, or waits to be started again after that."""
        if self.ended is not None:
            return self.ended.exit_code != 0
        return self.last is not None and self.last.exit_code != 0 and not self.ready


@dataclass(frozen=True, slots=True)
class Toleration:
    """A taint that a pod puts up with; empty fields match all."""

    key: str = ""
    operator: str = "Equal"
    value: str = ""
    effect: str = ""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One label that a pod demands, of a node or of a peer.

    Attributes:
        key: The label.
        operator: ``In``, ``NotIn``, ``Exists``, ``DoesNotExist``, ``Gt`` or ``Lt``.
        values: What it is compared with.
    """

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return it as a person writes it: ``key=value``, ``key in (a, b)``, ``key``."""
        if self.operator == "In" and len(self.values) == 1:
            return f"{self.key}={self.values[0]}"
        if self.operator in ("Exists", "DoesNotExist"):
            return self.key if self.operator == "Exists" else f"no {self.key}"
        word = {"In": "in", "NotIn": "not in", "Gt": ">", "Lt": "<"}.get(self.operator, self.operator)
        return f"{self.key} {word} ({', '.join(self.values)})"


@dataclass(frozen=True, slots=True)
class PodSpec:
    """What a pod asks for, be it of a pod or of a template.

    Attributes:
        service_account: Its name; empty for the default.
        references: What has to be there.
        containers: The containers, init containers first.
        claims: Names of the claims that it mounts.
        volumes: Names of its volumes that are claims, and the claims.
        uid: Whom it runs as; None where the image says it.
        gid: The group that its volumes are given to; None where there is none.
        selector: Labels that a node must have.
        terms: Node affinity that is required: one of the terms has to hold.
        tolerations: The taints it puts up with.
        cpu: Cores it asks for.
        memory_bytes: Memory it asks for.
        devices: Other resources it asks for, such as ``nvidia.com/gpu``.
    """

    service_account: str = ""
    references: tuple[Reference, ...] = ()
    containers: tuple[Container, ...] = ()
    claims: tuple[str, ...] = ()
    volumes: tuple[tuple[str, str], ...] = ()
    uid: int | None = None
    gid: int | None = None
    selector: tuple[Requirement, ...] = ()
    terms: tuple[tuple[Requirement, ...], ...] = ()
    tolerations: tuple[Toleration, ...] = ()
    cpu: float = 0.0
    memory_bytes: int = 0
    devices: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod.

    Attributes:
        name: Its name.
        part: The part of the hub that it is.
        spec: What it asks for, with the state of its containers.
        phase: ``Pending``, ``Running``, ``Succeeded`` or ``Failed``.
        user: Whose server it is; empty for the hub's own parts.
        labels: Its labels.
        node: The node it is on; empty while there is none.
        ip: Its address.
        reason: Why it failed: ``Evicted``.
        message: What was said to that.
        scheduling: What the scheduler says while there is no node.
        ready: Whether it is.
        created: When it was made.
        deleted: Whether it is being removed.
    """

    name: str
    part: Part
    spec: PodSpec
    phase: str = ""
    user: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    node: str = ""
    ip: str = ""
    reason: str = ""
    message: str = ""
    scheduling: str = ""
    ready: bool = False
    created: datetime | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Workload:
    """What makes pods: a Deployment, ReplicaSet, StatefulSet, DaemonSet or Job.

    Attributes:
        kind: Its kind.
        name: Its name.
        part: The part of the hub that its pods are.
        spec: What its pods ask for.
        wanted: How many pods there should be.
        ready: How many are ready.
        problem: What its controller says of pods that it cannot make.
    """

    kind: str
    name: str
    part: Part
    spec: PodSpec
    wanted: int = 0
    ready: int = 0
    problem: str = ""
