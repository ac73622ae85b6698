"""Homes: on the storage that was asked for, with the directories and mounts that people know."""

from __future__ import annotations

from takeout.adapt.context import Storage
from takeout.adapt.home_nfs import NAME as HOME_NFS
from takeout.adapt.home_nfs import serve_homes
from takeout.adapt.homes import (
    CLAIM,
    STORAGE,
    VOLUME,
    Mount,
    ask_for_copies,
    claim,
    claim_volumes,
    drop_claim_volumes,
    home_mounts,
    kind,
    namespace_directory,
    own_homes,
    uses_homes,
    volume_and_claim,
)
from takeout.adapt.rule import Action, Case, Cover, Draft, Rule
from takeout.values.node import Data

_LARGEST_GIB = 10  # z2jh's own default
_OWN_KEYS = ("nfs", "nfsPVC", "azureFile", "inClusterNFS")


def change(draft: Draft) -> None:
    """Move homes to the storage that was asked for; a hub without homes keeps none."""
    storage = draft.context.options.storage
    is_used = uses_homes(draft)
    if kind(draft) == "dynamic" and storage.shared:
        _share(draft)
        is_used = True
    if is_used and kind(draft) != "none":
        ask_for_copies(draft)
    if is_used and storage.kind == "dynamic":
        _give_each(draft)
    elif is_used:
        _serve(draft, storage)
    if storage.kind != "home-nfs" or not is_used:
        draft.remove((HOME_NFS,), why="homes are not on this server any more")
    for key in _OWN_KEYS:
        draft.remove((key,), why="templates of the origin's chart made the volume of homes from it")


def _share(draft: Draft) -> None:
    """Turn a claim for each person into directories on one claim."""
    why = "all homes are on one volume"
    draft.set((*STORAGE, "type"), "static", why=why)
    draft.set((*STORAGE, "static"), {"pvcName": CLAIM, "subPath": "{username}"}, why=why)


def _give_each(draft: Draft) -> None:
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


def _serve(draft: Draft, storage: Storage) -> None:
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


_STATIC = """
nfs: {enabled: true, pv: {serverIP: 10.0.0.1, mountOptions: [soft]}}
jupyterhub:
  singleuser:
    initContainers:
      - {name: pull, volumeMounts: [{name: home, mountPath: /home/jovyan, subPath: '{escaped_username}'}]}
    storage:
      type: static
      static: {pvcName: home-nfs, subPath: '{escaped_username}'}
      extraVolumeMounts:
        rstudio: {name: home, mountPath: /home/rstudio, subPath: '{escaped_username}'}
        config: {name: home, mountPath: /etc/rstudio, subPath: 'term/{username}/.rstudio'}
"""

RULE = Rule(
    id="S01",
    title="Put homes on the storage that was asked for",
    why=(
        "Servers mount the claim `home-nfs`, which a template of the origin's chart makes of a file server in the "
        "origin's network. Without it every server stays pending for ever."
    ),
    source="helm-charts/basehub/templates/nfs.yaml",
    safety="likely",
    change=change,
    cases=(
        Case(
            "a volume for each person, mounted where the home was",
            _STATIC + "jupyterhub-home-nfs: {quotaEnforcer: {config: {QuotaManager: {hard_quota: 20}}}}\n",
            """
jupyterhub:
  singleuser:
    initContainers: [{name: pull, volumeMounts: [{name: home, mountPath: /home/jovyan}]}]
    storage:
      type: dynamic
      dynamic: {volumeNameTemplate: home, storageClass: gp3}
      capacity: 10Gi
      extraVolumeMounts:
        rstudio: {name: home, mountPath: /home/rstudio}
        config: {name: home, mountPath: /etc/rstudio, subPath: .rstudio}
""",
            target="eks",
            actions=("copy-homes", "home-size"),
        ),
        Case(
            "a claim of the owners'",
            "jupyterhub: {singleuser: {storage: {type: static, static: {pvcName: home-nfs, subPath: "
            "'{username}'}}}}",
            """
jupyterhub:
  singleuser:
    storage: {type: static, static: {pvcName: mine, subPath: '{username}'}}
    initContainers:
      - name: own-home
        image: busybox:1.36.1
        command: [sh, -c, '[ "$(stat -c %u /home/jovyan)" = 1000 ] || chown 1000:1000 /home/jovyan']
        securityContext: {runAsUser: 0}
        volumeMounts: [{name: home, mountPath: /home/jovyan, subPath: '{username}'}]
""",
            options={"storage": Storage("pvc", name="mine")},
            actions=("home-claim", "copy-homes"),
        ),
        Case(
            "a file server",
            "jupyterhub: {singleuser: {initContainers: [{command: [chown]}], storage: {type: static}}}",
            options={"storage": Storage("nfs", host="nfs.example.edu", path="/export")},
            actions=("home-export", "copy-homes"),
            manifests=("PersistentVolume/prod-home-nfs", "PersistentVolumeClaim/home-nfs"),
        ),
        Case(
            "a directory of one machine",
            "jupyterhub: {singleuser: {initContainers: [{command: [chown]}], storage: {type: static}}}",
            options={"storage": Storage("hostpath", path="/srv/homes")},
            actions=("copy-homes",),
            manifests=("PersistentVolume/prod-home-nfs", "PersistentVolumeClaim/home-nfs"),
        ),
        Case(
            "the file server with quotas",
            """
jupyterhub-home-nfs: {enabled: true, fullnameOverride: files, eks: {enabled: true, volumeId: vol-1}}
jupyterhub: {singleuser: {storage: {type: static, static: {pvcName: home-nfs}}}}
""",
            """
jupyterhub-home-nfs:
  enabled: true
  fullnameOverride: files
  quotaEnforcer:
    config:
      QuotaManager:
        paths: [/export/prod]
        projects_file: /export/prod/.projects
        projid_file: /export/prod/.projid
  persistentVolume: {storageClass: home-nfs-disk, size: 100Gi}
jupyterhub: {singleuser: {storage: {type: static, static: {pvcName: home-nfs}}}}
""",
            options={"storage": Storage("home-nfs")},
            target="gke",
            actions=("home-address", "copy-homes"),
            manifests=(
                "StorageClass/home-nfs-disk",
                "PersistentVolume/prod-home-nfs",
                "PersistentVolumeClaim/home-nfs",
            ),
        ),
        Case(
            "a hub that shares another's folder",
            """
jupyterhub:
  singleuser:
    storage:
      type: none
      extraVolumes: {a: {name: other, persistentVolumeClaim: {claimName: home-nfs}}, b: {name: shm, emptyDir: {}}}
      extraVolumeMounts:
        a: {name: other, mountPath: /shared, subPath: _shared}
        b: {name: shm, mountPath: /dev/shm}
""",
            """
jupyterhub:
  singleuser:
    storage:
      type: none
      extraVolumes: {b: {name: shm, emptyDir: {}}}
      extraVolumeMounts: {b: {name: shm, mountPath: /dev/shm}}
""",
            actions=("shared-folders",),
        ),
        Case("a hub without homes", "jupyterhub: {singleuser: {storage: {type: none}}}"),
        Case(
            "a volume for each person already",
            "jupyterhub: {singleuser: {storage: {type: dynamic, capacity: 5Gi}}}",
        ),
    ),
)
