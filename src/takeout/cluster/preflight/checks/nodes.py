"""Whether the cluster has nodes such as the hub's pods and people's servers ask for, and room on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from takeout.adapt.nets.live import live
from takeout.adapt.nets.nodes import nodes_in, nodes_of_manifests, quantity
from takeout.cluster.api import is_ready
from takeout.cluster.preflight.check import Check, Problem, Subject
from takeout.cluster.store import Object
from takeout.targets import InstanceType

_GIB = 1 << 30
_KEEPS_OUT = ("NoSchedule", "NoExecute")
_PLACEHOLDER = "a placeholder for a person's server"
_WAITS = (
    "Helm waits for it as for every other pod: if no autoscaler makes a node for it, set "
    "scheduling.userPlaceholder.enabled: false, or give it smaller scheduling.userPlaceholder.resources"
)
_SCALED = "if an autoscaler makes such nodes when they are asked for, all is well; otherwise label or add a node"


@dataclass(frozen=True, slots=True)
class Machine:
    """A node.

    Attributes:
        name: Its name.
        labels: Its labels.
        taints: What keeps pods out, as ``key=value``.
        cores: What pods may have in all.
        memory_bytes: What pods may have in all.
        devices: Extended resources by name.
        free_cores: What the pods that are there leave.
        free_bytes: What the pods that are there leave.
    """

    name: str
    labels: Mapping[str, str]
    taints: tuple[str, ...]
    cores: float
    memory_bytes: float
    devices: Mapping[str, float]
    free_cores: float
    free_bytes: float


@dataclass(frozen=True, slots=True)
class Asked:
    """What one pod asks of a node.

    Attributes:
        what: The pod, for people.
        cores: Cores that it must have.
        memory_bytes: Memory that it must have.
        selector: Labels that the node must have.
        tolerates: Taints that do not keep it out, as ``key=value``; ``*`` for all.
        devices: Extended resources.
    """

    what: str
    cores: float = 0
    memory_bytes: float = 0
    selector: Mapping[str, str] = field(default_factory=dict)
    tolerates: frozenset[str] = frozenset()
    devices: Mapping[str, float] = field(default_factory=dict)


def labels(subject: Subject) -> Iterator[Problem]:
    """Yield labels, devices and sizes that are demanded and that no node has."""
    plan = subject.plan
    machines = read_machines(subject)
    offered: dict[str, set[str]] = defaultdict(set)
    for machine in machines:
        for key, value in machine.labels.items():
            offered[key].add(value)
    target = replace(
        plan.context.target,
        labels={key: tuple(values) for key, values in offered.items()},
        instance_types=tuple(
            InstanceType(m.name, m.cores, m.memory_bytes / _GIB, int(m.devices.get("nvidia.com/gpu", 0)))
            for m in machines
        ),
    )
    context = replace(plan.context, target=target)
    data = {"jupyterhub": dict(plan.hub_values)}
    seen: set[str] = set()
    for finding in (*nodes_in(live(data, context), target), *nodes_of_manifests(plan.every_object, context)):
        if finding.subject in seen:
            continue
        seen.add(finding.subject)
        # The hub itself must find a node now; a profile's nodes may be made on demand.
        is_core = finding.manifest.startswith("Deployment/")
        message = finding.message.replace("the target", "the cluster")
        yield Problem(message, _SCALED, blocking=is_core and "label:" not in finding.subject)


def room(subject: Subject) -> Iterator[Problem]:
    """Yield pods for which there is no room."""
    machines = read_machines(subject)
    if not machines:
        yield Problem("no node is ready to take pods", _SCALED, blocking=False)
        return
    for asked in (*_core(subject.plan.objects), *_servers(subject.plan.hub_values)):
        fitting = [machine for machine in machines if _takes(machine, asked)]
        size = f"{asked.cores:g} cores and {asked.memory_bytes / _GIB:.1f} GiB"
        is_core = asked.what.startswith("the ")
        mend = _WAITS if asked.what == _PLACEHOLDER else _SCALED
        if not fitting:
            yield Problem(f"no node fits {asked.what} ({size}{_more(asked)})", mend, blocking=is_core)
        elif not any(m.free_cores >= asked.cores and m.free_bytes >= asked.memory_bytes for m in fitting):
            yield Problem(f"no node has room now for {asked.what} ({size})", mend, blocking=False)


def read_machines(subject: Subject) -> list[Machine]:
    """Return the nodes that take pods, with what is free on each."""
    used: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for pod in subject.cluster.list("Pod"):
        if (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
            continue
        cores, memory = _requests(pod.get("spec") or {})
        of_node = used[str((pod.get("spec") or {}).get("nodeName"))]
        of_node[0] += cores
        of_node[1] += memory
    nodes = [item for item in subject.cluster.list("Node") if is_ready(item)]
    return [
        _machine(item, *used[str(item["metadata"]["name"])])
        for item in nodes
        if not (item.get("spec") or {}).get("unschedulable")
    ]


def _machine(item: Object, cores: float, memory: float) -> Machine:
    offered = (item.get("status") or {}).get("allocatable") or {}
    whole = {name: quantity(amount) for name, amount in offered.items()}
    return Machine(
        str(item["metadata"]["name"]),
        dict(item["metadata"].get("labels") or {}),
        tuple(
            f"{taint['key']}={taint.get('value', '')}"
            for taint in (item.get("spec") or {}).get("taints") or ()
            if taint.get("effect") in _KEEPS_OUT
        ),
        whole.get("cpu", 0),
        whole.get("memory", 0),
        {name: amount for name, amount in whole.items() if "/" in name},
        whole.get("cpu", 0) - cores,
        whole.get("memory", 0) - memory,
    )


def _requests(spec: Mapping[str, Any]) -> tuple[float, float]:
    wanted = [(c.get("resources") or {}).get("requests") or {} for c in spec.get("containers") or ()]
    return sum(quantity(w.get("cpu")) for w in wanted), sum(quantity(w.get("memory")) for w in wanted)


def _core(objects: Iterable[Object]) -> Iterator[Asked]:
    for item in objects:
        if item.get("kind") not in ("Deployment", "StatefulSet"):
            continue
        name = str((item.get("metadata") or {}).get("name"))
        wanted = item.get("spec") or {}
        if wanted.get("replicas") == 0:
            continue
        spec = (wanted.get("template") or {}).get("spec") or {}
        cores, memory = _requests(spec)
        yield Asked(
            _PLACEHOLDER if "placeholder" in name else f"the pod of {name}",
            cores,
            memory,
            spec.get("nodeSelector") or {},
            _tolerated(spec.get("tolerations")),
        )


def _servers(values: Mapping[str, Any]) -> Iterator[Asked]:
    """Yield a person's server in every profile: the largest decides whether the hub keeps its promises."""
    user = values.get("singleuser") or {}
    own = _tolerated(user.get("extraTolerations")) | {
        "hub.jupyter.org/dedicated=user",
        "hub.jupyter.org_dedicated=user",
    }
    base = Asked(
        "a person's server",
        quantity((user.get("cpu") or {}).get("guarantee")),
        quantity((user.get("memory") or {}).get("guarantee")),
        user.get("nodeSelector") or {},
        frozenset(own),
        {name: quantity(v) for name, v in ((user.get("extraResource") or {}).get("limits") or {}).items()},
    )
    profiles = [item for item in user.get("profileList") or () if isinstance(item, Mapping)]
    if not profiles:
        yield base
    for profile in profiles:
        yield _override(base, profile, f"the server of the profile {profile.get('display_name')!r}"[4:])


