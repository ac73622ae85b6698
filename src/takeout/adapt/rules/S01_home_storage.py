"""Homes: on the storage that was asked for, with the directories and mounts that people know."""

from __future__ import annotations

from takeout.adapt.cite import infrastructure
from takeout.adapt.context import Storage
from takeout.adapt.home_kinds import give_each, serve
from takeout.adapt.home_nfs import NAME as HOME_NFS
from takeout.adapt.homes import CLAIM, STORAGE, ask_for_copies, kind, uses_homes
from takeout.adapt.rule import Case, Draft, Rule

_OWN_KEYS = ("nfs", "nfsPVC", "azureFile", "inClusterNFS")


def change(draft: Draft) -> None:
    """Move homes to the storage that was asked for; a hub without homes keeps none."""
    storage = draft.context.options.storage
    is_used = uses_homes(draft)
    if kind(draft) == "dynamic" and storage.shared:
        _share(draft)
        is_used = True
    if kind(draft) != "none":
        ask_for_copies(draft)
    if is_used and storage.kind == "dynamic":
        give_each(draft)
    elif is_used:
        serve(draft, storage)
    if storage.kind != "home-nfs" or not is_used:
        draft.remove((HOME_NFS,), why="homes are not on this server any more")
    for key in _OWN_KEYS:
        draft.remove((key,), why="templates of the origin's chart made the volume of homes from it")


def _share(draft: Draft) -> None:
    """Turn a claim for each person into directories on one claim."""
    why = "all homes are on one volume"
    draft.set((*STORAGE, "type"), "static", why=why)
    draft.set((*STORAGE, "static"), {"pvcName": CLAIM, "subPath": "{username}"}, why=why)


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
    source=infrastructure("helm-charts/basehub/templates/nfs.yaml"),
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
            actions=("copy-homes",),
        ),
    ),
)
