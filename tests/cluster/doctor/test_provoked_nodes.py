"""Nodes that are not well: provoked on a real cluster, recognised, mended by the advice, gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from cluster.doctor.lab import Lab, claim, server, stand_in
from cluster.handle import until

_WRITE = "open('/scratch/big', 'wb').write(bytes(16 << 20)); import time; time.sleep(3600)"
_LABEL = "takeout.test/dying"


@pytest.fixture
def dying(lab: Lab) -> Iterator[str]:
    """A node that says that it is well, and then no more; only what tolerates its taint goes there."""
    name = f"dying-{lab.namespace}"
    taint = {"key": _LABEL, "value": lab.namespace, "effect": "NoSchedule"}
    # With this a cluster attaches disks itself, as for every kubelet of today.
    attaching = {"volumes.kubernetes.io/controller-managed-attach-detach": "true"}
    metadata = {"name": name, "labels": {_LABEL: lab.namespace}, "annotations": attaching}
    lab.cluster.apply({"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": {"taints": [taint]}})
    try:
        until(lambda: _is_taken(lab, name), "the cluster takes the node for a good one")
        yield name
    finally:
        lab.cluster.delete("Node", name)


def _is_taken(lab: Lab, name: str) -> bool:
    """Say once more that the node is well, and return whether the cluster has taken note of it."""
    lab.cluster.connection.json(
        "PATCH",
        f"/api/v1/nodes/{name}/status",
        "say that the node is well",
        body={"status": _well()},
        content_type="application/merge-patch+json",
    )
    return [taint["key"] for taint in lab.cluster.get("Node", name)["spec"].get("taints") or ()] == [_LABEL]


def _well() -> dict[str, Any]:
    offered = {"cpu": "4", "memory": "8Gi", "pods": "10"}
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    ready = {"type": "Ready", "status": "True", "reason": "Ready", "lastHeartbeatTime": now}
    return {"capacity": offered, "allocatable": offered, "conditions": [{**ready, "lastTransitionTime": now}]}


@pytest.fixture
def successor(lab: Lab) -> Iterator[str]:
    """The node that takes over, when it is given the labels of the one that died."""
    name = next(str(item["metadata"]["name"]) for item in lab.cluster.list("Node") if _runs(item))
    yield name
    lab.cluster.patch("Node", name, "", {"metadata": {"labels": {_LABEL: None}}})


def _runs(node: dict[str, Any]) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in node["status"].get("conditions") or ())


def _writing(limit: str) -> dict[str, Any]:
    container = {
        "command": ["python3", "-c", _WRITE],
        "volumeMounts": [{"name": "scratch", "mountPath": "/scratch"}],
    }
    return server("ada", container, volumes=[{"name": "scratch", "emptyDir": {"sizeLimit": limit}}])


def test_a_node_that_dies_and_a_server_that_is_put_out(lab: Lab, successor: str, dying: str) -> None:
    # The node may be found dead before the hub comes to it; one that is cordoned is left.
    silent = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
    tolerated = [{"key": key, "operator": "Exists"} for key in (_LABEL, *silent)]
    lab.apply(*stand_in(nodeSelector={_LABEL: lab.namespace}, tolerations=tolerated), _writing("1Mi"))
    wanted = {
        ("H29", f"Node/{dying}"): f"the node {dying} is not ready, and the hub is on it",
        ("H29", "Pod/jupyter-ada"): "exceeds the limit",
    }
    dead, put_out = lab.wait_for(wanted)

    lab.run(f"kubectl label node {successor} {_LABEL}={lab.namespace}")
    for command in (*dead.commands, *put_out.commands):
        lab.run(command)
    lab.apply(_writing("64Mi"))
    lab.wait_without({*wanted, ("H15", "Service/hub")})


@pytest.fixture
def disk(lab: Lab) -> Iterator[str]:
    """A disk that is attached to one node at a time, bound to the hub's claim."""
    name = f"disk-{lab.namespace}"
    driver = {"apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver", "metadata": {"name": name}}
    volume = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": "1Mi"},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": "",
            "claimRef": {"namespace": lab.namespace, "name": "hub-db-dir"},
            "csi": {"driver": name, "volumeHandle": name},
        },
    }
    lab.cluster.apply({**driver, "spec": {"attachRequired": True}})
    lab.cluster.apply(volume)
    try:
        lab.apply(claim("hub-db-dir", "", volumeName=name))
        yield name
    finally:
        for attachment in _attachments(lab, name):
            lab.cluster.delete("VolumeAttachment", attachment["metadata"]["name"])
        lab.cluster.delete("PersistentVolume", name)
        lab.cluster.delete("CSIDriver", name)


def _attachments(lab: Lab, disk: str) -> list[dict[str, Any]]:
    found = lab.cluster.list("VolumeAttachment")
    return [item for item in found if item["spec"]["source"].get("persistentVolumeName") == disk]


def _attach(lab: Lab, disk: str) -> None:
    """Say that the disk is attached where the cluster wants it, as the disk's driver does."""
    until(lambda: bool(_attachments(lab, disk)), "the cluster wants the disk attached")
    (wanted,) = _attachments(lab, disk)
    lab.cluster.connection.json(
        "PATCH",
        f"/apis/storage.k8s.io/v1/volumeattachments/{wanted['metadata']['name']}/status",
        "say that the disk is attached",
        body={"status": {"attached": True}},
        content_type="application/merge-patch+json",
    )


def test_a_disk_that_another_node_holds(lab: Lab, dying: str, disk: str) -> None:
    mounted = [{"name": "pvc", "persistentVolumeClaim": {"claimName": "hub-db-dir"}}]
    former = server("former", nodeName=dying, volumes=mounted)
    former["metadata"] = {"name": "hub-of-yesterday"}
    lab.apply(former)
    _attach(lab, disk)
    until(lambda: _is_attached(lab, dying), "the cluster knows that the disk is attached")

    lab.apply(*stand_in(volumes=mounted))
    wanted = {("H17", "PersistentVolumeClaim/hub-db-dir"): f"holds it on the node {dying}"}
    (held,) = lab.wait_for(wanted)
    assert any("Multi-Attach" in item.text for item in held.evidence)
    lab.run(held.commands[0])
    until(
        lambda: [item["spec"]["nodeName"] for item in _attachments(lab, disk)] not in ([], [dying]),
        "the disk is let go, and wanted on the hub's node",
    )
    # Nobody mounts a disk that there is none of: the hub goes on without.
    lab.apply(*stand_in(volumes=[]))
    lab.wait_without(wanted)


def _is_attached(lab: Lab, node: str) -> bool:
    return bool(lab.cluster.get("Node", node)["status"].get("volumesAttached"))
