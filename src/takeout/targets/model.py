"""What a target is: the kinds of nodes, storage, ingress and machines that a Kubernetes cluster offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Literal


@dataclass(frozen=True, slots=True)
class InstanceType:
    """A machine that a target offers.

    Attributes:
        name: The provider's name for it, such as ``r5.xlarge``.
        cores: Virtual cores.
        memory_gib: Memory in GiB.
        gpus: Number of GPUs.
        gpu: The GPU's model, such as ``nvidia-t4``; empty where there is none.
    """

    name: str
    cores: float
    memory_gib: float
    gpus: int = 0
    gpu: str = ""


@dataclass(frozen=True, slots=True)
class StorageClass:
    """A storage class that is there once the target's runbook was followed.

    Attributes:
        name: Its name in the cluster.
        provisioner: The CSI driver or provisioner behind it.
        shared: Whether its volumes can be written by many nodes at once (ReadWriteMany).
        default: Whether a claim that names no class gets it.
    """

    name: str
    provisioner: str
    shared: bool = False
    default: bool = False


@dataclass(frozen=True, slots=True)
class Ingress:
    """How the world reaches the hub.

    Attributes:
        class_name: The ingress class.
        controller: What serves it, for people.
        issuer: The cert-manager Issuer, of the hub's own namespace, that a replica makes.
        annotations: Patterns of the annotations that this controller, or cert-manager, understands.
        namespace: Where the runbook installs the controller.
        pod_labels: The labels of the controller's pods, for network policies.
    """

    class_name: str
    controller: str
    issuer: str
    annotations: tuple[str, ...]
    namespace: str
    pod_labels: Mapping[str, str] = field(default_factory=dict)

    def understands(self, annotation: str) -> bool:
        """Whether ``annotation`` means something to this controller or to cert-manager."""
        return any(fnmatchcase(annotation, pattern) for pattern in self.annotations)


StepId = Literal[
    "prepare",
    "cluster",
    "user-pool",
    "gpu-pool",
    "dask-pool",
    "shared-storage",
    "ingress",
    "certificates",
    "address",
]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of making the target ready, for the runbook.

    What only the owners know stands in shell variables (``$PROJECT``), set by the step ``prepare``; what the
    replica knows stands in fields for ``str.format``: ``cluster``, ``namespace``, ``host``, ``pool``,
    ``instance_type``, ``gpus``, ``gpu``.

    Attributes:
        id: Which step; the last four node-pool and storage steps are done only where a hub needs them.
        title: The imperative.
        commands: Shell commands.
        verify: How to see that it worked: a command, or a sentence.
        text: What to know before, or empty.
    """

    id: StepId
    title: str
    commands: tuple[str, ...]
    verify: str = ""
    text: str = ""

    def fill(self, **fields: object) -> Step:
        """Return the step with its fields filled in.

        Raises:
            KeyError: When a field that the step names is not given.
        """
        return replace(
            self,
            commands=tuple(command.format_map(fields) for command in self.commands),
            verify=self.verify.format_map(fields),
            text=self.text.format_map(fields),
        )


@dataclass(frozen=True, slots=True)
class Target:
    """A kind of Kubernetes cluster that a replica can run on.

    Attributes:
        name: As ``--target`` takes it.
        title: For people.
        provider: ``gcp``, ``aws``, ``azure``, or empty where it may be anything.
        distribution: ``gke``, ``eks``, ``aks``, ``k3s``, or empty.
        labels: The node labels that the runbook's node pools have, each with the values that can be relied on;
            ``*`` stands for any value.
        taints: The taints of those node pools, as ``key=value:effect``.
        storage_classes: The classes that are there.
        ingress: How the world reaches the hub; None for a target that says nothing.
        core_type: The instance type for the hub itself; empty where machines have no names.
        user_type: The instance type for people's servers; empty where machines have no names.
        instance_types: The machines that it offers, preferred families first.
        known_types: Every cloud's machines by name, so that a demand from elsewhere can be understood.
        steps: How to make the target ready.
        source: Where these facts are from.
    """

    name: str
    title: str = ""
    provider: str = ""
    distribution: str = ""
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    taints: tuple[str, ...] = ()
    storage_classes: tuple[StorageClass, ...] = ()
    ingress: Ingress | None = None
    core_type: str = ""
    user_type: str = ""
    instance_types: tuple[InstanceType, ...] = ()
    known_types: Mapping[str, InstanceType] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    source: tuple[str, ...] = ()

    @property
    def default_class(self) -> str:
        """The class for volumes of one node; empty where the cluster's own default is all that is known."""
        return next((c.name for c in self.storage_classes if c.default), "")

    @property
    def shared_class(self) -> str:
        """The class for volumes that many nodes write; empty where there is none."""
        return next((c.name for c in self.storage_classes if c.shared), "")

    def offers(self, label: str, value: str) -> bool:
        """Whether some node of the runbook's pools is labelled ``label=value``."""
        values = self.labels.get(label, ())
        return value in values or "*" in values

    def step(self, step_id: StepId) -> Step | None:
        """Return the step ``step_id``, or None where the target needs none."""
        return next((step for step in self.steps if step.id == step_id), None)
