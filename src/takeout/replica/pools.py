"""Which node pools and kinds of storage a hub needs from its target."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from takeout.adapt.rule import Action
from takeout.replica.model import Replica
from takeout.targets import InstanceType, Step, Target
from takeout.targets.model import StepId
from takeout.values.node import Data, Scalar, Sequence, walk

_TYPE_LABELS = ("node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type")
_GPU = "nvidia.com/gpu"


@dataclass(frozen=True, slots=True)
class Needs:
    """What a hub asks of a cluster.

    Attributes:
        types: The machines that its values name and the target offers, in order.
        gpus: Whether it asks for GPUs.
        shared: Whether it asks for the target's storage that many nodes can write.
    """

    types: tuple[InstanceType, ...]
    gpus: bool
    shared: bool


def needs(replica: Replica) -> Needs:
    """Return what ``replica`` asks of its target."""
    target = replica.context.target
    names: dict[str, None] = {}
    gpus = shared = False
    for path, node in walk(replica.values):
        key = path[-1] if path else ""
        if key in _TYPE_LABELS:
            names.update(dict.fromkeys(_texts(node)))
        elif isinstance(node, Scalar):
            gpus = gpus or (key == _GPU and node.value not in (None, 0, "0"))
            shared = shared or (bool(target.shared_class) and node.value == target.shared_class)
    shared = shared or any(_mentions(manifest, target.shared_class) for manifest in replica.adaptation.manifests)
    offered = {machine.name: machine for machine in target.instance_types}
    return Needs(tuple(offered[name] for name in names if name in offered), gpus, shared)


def pool_steps(
    target: Target, wanted: Needs, *, dask: bool, fields: dict[str, str], actions: Iterable[Action]
) -> list[Step]:
    """Return the target's steps that make the node pools, filled in for each machine that is needed.

    Args:
        target: Where the replica will run.
        wanted: What the hub asks for.
        dask: Whether it runs Dask workers.
        fields: The fields of the steps that are the same for all.
        actions: What is asked for anyway: a pool that an action makes is not made twice.
    """
    said = "\n".join(command for action in actions for command in action.commands)
    plain = [machine for machine in wanted.types if not machine.gpus] or _default(target)
    accelerated = [machine for machine in wanted.types if machine.gpus]
    if wanted.gpus and not accelerated:
        accelerated = [machine for machine in target.instance_types if machine.gpus][:1] or [_ANY_GPU]
    pools: list[tuple[StepId, str, InstanceType]] = [
        *(("user-pool", f"user-{number}", machine) for number, machine in enumerate(plain, 1)),
        *(("gpu-pool", f"gpu-{number}", machine) for number, machine in enumerate(accelerated, 1)),
    ]
    steps = [_pool(target, *pool, fields) for pool in pools if pool[2].name not in said]
    if dask and _DASK_WORKERS not in said:
        steps.append(_pool(target, "dask-pool", "dask", (plain or [_ANY_GPU])[0], fields))
    return not_asked([step for step in steps if step is not None], said)


def not_asked(steps: Iterable[Step], said: str) -> list[Step]:
    """Return the steps that have a command which is not among what is ``said`` already."""
    return [step for step in steps if not all(command in said for command in step.commands)]


_DASK_WORKERS = "worker"
"""What the label and the taint of a pool for Dask workers say on every target."""
_ANY_GPU = InstanceType("a machine with a GPU", 4, 16, 1, "nvidia-tesla-t4")


def _default(target: Target) -> list[InstanceType]:
    return [machine for machine in target.instance_types if machine.name == target.user_type][:1]


def _pool(
    target: Target, step_id: StepId, pool: str, machine: InstanceType, fields: dict[str, str]
) -> Step | None:
    step = target.step(step_id)
    more = {"pool": pool, "instance_type": machine.name, "gpus": str(machine.gpus), "gpu": machine.gpu}
    return fill(step, {**fields, **more}) if step is not None else None


def fill(step: Step, fields: dict[str, str]) -> Step:
    """Return ``step`` with its fields filled in, its title's too; pools' fields may be left out."""
    fields = {"pool": "", "instance_type": "", "gpus": "", "gpu": "", **fields}
    return replace(step.fill(**fields), title=step.title.format_map(fields))


def _texts(node: object) -> Iterable[str]:
    match node:
        case Scalar(value=str() as text):
            yield text
        case Sequence(items=items):
            for item in items:
                yield from _texts(item)


def _mentions(data: Data, text: str) -> bool:
    if not text:
        return False
    match data:
        case dict():
            return any(_mentions(value, text) for value in data.values())
        case list():
            return any(_mentions(value, text) for value in data)
    return data == text
