"""Where a replica can run; one data file per target."""

from __future__ import annotations

from dataclasses import dataclass, field


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
class Target:
    """A kind of Kubernetes cluster that a replica can run on."""

    name: str
    title: str = ""
    labels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    instance_types: tuple[InstanceType, ...] = ()
