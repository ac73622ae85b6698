"""The machines that a hub asks for, and those of the target that take their place."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from takeout.adapt.nets.nodes import quantity
from takeout.adapt.rule import Draft
from takeout.targets import InstanceType, StepId, Target, nearest
from takeout.values.path import Path

TYPE_LABELS = ("node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type")
GPU = "nvidia.com/gpu"
GPU_LABEL = "cloud.google.com/gke-accelerator"
_GIB = 1 << 30
# What the pods that every node runs ask for: logs, metrics, network, disks.
_NODE_PODS_GIB = 0.8
_NODE_PODS_CORES = 0.4
_LIMITS = ("extra_resource_limits", "extra_resource_guarantees")


@dataclass(frozen=True, slots=True)
class Pool:
    """A node pool that the hub needs.

    Attributes:
        machine: Its instance type.
        gpus: GPUs that a pod on it asks for; 0 for none.
        gpu: Their model, where the hub or the machine says it.
    """

    machine: str
    gpus: int = 0
    gpu: str = ""

    def name(self, target: Target) -> str:
        """Return a name that the target's node pools may have."""
        kind = "gpu" if self.gpus else "user"
        if target.distribution == "aks":  # lower-case letters and digits, twelve of them at most
            return (kind[0] + re.sub(r"[^a-z0-9]", "", self.machine.lower().removeprefix("standard_")))[:12]
        return f"{kind}-{re.sub(r'[^a-z0-9]+', '-', self.machine.lower())}"


def gpus_asked(draft: Draft, selector: Path) -> int:
    """Return how many GPUs the pods ask for whose selector is at ``selector``."""
    for depth in range(len(selector) - 1, 0, -1):
        for holder in (selector[:depth], (*selector[:depth], "kubespawner_override")):
            for limits in ((*holder, _LIMITS[0]), (*holder, _LIMITS[1]), (*holder, "extraResource", "limits")):
                count = draft.get_map(limits).get(GPU)
                if isinstance(count, int | str) and str(count).isdigit():
                    return int(count)
    return 0


def replacement(name: str, gpus: int, accelerator: str, target: Target) -> Pool | None:
    """Return the target's pool for what the origin calls ``name``; None where nothing is known or offered.

    A machine of the target itself stays what it is, also one whose GPUs are attached to it.
    """
    if target.offers(TYPE_LABELS[0], name):
        machine = next(t for t in target.instance_types if t.name == name)
        return Pool(
            name, gpus and max(gpus, machine.gpus), accelerator or machine.gpu or ("nvidia-tesla-t4" * bool(gpus))
        )
    wanted = target.known_types.get(name)
    if wanted is None:
        return None
    if gpus and not wanted.gpus:
        wanted = replace(wanted, gpus=gpus, gpu=accelerator or "nvidia-tesla-t4")
    found: InstanceType | None = nearest(wanted, target)
    return None if found is None else Pool(found.name, found.gpus if gpus else 0, found.gpu if gpus else "")


def fit_guarantees(draft: Draft, holder: Path, machine: InstanceType) -> None:
    """Lower what is guaranteed at ``holder`` to what ``machine`` leaves to a pod that has it alone.

    Choices for a whole machine are cut to what one cloud's nodes leave, and another's leave less. Limits stay.
    """
    memory_gib, cores = usable(machine, draft.context.target)
    why = f"a {machine.name} leaves no more to the pods on it"
    for path in ((*holder, "mem_guarantee"), (*holder, "memory", "guarantee")):
        if quantity(draft.get(path)) > memory_gib * _GIB:
            draft.set(path, f"{memory_gib:.1f}G", why=why)
    for path in ((*holder, "cpu_guarantee"), (*holder, "cpu", "guarantee")):
        if quantity(draft.get(path)) > cores:
            draft.set(path, round(cores, 2), why=why)


def usable(machine: InstanceType, target: Target) -> tuple[float, float]:
    """Return the memory in GiB and the cores that a node of the target leaves to one person's server.

    The kernel, the kubelet's reservation and the pods that every node runs are taken off.

    Source: https://cloud.google.com/kubernetes-engine/docs/concepts/plan-node-sizes,
    https://docs.aws.amazon.com/eks/latest/userguide/choosing-instance-type.html,
    https://learn.microsoft.com/azure/aks/node-resource-reservations
    """
    memory = machine.memory_gib
    if target.distribution == "eks":
        pods = 58 if machine.cores <= 8 else 234  # noqa: PLR2004 - the network interfaces that a machine may have
        kernel, reserved = 0.03 * memory, 0.355 + 0.011 * pods
    else:
        kernel, reserved, below = 0.016 * memory, 0.1, 0.0
        for upto, share in ((4, 0.25), (8, 0.2), (16, 0.1), (128, 0.06), (float("inf"), 0.02)):
            reserved += max(0.0, min(memory, upto) - below) * share
            below = upto
        reserved += 0.75 if target.distribution == "aks" else 0.0
    return int((memory - kernel - reserved - _NODE_PODS_GIB) * 10) / 10, machine.cores * 0.98 - _NODE_PODS_CORES


def pool_commands(pool: Pool, draft: Draft) -> tuple[str, ...]:
    """Return the commands that make ``pool`` on the target."""
    target = draft.context.target
    step_id: StepId = "gpu-pool" if pool.gpus else "user-pool"
    step = target.step(step_id)
    if step is None:
        return ()
    fields = {"pool": pool.name(target), "instance_type": pool.machine, "gpus": pool.gpus, "gpu": pool.gpu}
    return step.fill(cluster=draft.context.hub.name, namespace=draft.context.hub.name, host="", **fields).commands
