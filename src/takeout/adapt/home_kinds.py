"""Where homes go: a volume for each person, a claim of the owners', a file server, a directory of one machine."""

from __future__ import annotations

from takeout.adapt.context import Storage
from takeout.adapt.home_nfs import NAME as HOME_NFS
from takeout.adapt.home_nfs import serve_homes
from takeout.adapt.homes import (
    STORAGE,
    VOLUME,
    Mount,
    claim,
    claim_volumes,
    drop_claim_volumes,
    home_mounts,
    kind,
    namespace_directory,
    own_homes,
    volume_and_claim,
)
from takeout.adapt.rule import Action, Cover, Draft
from takeout.values.node import Data

_LARGEST_GIB = 10  # z2jh's own default


def give_each(draft: Draft) -> None:
    """Give each person a claim; the volume keeps its name, so that mounts of the home go on working."""
    why = "each person has a volume"
    drop_claim_volumes(draft, claim(draft))
    if kind(draft) != "static":
        return
    draft.set((*STORAGE, "type"), "dynamic", why=why)
    draft.remove((*STORAGE, "static"), why=why)
    draft.set((*STORAGE, "dynamic", "volumeNameTemplate"), VOLUME, why="other mounts know the volume by this name")
    _size(draft)
    if draft.context.target.default_class:
        draft.set(
            (*STORAGE, "dynamic", "storageClass"), draft.context.target.default_class, why="the target's class"
        )
    for mount in list(home_mounts(draft)):
        if mount.is_own:
            _shorten(draft, mount)


def _shorten(draft: Draft, mount: Mount) -> None:
    """Take the person's directory out of a mount's path: the volume holds this one home and nothing else."""
    why = "the volume holds this one home and nothing else"
    for key in ("subPath", "sub_path"):
        if not mount.below:
            draft.remove((*mount.path, key), why=why)
        elif draft.has((*mount.path, key)):
            draft.set((*mount.path, key), mount.below, why=why)


def _size(draft: Draft) -> None:
    """Make volumes as large as the quota was, but not large: each is paid for whole, used or not."""
    quota = draft.get((HOME_NFS, "quotaEnforcer", "config", "QuotaManager", "hard_quota"))
    if not isinstance(quota, int | float) or isinstance(quota, bool) or quota < 1:
        return
    size = min(quota, _LARGEST_GIB)
    draft.set((*STORAGE, "capacity"), f"{size:g}Gi", why=f"the quota was {quota:g} GiB")
    if size < quota:
        draft.ask(
            Action(
                "home-size",
                "Choose how large people's volumes are",
                f"Everybody could use up to {quota:g} GiB of one large disk. A volume for each person is paid for "
                f"whole, so they have {size:g} GiB. Ask the origin how large homes are, and set "
                "`singleuser.storage.capacity` in `local.values.yaml` before people come; or let all share one "
                "disk, with `--storage home-nfs`.",
                stage="storage",
            )
        )


def serve(draft: Draft, storage: Storage) -> None:
    """Keep all homes on one volume, of the kind that was asked for, under the claim that pods mount."""
    name = claim(draft)
    if storage.kind == "pvc":
        for volume, _ in claim_volumes(draft, name):
            for key in ("persistentVolumeClaim", "persistent_volume_claim"):
                for step in ("claimName", "claim_name"):
                    if draft.has((*volume, key, step)):
                        draft.set((*volume, key, step), storage.name, why="homes are on this claim")
        if kind(draft) == "static":
            draft.set((*STORAGE, "static", "pvcName"), storage.name, why="homes are on this claim")
        _ask_for_claim(draft, storage.name)
    elif storage.kind == "nfs":
        path = f"{storage.path.rstrip('/')}/{namespace_directory(draft)}"
        found = draft.get("nfs.pv.mountOptions")
        options = [str(o) for o in found] if isinstance(found, list) else ["hard", "noatime", "nfsvers=4.1"]
        volume_and_claim(draft, {"nfs": {"server": storage.host, "path": path}}, name=name, options=options)
        _ask_for_export(draft, storage.host, path)
    elif storage.kind == "hostpath":
        directory = f"{storage.path.rstrip('/')}/{namespace_directory(draft)}"
        host_path: Data = {"path": directory, "type": "DirectoryOrCreate"}
        volume_and_claim(draft, {"hostPath": host_path}, name=name, options=[])
    else:
        serve_homes(draft, name)
    if storage.kind != "home-nfs" and kind(draft) == "static":  # jupyterhub-home-nfs makes everybody 1000
        own_homes(draft)


def _ask_for_claim(draft: Draft, name: str) -> None:
    namespace = draft.context.hub.name
    draft.ask(
        Action(
            "home-claim",
            f"Have the claim {name}",
            f"Homes are on the claim `{name}` in the namespace `{namespace}`, which you bring. Every node mounts "
            "it, so it must allow ReadWriteMany (or all servers run on one node).",
            (f"kubectl --namespace {namespace} get persistentvolumeclaim {name}",),
            "The claim is `Bound`.",
            stage="storage",
            blocking=True,
            covers=(Cover("references", f"PersistentVolumeClaim/{name}"),),
        )
    )


def _ask_for_export(draft: Draft, host: str, path: str) -> None:
    draft.ask(
        Action(
            "home-export",
            f"Export {path}",
            f"Nodes mount `{host}:{path}` with an NFS client (`nfs-common`): make the directory, owned by "
            "1000:1000, and export it to the cluster's nodes with `no_root_squash`, or with all ids squashed to "
            "1000.",
            (f"sudo install --directory --owner 1000 --group 1000 {path}", "sudo exportfs -ra"),
            f"showmount --exports {host}",
            stage="storage",
            blocking=True,
        )
    )
