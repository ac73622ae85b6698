"""The machine of one cloud that comes nearest to that of another."""

from __future__ import annotations

from takeout.targets.model import InstanceType, Target

# Clouds sell "32 GiB" machines with a little less (31.8) or a family's odd size (a2-highgpu: 85 for 80).
_ENOUGH = 0.93


def nearest(wanted: InstanceType, target: Target) -> InstanceType | None:
    """Return the machine of ``target`` that fits what ``wanted`` has, or None where machines have no names.

    A machine that the target offers itself stays. Otherwise it is the smallest of those with the GPUs, the cores
    and the memory of ``wanted``, of the same GPU model where there is one, of the family that the target lists
    first where several are as small; where none is large enough, it is the largest.

    Args:
        wanted: The machine as the source names it, from ``Target.known_types``.
        target: Where the replica will run.
    """
    offered = [t for t in target.instance_types if bool(t.gpus) == bool(wanted.gpus)]
    if not offered:
        return None
    for offer in offered:
        if offer.name == wanted.name:
            return offer
    fitting = [t for t in offered if _fits(t, wanted)]
    if not fitting:
        return max(offered, key=lambda t: (t.memory_gib, t.cores))
    if wanted.gpus:
        fitting = [t for t in fitting if _model(t) == _model(wanted)] or fitting
    return min(fitting, key=lambda t: (t.gpus, t.memory_gib + t.cores))


def _model(machine: InstanceType) -> str:
    """Return the GPU's model without the maker's product line and the memory size: ``a100``, ``t4``."""
    return machine.gpu.removeprefix("nvidia-").removeprefix("tesla-").partition("-")[0]


def _fits(offer: InstanceType, wanted: InstanceType) -> bool:
    return (
        offer.gpus >= wanted.gpus
        and offer.cores >= wanted.cores * _ENOUGH
        and offer.memory_gib >= wanted.memory_gib * _ENOUGH
    )
