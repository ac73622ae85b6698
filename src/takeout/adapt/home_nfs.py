"""The companion jupyterhub-home-nfs: a file server for homes inside the cluster, with quotas."""

from __future__ import annotations

from takeout.adapt.context import Dependency
from takeout.adapt.homes import volume_and_claim
from takeout.adapt.rule import Action, Cover, Draft
from takeout.values.node import Data

NAME = "jupyterhub-home-nfs"
DEPENDENCY = Dependency(NAME, NAME, "1.2.0", "oci://ghcr.io/2i2c-org/jupyterhub-home-nfs")
"""The chart, for hubs whose source has it not."""

_IMAGES = "ghcr.io/2i2c-org/*:*"
"""What the chart runs where its values name nothing else."""

_FULL_NAME = "storage-quota"
_CLASS = "home-nfs-disk"
_DISKS: dict[str, dict[str, Data]] = {
    "gke": {"type": "pd-balanced"},
    "eks": {"type": "gp3"},
    "aks": {"skuName": "Premium_LRS"},
}
_SIZE = "100Gi"


def serve_homes(draft: Draft, claim: str) -> None:
    """Have the companion serve homes from a disk of the target's, and mount it as ``claim``."""
    context = draft.context
    if NAME not in context.hub.dependencies:
        draft.require(DEPENDENCY)
    draft.set((NAME, "enabled"), True)
    if not draft.get((NAME, "fullnameOverride")):
        draft.set((NAME, "fullnameOverride"), _FULL_NAME)
    for cloud in ("eks", "gke", "openstack"):
        draft.remove((NAME, cloud), why="it names a disk in the origin's account")
    if draft.context.mentions_origin(_IMAGES):
        draft.keep(
            "origin", _IMAGES, f"{NAME} runs images of its own, which are public; `takeout hub images` lists them"
        )
    _quota(draft)
    _disk(draft)
    full_name = str(draft.get((NAME, "fullnameOverride")))
    host = f"{full_name}-home-nfs.{context.hub.name}.svc.cluster.local"
    source: dict[str, Data] = {"nfs": {"server": host, "path": f"/{context.hub.name}"}}
    volume_and_claim(draft, source, name=claim, options=["soft", "noatime", "nfsvers=4.1"])
    _ask_for_address(draft, f"{full_name}-home-nfs", host, claim)


def _quota(draft: Draft) -> None:
    """Set quotas for this hub's directory; on a disk that is not XFS there are none."""
    manager = (NAME, "quotaEnforcer", "config", "QuotaManager")
    directory = f"/export/{draft.context.hub.name}"
    places: dict[str, Data] = {
        "paths": [directory],
        "projects_file": f"{directory}/.projects",
        "projid_file": f"{directory}/.projid",
    }
    for key, value in places.items():
        if not draft.has((*manager, key)):
            draft.set((*manager, key), value, why="homes are in the hub's own directory")
    if draft.context.target.distribution == "k3s":
        draft.set((NAME, "quotaEnforcer", "enabled"), False, why="quotas need a disk formatted as XFS")
        draft.set((NAME, "autoResizer", "enabled"), False, why="there is no disk of its own to grow")


def _disk(draft: Draft) -> None:
    """Have a disk made, formatted as XFS so that it counts what each home holds."""
    target = draft.context.target
    disk = next((c for c in target.storage_classes if c.default), None)
    name = _CLASS if target.distribution != "k3s" else target.default_class
    volume = (NAME, "persistentVolume")
    draft.set((*volume, "storageClass"), name, why="the disk is made by the cluster")
    draft.set((*volume, "size"), _SIZE, why="the disk is made by the cluster; it can grow later")
    if target.distribution == "k3s":
        return
    if disk is not None and target.distribution in _DISKS:
        draft.add(
            {
                "apiVersion": "storage.k8s.io/v1",
                "kind": "StorageClass",
                "metadata": {"name": _CLASS},
                "provisioner": disk.provisioner,
                "parameters": {**_DISKS[target.distribution], "csi.storage.k8s.io/fstype": "xfs"},
                "mountOptions": ["pquota"],
                "reclaimPolicy": "Retain",
                "allowVolumeExpansion": True,
                "volumeBindingMode": "WaitForFirstConsumer",
            }
        )
        return
    draft.ask(
        Action(
            "home-disk",
            f"Make a storage class {_CLASS}",
            f"The file server keeps homes on one disk of the class `{_CLASS}`: of your cluster's disks, formatted "
            "as XFS (`csi.storage.k8s.io/fstype: xfs`) and mounted with `pquota`, or it cannot count quotas.",
            ("kubectl get storageclass --output yaml",),
            f"kubectl get storageclass {_CLASS}",
            stage="storage",
            blocking=True,
            covers=(Cover("references", f"StorageClass/{_CLASS}"),),
        )
    )


def _ask_for_address(draft: Draft, service: str, host: str, claim: str) -> None:
    namespace = draft.context.hub.name
    kubectl = f"kubectl --namespace {namespace}"
    make = f"install --directory --owner 1000 --group 1000 /export/{namespace}"
    find = f"{kubectl} get service {service} --output jsonpath='{{.spec.clusterIP}}'"
    volume = f"persistentvolumeclaim/{claim} persistentvolume/{namespace}-{claim}"
    remove = f"{kubectl} delete {volume} --ignore-not-found"
    fill = f'sed "s/{host}/$ADDRESS/" "$file" | {kubectl} apply --filename -'
    draft.ask(
        Action(
            "home-address",
            "Tell nodes where homes are served",
            "A node mounts homes before it knows the cluster's own names (on GKE it knows them). After the first "
            f"`helm upgrade`, make the volume anew with the address of the service `{service}` in the place of "
            f"`{host}`: a volume's address cannot be changed, and no file is lost with it. Make the hub's "
            f"directory on the disk, `/export/{namespace}`, owned by 1000:1000. Nodes need an NFS client "
            "(`nfs-common`).",
            (
                f"{kubectl} exec deployment/{service} --container nfs-server -- {make}",
                f"ADDRESS=$({find})",
                remove,
                f"for file in manifests/*.yaml; do {fill}; done",
            ),
            f"kubectl --namespace {namespace} get persistentvolumeclaim",
            stage="storage",
            blocking=True,
            covers=(Cover("references", f"Service/{service}*"),),
        )
    )
