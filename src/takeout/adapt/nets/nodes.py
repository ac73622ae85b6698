"""Every node that a pod demands and that the target does not offer: by a label, a device, memory or cores.

A toleration is not a demand, and neither is a preference.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from takeout.adapt.context import Context
from takeout.adapt.nets.finding import Finding
from takeout.adapt.nets.live import Entry, every, live
from takeout.adapt.nets.objects import clear, title
from takeout.targets import Target
from takeout.values.node import Mapping as Document
from takeout.values.node import to_data
from takeout.values.path import Path, format_path

Demand = tuple[str, str]
"""A finding's subject, and the reason that the target does not meet it."""

_PURPOSE = "hub.jupyter.org/node-purpose"
_GIB = 1 << 30
_UNITS = {
    "": 1, "k": 10**3, "K": 1 << 10, "m": 0.001, "M": 1 << 20, "G": _GIB, "T": 1 << 40,
    "Ki": 1 << 10, "Mi": 1 << 20, "Gi": _GIB, "Ti": 1 << 40,
}  # fmt: skip
_QUANTITY = re.compile(r"(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?P<unit>[kKmMGT]?i?)B?")


def nodes(values: Document, context: Context) -> list[Finding]:
    """Return what the values demand of nodes and the target does not offer."""
    data = to_data(values)
    return nodes_in(live(data, context), context.target) if isinstance(data, dict) else []


def nodes_in(entries: Iterable[Entry], target: Target) -> list[Finding]:
    """Return what ``nodes`` does, for the entries of plain values that take effect."""
    return [
        Finding("nodes", subject, path, f"{format_path(path)} {reason}")
        for path, value, _ in entries
        for subject, reason in demands(path, value, target)
    ]


def nodes_of_manifests(objects: Iterable[Mapping[str, Any]], context: Context) -> list[Finding]:
    """Return what the pods of Kubernetes objects demand of nodes and the target does not offer."""
    return nodes_in_objects([clear(item) for item in objects], context)


def nodes_in_objects(objects: Iterable[Mapping[str, Any]], context: Context) -> list[Finding]:
    """Return what ``nodes_of_manifests`` does, for objects that are in clear."""
    findings: dict[tuple[str, str], Finding] = {}
    for item in objects:
        name = title(item)
        if item.get("kind") in ("ConfigMap", "Secret"):
            hub = item["data"].get("values.yaml")
            entries = live({"jupyterhub": hub}, context) if isinstance(hub, dict) else iter(())
        else:
            entries = every(dict(item))
        for path, value, _ in entries:
            for subject, reason in demands(path, value, context.target):
                finding = Finding("nodes", subject, (), f"{name} ({format_path(path)}) {reason}", name)
                findings.setdefault((name, subject), finding)
    return list(findings.values())


def demands(path: Path, value: Any, target: Target) -> Iterator[Demand]:
    """Yield what ``value``, standing at ``path``, demands and ``target`` does not offer."""
    key = path[-1]
    if isinstance(key, str):
        find = _KEYS.get(_folded(key))
        if find is not None:
            yield from find(path, value, target)


@lru_cache(maxsize=4096)
def _folded(key: str) -> str:
    return key.replace("_", "").lower()


def _selector(_path: Path, value: Any, target: Target) -> Iterator[Demand]:
    if isinstance(value, Mapping):
        for label, wanted in value.items():
            if wanted is not None:
                yield from _label(str(label), [str(wanted)], target)


def _terms(_path: Path, value: Any, target: Target) -> Iterator[Demand]:
    """Terms of a required node affinity: one of them must hold, and of it every expression."""
    if isinstance(value, Mapping):
        value = value.get("nodeSelectorTerms") or value.get("node_selector_terms")
    terms = [term for term in value if isinstance(term, Mapping)] if isinstance(value, list) else []
    unmet = [list(_expressions(term, target)) for term in terms]
    if unmet and all(unmet):
        yield from (demand for demands_of_term in unmet for demand in demands_of_term)


def _expressions(term: Mapping[str, Any], target: Target) -> Iterator[Demand]:
    for expression in term.get("matchExpressions") or term.get("match_expressions") or ():
        if not isinstance(expression, Mapping):
            continue
        label, operator = str(expression.get("key")), expression.get("operator")
        if operator == "In":
            yield from _label(label, [str(value) for value in expression.get("values") or ()], target)
        elif operator == "Exists" and label not in target.labels:
            yield f"label:{label}", f"demands a node with a label {label}, which the target does not have"


