"""A pod's volumes as folders, and the places where the pod would see them as links below one folder, its root.

A pod has a file system of its own; a process here does not. Paths that lead into a volume are turned into paths
below that root, in the command and in the environment.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

NOTEBOOK = "notebook"


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a pod's parts go on this machine.

    Attributes:
        volumes: What stays: one folder a claim, share or host path.
        root: The pod's own folder, gone with it: its root, its empty directories, its mounted files.
        programs: The folder with the users' programs.
        files: What is in the Secrets that pods mount: by Secret, by key, as base64.
    """

    volumes: Path
    root: Path
    programs: Path
    files: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mount:
    """One place where the pod sees a volume.

    Attributes:
        path: The absolute path in the pod.
        source: The folder or file here.
        read_only: Whether the pod may only read there; nothing here enforces it.
    """

    path: PurePosixPath
    source: Path
    read_only: bool = False


def main_container(pod: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the container in which the user's server runs."""
    containers = pod["spec"]["containers"]
    found: Mapping[str, Any] = next((each for each in containers if each.get("name") == NOTEBOOK), containers[0])
    return found


def mounts_of(pod: Mapping[str, Any], ground: Ground, notes: list[str]) -> list[Mount]:
    """Return where the main container sees which folders, outermost first; the folders exist afterwards."""
    volumes = {volume["name"]: volume for volume in pod["spec"].get("volumes") or ()}
    mounts = []
    for mount in main_container(pod).get("volumeMounts") or ():
        source = _folder(volumes.get(mount["name"], mount), ground, notes)
        for step in PurePosixPath(mount.get("subPath") or "").parts:
            source = source / step.replace("..", "_") if step != "/" else source
        if not source.exists():
            made(source)
        mounts.append(Mount(PurePosixPath(mount["mountPath"]), source, bool(mount.get("readOnly"))))
        if mount.get("readOnly") and source.is_dir():
            notes.append(f"{mount['mountPath']} can be written to here; on a cluster it is read-only")
    return sorted(mounts, key=lambda mount: len(mount.path.parts))


def place(mounts: list[Mount], root: Path) -> None:
    """Make the pod's root: a link for each mount; one inside another volume becomes a link in that folder."""
    tree = root / "tree"
    for mount in mounts:
        spot = tree / mount.path.relative_to("/")
        spot.parent.mkdir(parents=True, exist_ok=True)
        if spot.is_symlink():
            spot.unlink()
        elif spot.is_dir() and not any(spot.iterdir()):
            spot.rmdir()
        elif spot.is_file() and mount.source.is_file():
            spot.unlink()  # a mounted file hides the one in the volume
        if not spot.exists():
            spot.symlink_to(mount.source)


def translate(text: str, mounts: list[Mount], tree: Path) -> str:
    """Return ``text`` with every absolute path that leads into a mount turned into the path below ``tree``."""
    paths = sorted({str(mount.path) for mount in mounts if str(mount.path) != "/"}, key=len, reverse=True)
    if not paths:
        return text
    pattern = rf"(?<![\w./}}-])({'|'.join(map(re.escape, paths))})(?![\w.-])"
    return re.sub(pattern, lambda match: f"{tree}{match[1]}", text)


def _folder(volume: Mapping[str, Any], ground: Ground, notes: list[str]) -> Path:
    """Return the folder that stands for a volume."""
    name = volume["name"]
    empty = ground.root / "empty" / _safe(name)
    if "persistentVolumeClaim" in volume:
        return made(ground.volumes / _safe(volume["persistentVolumeClaim"]["claimName"]))
    if "nfs" in volume:
        return made(ground.volumes / _safe(f"nfs-{volume['nfs']['server']}-{volume['nfs']['path']}"))
    if "hostPath" in volume:
        notes.append(f"the node's {volume['hostPath']['path']} is a folder of its own here")
        return made(ground.volumes / _safe(f"host-{volume['hostPath']['path']}"))
    for kind, named in (("secret", "secretName"), ("configMap", "name")):
        if kind in volume:
            return _files(str(volume[kind].get(named, "")), volume[kind], ground, name, notes)
    if "emptyDir" not in volume:
        notes.append(f"the volume {name} is empty here")
    return made(empty)


def _files(source: str, options: Mapping[str, Any], ground: Ground, name: str, notes: list[str]) -> Path:
    folder = made(ground.root / "files" / _safe(name))
    known = ground.files.get(source)
    if known is None:
        notes.append(f"the files of {source} are not at hand: the volume {name} is empty here")
        return folder
    items = options.get("items") or [{"key": key, "path": key} for key in known]
    for item in items:
        if item["key"] in known:
            file = folder / item["path"].replace("..", "_").lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.unlink(missing_ok=True)
            file.write_bytes(base64.b64decode(known[item["key"]]))
            file.chmod(item.get("mode") or options.get("defaultMode") or 0o644)
    return folder


def made(folder: Path) -> Path:
    """Return ``folder``, made where it was not there."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _safe(name: str) -> str:
    return re.sub(r"[^\w.=@+-]+", "-", name).strip("-.") or "volume"
