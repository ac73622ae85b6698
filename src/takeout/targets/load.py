"""Read the targets' data files."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

from takeout.errors import OptionError
from takeout.targets.model import Ingress, InstanceType, Step, StorageClass, Target

_NAMES = ("any", "gke", "eks", "aks", "k3s")


def target_names() -> tuple[str, ...]:
    """Return the names of every target, the most general first."""
    return _NAMES


@cache
def load_target(name: str) -> Target:
    """Return the target ``name``.

    Raises:
        OptionError: When there is no such target.
    """
    if name not in _NAMES:
        raise OptionError(f"there is no target {name!r}", hint=f"targets: {', '.join(_NAMES)}")
    data = _read(name)
    types = _types(data)
    ingress = data["ingress"]
    labels = {key: tuple(values) for key, values in data.get("labels", {}).items()}
    if types:
        labels["node.kubernetes.io/instance-type"] = tuple(t.name for t in types)
        labels["beta.kubernetes.io/instance-type"] = labels["node.kubernetes.io/instance-type"]
    return Target(
        name=name,
        title=data["title"],
        provider=data.get("provider", ""),
        distribution=data.get("distribution", ""),
        labels=labels,
        taints=tuple(data.get("taints", ())),
        storage_classes=tuple(StorageClass(**item) for item in data.get("storage_classes", ())),
        ingress=Ingress(**{**ingress, "annotations": tuple(ingress["annotations"])}),
        core_type=data.get("core_type", ""),
        user_type=data.get("user_type", ""),
        instance_types=types,
        known_types=known_types(),
        steps=tuple(
            Step(**{**step, "commands": tuple(text.rstrip("\n") for text in step["commands"])})
            for step in data.get("steps", ())
        ),
        source=tuple(data.get("source", ())),
    )


@cache
def known_types() -> dict[str, InstanceType]:
    """Return every cloud's instance types by name, those that are no longer chosen included."""
    types = [t for name in _NAMES for t in _types(_read(name), retired=True)]
    return {t.name: t for t in types}


@cache
def _read(name: str) -> dict[str, Any]:
    text = resources.files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _types(data: dict[str, Any], *, retired: bool = False) -> tuple[InstanceType, ...]:
    """Return a file's instance types: families by their sizes, then the machines that are listed one by one."""
    types: list[InstanceType] = []
    for family in data.get("families", ()):
        if family.get("retired", False) and not retired:
            continue
        for size, cores in family["sizes"].items():
            memory = family.get("memory", {}).get(size, cores * family["memory_per_core_gib"])
            types.append(InstanceType(family["name"].format(size), cores, memory))
    types += [
        InstanceType(**{key: value for key, value in machine.items() if key != "retired"})
        for machine in data.get("machines", ())
        if retired or not machine.get("retired", False)
    ]
    return tuple(types)
