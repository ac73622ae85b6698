"""What a server's pod mounts, and which of it is shared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_SHARING = ("persistentVolumeClaim", "nfs", "hostPath", "csi")
_OWN = ("/var/run/secrets/", "/etc/", "/usr/local/etc/")


@dataclass(frozen=True, slots=True)
class Mount:
    """A directory that a server's container mounts.

    Attributes:
        path: Where.
        volume: What: the claim or the server, with the path inside it.
        read_only: Whether nothing can be written there.
    """

    path: str
    volume: str
    read_only: bool


def mounts_of(pod: Mapping[str, Any], values: Mapping[str, Any]) -> tuple[Mount, ...]:
    """Return the shared directories of a server's pod: homes, tokens and configuration left out."""
    spec = pod.get("spec") or {}
    volumes = {str(volume.get("name")): volume for volume in spec.get("volumes") or ()}
    storage = (values.get("singleuser") or {}).get("storage") or {}
    home = str(storage.get("homeMountPath") or "/home/jovyan")
    found = []
    containers = list(spec.get("containers") or ())
    for mount in (containers[0].get("volumeMounts") or ()) if containers else ():
        path, volume = str(mount.get("mountPath")), volumes.get(str(mount.get("name")), {})
        kind = next((kind for kind in _SHARING if kind in volume), "")
        if not kind or path == home or path.startswith(_OWN):
            continue
        inside = str(mount.get("subPath") or "")
        whole = _named(volume[kind])
        read_only = bool(mount.get("readOnly") or (volume[kind] or {}).get("readOnly"))
        found.append(Mount(path, f"{kind}:{whole}:{inside}", read_only))
    return tuple(found)


def writable_for(of_user: tuple[Mount, ...], of_admin: tuple[Mount, ...]) -> list[tuple[str, str]]:
    """Return where an admin may write what users may only read, each with the users' path; one of each volume.

    An image may want a folder in more than one place, such as RStudio's in another home.
    """
    read_only = {mount.volume: mount.path for mount in reversed(of_user) if mount.read_only}
    writable = {mount.volume: mount.path for mount in reversed(of_admin) if not mount.read_only}
    return [(writable[volume], path) for volume, path in read_only.items() if volume in writable]


def _named(source: Mapping[str, Any]) -> str:
    return "/".join(str(source.get(key, "")) for key in ("claimName", "server", "path") if source.get(key))