def _override(base: Asked, profile: Mapping[str, Any], what: str) -> Asked:
    given = profile.get("kubespawner_override") or {}
    cores = quantity(given.get("cpu_guarantee", base.cores))
    memory = quantity(given.get("mem_guarantee", base.memory_bytes))
    for option in (profile.get("profile_options") or {}).values():
        chosen = [(c or {}).get("kubespawner_override") or {} for c in (option.get("choices") or {}).values()]
        cores = max([cores, *(quantity(c.get("cpu_guarantee")) for c in chosen)])
        memory = max([memory, *(quantity(c.get("mem_guarantee")) for c in chosen)])
    return Asked(
        what,
        cores,
        memory,
        {**base.selector, **(given.get("node_selector") or {})},
        base.tolerates | _tolerated(given.get("tolerations")),
        {**base.devices, **{k: quantity(v) for k, v in (given.get("extra_resource_limits") or {}).items()}},
    )


def _tolerated(tolerations: Any) -> frozenset[str]:
    found = set()
    for item in tolerations or ():
        if not isinstance(item, Mapping):
            continue
        if not item.get("key"):
            found.add("*")
        elif item.get("operator") == "Exists":
            found.add(f"{item['key']}=*")
        else:
            found.add(f"{item['key']}={item.get('value', '')}")
    return frozenset(found)


def _takes(machine: Machine, asked: Asked) -> bool:
    kept_out = [
        taint for taint in machine.taints if not {taint, f"{taint.partition('=')[0]}=*", "*"} & asked.tolerates
    ]
    return (
        not kept_out
        and all(machine.labels.get(key) == str(value) for key, value in asked.selector.items())
        and machine.cores >= asked.cores
        and machine.memory_bytes >= asked.memory_bytes
        and all(machine.devices.get(name, 0) >= amount for name, amount in asked.devices.items())
    )


def _more(asked: Asked) -> str:
    wants = [f"{key}={value}" for key, value in asked.selector.items()]
    wants += [f"{amount:g} {name}" for name, amount in asked.devices.items()]
    return "".join(f", {want}" for want in wants)


CHECKS = (
    Check("nodes", "nodes have the labels and devices that are asked for", labels),
    Check("room", "there is room for the hub and for the largest server", room),
)