def _purpose(path: Path, value: Any, target: Target) -> Iterator[Demand]:
    """z2jh's own way to demand the label that it recommends."""
    if value == "require" and len(path) > 2:  # noqa: PLR2004 - corePods.nodeAffinity.matchNodePurpose
        yield from _label(_PURPOSE, ["core" if path[-3] == "corePods" else "user"], target)


def _label(label: str, wanted: list[str], target: Target) -> Iterator[Demand]:
    if not any(target.offers(label, value) for value in wanted):
        for value in wanted:
            yield (
                f"label:{label}={value}",
                f"demands a node labelled {label}={value}, which the target does not have",
            )


def _devices(_path: Path, value: Any, target: Target) -> Iterator[Demand]:
    """Extended resources: their names have a slash, as in ``nvidia.com/gpu``."""
    if not isinstance(value, Mapping):
        return
    for name, count in value.items():
        wanted = quantity(count)
        if "/" not in str(name) or not wanted:
            continue
        offered = max((t.gpus for t in target.instance_types), default=0) if str(name).endswith("/gpu") else 0
        if wanted > offered:
            yield (
                f"device:{name}={wanted:g}",
                f"demands {wanted:g} of {name}, and the target's nodes have {offered}",
            )


def _resources(path: Path, value: Any, target: Target) -> Iterator[Demand]:
    if not isinstance(value, Mapping):
        return
    for kind in ("limits", "requests", "guarantees"):
        yield from _devices(path, value.get(kind), target)
    requests = value.get("requests")
    if isinstance(requests, Mapping):
        yield from _memory(path, requests.get("memory"), target)
        yield from _cores(path, requests.get("cpu"), target)


def _memory(_path: Path, value: Any, target: Target) -> Iterator[Demand]:
    if isinstance(value, Mapping):
        value = value.get("guarantee") or value.get("request")
    largest = max((t.memory_gib for t in target.instance_types), default=0)
    wanted = quantity(value) / _GIB
    if largest and wanted > largest:
        yield (
            f"memory:{value}",
            f"demands {wanted:.1f} GiB of memory, and the target's largest node has {largest:g}",
        )


def _cores(_path: Path, value: Any, target: Target) -> Iterator[Demand]:
    if isinstance(value, Mapping):
        value = value.get("guarantee") or value.get("request")
    largest = max((t.cores for t in target.instance_types), default=0)
    wanted = quantity(value)
    if largest and wanted > largest:
        yield f"cores:{value}", f"demands {wanted:g} cores, and the target's largest node has {largest:g}"


def quantity(value: Any) -> float:
    """Return a number of bytes or cores as Kubernetes or KubeSpawner write it; 0 for what is neither.

    KubeSpawner's ``G`` is 1024³, Kubernetes' is 1000³: the larger is meant, since the question is whether it fits.
    """
    if isinstance(value, bool) or value is None:
        return 0
    if isinstance(value, int | float):
        return float(value)
    match = _QUANTITY.fullmatch(str(value).strip())
    if match is None or match["unit"] not in _UNITS:
        return 0
    return float(match["number"]) * _UNITS[match["unit"]]


_KEYS: dict[str, Callable[[Path, Any, Target], Iterator[Demand]]] = {
    "cpu": lambda path, value, target: _cores(path, value, target) if _is_guarantee(value) else iter(()),
    "cpuguarantee": _cores,
    "extraresource": _resources,
    "extraresourceguarantees": _devices,
    "extraresourcelimits": _devices,
    "matchnodepurpose": _purpose,
    "memguarantee": _memory,
    "memory": lambda path, value, target: _memory(path, value, target) if _is_guarantee(value) else iter(()),
    "nodeaffinityrequired": _terms,
    "nodeselector": _selector,
    "required": lambda path, value, target: _terms(path, value, target) if _is_affinity(path) else iter(()),
    "requiredduringschedulingignoredduringexecution": _terms,
    "resources": _resources,
}


def _is_guarantee(value: Any) -> bool:
    return isinstance(value, Mapping) and ("guarantee" in value or "request" in value)


def _is_affinity(path: Path) -> bool:
    return len(path) > 1 and path[-2] == "extraNodeAffinity"
