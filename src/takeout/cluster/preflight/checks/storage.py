"""Where the hub's database and people's homes will live."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from takeout.cluster.preflight.check import Check, Problem, Subject
from takeout.cluster.store import Object
from takeout.targets import load_target, target_names

_DEFAULT = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
_SHARING = ("nfs", "efs", "filestore", "cephfs", "azurefile", "file.csi.azure", "glusterfs", "lustre", "manila")
"""What the provisioners of volumes for many nodes have in their names."""


def classes(subject: Subject) -> Iterator[Problem]:
    """Yield claims for which no volume will be made."""
    plan = subject.plan
    known = {str(item["metadata"]["name"]): item for item in subject.cluster.list("StorageClass")}
    default = next((name for name, item in known.items() if _is_default(item)), "")
    for name, spec in _claims(subject):
        if spec.get("volumeName") or subject.cluster.find("PersistentVolumeClaim", name, plan.namespace):
            continue
        wanted = spec.get("storageClassName")
        if wanted is None and not default:
            yield Problem(
                f"the claim {name} names no storage class, and the cluster has no default one",
                _classes_are(known) + "; mark one: kubectl annotate storageclass NAME " + f"{_DEFAULT[0]}=true",
            )
        elif wanted and wanted not in known and not _volume_for(subject, str(wanted)):
            yield Problem(
                f"the claim {name} names the storage class {wanted}, which is not there", _classes_are(known)
            )
        used = known.get(str(wanted or default))
        if "ReadWriteMany" in (spec.get("accessModes") or ()) and used is not None and not _shares(used):
            yield Problem(
                f"the claim {name} is for many nodes, and the class {used['metadata']['name']} "
                f"({used.get('provisioner')}) is not known to make such volumes",
                "see docs: choose a class that can, or --storage",
                blocking=False,
            )


def _claims(subject: Subject) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield claims that will be made: the release's, the replica's, and the homes that KubeSpawner asks for."""
    plan = subject.plan
    for item in plan.every_object:
        name = str((item.get("metadata") or {}).get("name"))
        if item.get("kind") == "PersistentVolumeClaim":
            yield name, item.get("spec") or {}
        for template in (item.get("spec") or {}).get("volumeClaimTemplates") or ():
            yield f"{template['metadata']['name']}-{name}-0", template.get("spec") or {}
    storage = (plan.hub_values.get("singleuser") or {}).get("storage") or {}
    if storage.get("type", "dynamic") == "dynamic":
        dynamic = storage.get("dynamic") or {}
        modes = dynamic.get("storageAccessModes") or ["ReadWriteOnce"]
        yield "of each home", {"storageClassName": dynamic.get("storageClass"), "accessModes": modes}


def homes(subject: Subject) -> Iterator[Problem]:
    """Yield a claim for all homes that nobody makes."""
    plan = subject.plan
    storage = (plan.hub_values.get("singleuser") or {}).get("storage") or {}
    name = (storage.get("static") or {}).get("pvcName")
    if storage.get("type") != "static" or not name:
        return
    made = any(
        item.get("kind") == "PersistentVolumeClaim" and (item.get("metadata") or {}).get("name") == name
        for item in plan.every_object
    )
    if not made and subject.cluster.find("PersistentVolumeClaim", str(name), plan.namespace) is None:
        yield Problem(
            f"homes live in the claim {name}, which neither the replica makes nor the namespace has",
            "make it, or choose another storage: takeout hub replicate … --storage",
        )


def _is_default(item: Object) -> bool:
    annotations = item["metadata"].get("annotations") or {}
    return any(annotations.get(name) == "true" for name in _DEFAULT)


def _classes_are(known: Mapping[str, Object]) -> str:
    return f"the cluster's classes are {', '.join(known)}" if known else "the cluster has no storage class at all"


def _volume_for(subject: Subject, name: str) -> bool:
    """Whether a volume carries the class' name: then there need be no class of that name."""
    own = [item for item in subject.plan.manifests if item.get("kind") == "PersistentVolume"]
    return any(
        (item.get("spec") or {}).get("storageClassName") == name
        for item in (*own, *subject.cluster.list("PersistentVolume"))
    )


def _shares(item: Object) -> bool:
    provisioner = str(item.get("provisioner", "")).lower()
    told = {
        known.provisioner for name in target_names() for known in load_target(name).storage_classes if known.shared
    }
    return provisioner in told or any(sign in provisioner for sign in _SHARING)


CHECKS = (
    Check("storage", "volumes will be made for the claims", classes),
    Check("homes", "there is a place for homes", homes),
)
