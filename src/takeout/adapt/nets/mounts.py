"""Volumes that are mounted and that the pod does not have; Kubernetes refuses such a pod."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from takeout.values.path import Path

_SINGLEUSER: Path = ("jupyterhub", "singleuser", "storage")
_HUB: Path = ("jupyterhub", "hub")
_QUOTED = re.compile(r"""["']([a-z0-9-]+)["']""")
# What z2jh mounts into the hub's pod whatever the values say.
_HUB_VOLUMES = frozenset({"config", "secret", "existing-secret", "files", "pvc"})


def missing_volumes(data: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Yield the mounts of the hub, of people's servers and of profiles whose volume is not there: place and name.

    Args:
        data: Plain values, with z2jh's below ``jupyterhub``.
    """
    hub = _at(data, _HUB)
    volumes = _names(hub.get("extraVolumes")) | _HUB_VOLUMES
    yield from _unknown(hub.get("extraVolumeMounts"), volumes, (*_HUB, "extraVolumeMounts"))
    for kind in ("initContainers", "extraContainers"):
        yield from _of_containers(hub.get(kind), volumes, (*_HUB, kind))
    storage = _at(data, _SINGLEUSER)
    servers = _server_volumes(data, storage) | _names_in_code(hub)
    yield from _unknown(storage.get("extraVolumeMounts"), servers, (*_SINGLEUSER, "extraVolumeMounts"))
    for kind in ("initContainers", "extraContainers"):
        path = ("jupyterhub", "singleuser", kind)
        yield from _of_containers(_at(data, path[:-1]).get(kind), servers, path)
    yield from _of_profiles(data, servers)


def missing_volumes_of_pod(item: Mapping[str, Any]) -> list[str]:
    """Return the volumes that a Kubernetes object's pods mount and do not have, each once."""
    spec = item.get("spec")
    if item.get("kind") == "CronJob":
        spec = _at(item, ("spec", "jobTemplate", "spec"))
    if item.get("kind") != "Pod":
        spec = _at(spec if isinstance(spec, Mapping) else {}, ("template", "spec"))
    if not isinstance(spec, Mapping) or "containers" not in spec:
        return []
    volumes = _names(spec.get("volumes"))
    if item.get("kind") == "StatefulSet":
        templates = _at(item, ("spec",)).get("volumeClaimTemplates") or ()
        volumes |= {str(_at(template, ("metadata",)).get("name")) for template in templates}
    missing: dict[str, None] = {}
    for kind in ("initContainers", "containers"):
        for _, name in _of_containers(spec.get(kind), volumes, ()):
            missing.setdefault(name)
    return list(missing)


def _server_volumes(data: Mapping[str, Any], storage: Mapping[str, Any]) -> frozenset[str]:
    names = _names(storage.get("extraVolumes")) | {"files"}
    match storage.get("type", "dynamic"):
        case "static":
            names |= {"home"}
        case "dynamic":
            dynamic = _at(storage, ("dynamic",))
            names |= {str(dynamic.get("volumeNameTemplate", "volume-{user_server}"))}
            names |= {"volume-{user_server}", "volume-{username}{servername}"}
    spawner = _at(data, ("jupyterhub", "hub", "config", "KubeSpawner"))
    return frozenset(names | _names(spawner.get("volumes")))


def _names_in_code(hub: Mapping[str, Any]) -> frozenset[str]:
    """Return what the hub's own code has in quotes; it may well make volumes of these names."""
    code = [text for _, text in _items(hub.get("extraConfig")) if isinstance(text, str) and "volumes" in text]
    return frozenset(match[1] for text in code for match in _QUOTED.finditer(text))


def _of_profiles(data: Mapping[str, Any], servers: frozenset[str]) -> Iterator[tuple[Path, str]]:
    profiles = _at(data, ("jupyterhub", "singleuser")).get("profileList")
    for index, profile in enumerate(profiles if isinstance(profiles, list) else ()):
        path: Path = ("jupyterhub", "singleuser", "profileList", index)
        override = _at(profile, ("kubespawner_override",))
        own = servers | _names(override.get("volumes"))
        yield from _of_override(override, own, (*path, "kubespawner_override"))
        for option, detail in _at(profile, ("profile_options",)).items():
            for choice, body in _at(detail, ("choices",)).items():
                chosen = _at(body, ("kubespawner_override",))
                place: Path = (*path, "profile_options", option, "choices", choice, "kubespawner_override")
                yield from _of_override(chosen, own | _names(chosen.get("volumes")), place)


def _of_override(override: Mapping[str, Any], volumes: frozenset[str], path: Path) -> Iterator[tuple[Path, str]]:
    if "volumes" in override:  # a profile's volumes take the place of all others
        volumes = frozenset(_names(override["volumes"]))
        if "volume_mounts" not in override:
            return
    yield from _unknown(override.get("volume_mounts"), volumes, (*path, "volume_mounts"))
    for kind in ("init_containers", "extra_containers"):
        yield from _of_containers(override.get(kind), volumes, (*path, kind))


def _of_containers(containers: Any, volumes: frozenset[str], path: Path) -> Iterator[tuple[Path, str]]:
    for step, container in _items(containers):
        if isinstance(container, Mapping):
            for key in ("volumeMounts", "volume_mounts"):
                yield from _unknown(container.get(key), volumes, (*path, step, key))


def _unknown(mounts: Any, volumes: frozenset[str], path: Path) -> Iterator[tuple[Path, str]]:
    for step, mount in _items(mounts):
        name = mount.get("name") if isinstance(mount, Mapping) else None
        if isinstance(name, str) and name not in volumes:
            yield (*path, step), name


def _names(volumes: Any) -> frozenset[str]:
    return frozenset(
        str(volume["name"]) for _, volume in _items(volumes) if isinstance(volume, Mapping) and "name" in volume
    )


def _items(value: Any) -> list[tuple[str | int, Any]]:
    """Return a list's items, or a mapping's values; z2jh takes both where Kubernetes takes a list."""
    if isinstance(value, Mapping):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else []


def _at(data: Any, path: Path) -> Mapping[str, Any]:
    for step in path:
        data = data.get(step) if isinstance(data, Mapping) else None
    return data if isinstance(data, Mapping) else {}
