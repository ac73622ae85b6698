"""What keeps users' servers from starting: provoked on a real cluster, recognised, mended by the advice, gone."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from cluster.doctor.lab import IMAGE, Lab, claim, server, stand_in

_FILL = "import os; open('/home/jovyan/big', 'wb').write(bytes(8 << 20)); import time; time.sleep(3600)"
_COPY = "cd /home/jovyan; test -e .copied || (touch .copied; chown root:root .; chmod 755 .)"
_WRITE = "mkdir /home/jovyan/.local && sleep 3600"
_HOME = [{"name": "home", "mountPath": "/home/jovyan"}]


def _mounting(name: str) -> list[dict[str, Any]]:
    return [{"name": "home", "persistentVolumeClaim": {"claimName": name}}]


def _room(size: str) -> list[dict[str, Any]]:
    return [{"name": "home", "emptyDir": {"medium": "Memory", "sizeLimit": size}}]


@pytest.fixture
def hub(lab: Lab) -> Lab:
    """A hub that works, for servers that do not."""
    lab.apply(*stand_in())
    return lab


@pytest.fixture
def node(lab: Lab) -> str:
    return str(lab.cluster.list("Node")[0]["metadata"]["name"])


@pytest.fixture
def label(lab: Lab, node: str) -> Iterator[str]:
    """A label that no node has, taken away again at the end."""
    name = f"takeout.test/{lab.namespace}"
    yield name
    lab.cluster.patch("Node", node, "", {"metadata": {"labels": {name: None}}})


def test_objects_that_are_missing(hub: Lab) -> None:
    token = {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "token"}}}
    hub.apply(
        server("ada", {"env": [token]}),
        server("bob", volumes=_mounting("shared")),
        server("cleo", volumes=_mounting("claim-cleo")),
        claim("claim-cleo", "nowhere"),
    )
    wanted = {
        ("H01", "Secret/keys"): 'secret "keys" not found',
        ("H03", "PersistentVolumeClaim/shared"): 'persistentvolumeclaim "shared" not found',
        ("H04", "PersistentVolumeClaim/claim-cleo"): "wants the storage class nowhere",
    }
    keys, shared, unbound = hub.wait_for(wanted)

    hub.run(keys.commands[0], value="x")
    manifests = hub.folder / "manifests"
    manifests.mkdir()
    (manifests / "claim.json").write_text(json.dumps(claim("shared")))
    for command in shared.commands:
        hub.run(command)
    hub.run(unbound.commands[0])
    hub.apply(claim("claim-cleo"))
    hub.wait_without(wanted)


def test_nodes_that_do_not_suit(hub: Lab, node: str, label: str) -> None:
    zone = {"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["elsewhere-a"]}
    volume = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": hub.namespace},
        "spec": {
            "capacity": {"storage": "1Mi"},
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "",
            "claimRef": {"namespace": hub.namespace, "name": "claim-dan"},
            "hostPath": {"path": "/var/empty"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [zone]}]}},
        },
    }
    taint = {"key": label, "value": "only", "effect": "NoSchedule"}
    tainted = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": f"tainted-{hub.namespace}", "labels": {f"{label}-node": "gpu"}},
        "spec": {"taints": [taint]},
    }
    large = {"resources": {"requests": {"cpu": "4096"}}}
    pods = {
        "dan": server("dan", volumes=_mounting("claim-dan")),
        "fay": server("fay", large),
        "gus": server("gus", nodeSelector={label: "user"}),
        "hal": server("hal", nodeSelector={f"{label}-node": "gpu"}),
    }
    hub.cluster.apply(volume)
    hub.cluster.apply(tainted)
    try:
        hub.apply(claim("claim-dan", "", volumeName=hub.namespace), *pods.values())
        wanted = {
            ("H05", "Pod/jupyter-dan"): "lies at topology.kubernetes.io/zone=elsewhere-a",
            ("H07", "Pod/jupyter-fay"): "asks for 4096 cores, and the largest node has",
            ("H08", "Pod/jupyter-gus"): f"wants a node with {label}=user",
            ("H09", "Pod/jupyter-hal"): f"the taint {label}=only:NoSchedule",
        }
        _, _, unlabelled, untolerated = hub.wait_for(wanted)

        hub.run(unlabelled.commands[0], node=node)
        ((_, tolerations),) = untolerated.values
        tolerating = copy.deepcopy(pods["hal"])
        tolerating["spec"]["tolerations"] = tolerations
        hub.cluster.delete("Pod", "jupyter-dan", hub.namespace)
        hub.replace("PersistentVolumeClaim", claim("claim-dan"))
        hub.replace("Pod", pods["dan"])
        hub.replace("Pod", server("fay"))
        hub.replace("Pod", tolerating)
        hub.wait_without(wanted)
    finally:
        hub.cluster.delete("Node", tainted["metadata"]["name"])
        hub.cluster.delete("PersistentVolume", hub.namespace)


def test_servers_that_start_and_end(hub: Lab) -> None:
    as_jovyan = {"securityContext": {"runAsUser": 1000}, "volumeMounts": _HOME}
    pods = {
        "eve": server("eve", {"image": "registry.invalid/nothing:1"}),
        "ida": server("ida", {"command": ["python3", "-c", _FILL], "volumeMounts": _HOME}, volumes=_room("1Mi")),
        "kim": server("kim", {"workingDir": "/etc/passwd/work"}),
        "leo": server(
            "leo",
            {
                "command": ["python3", "-c", "a = bytearray(256 << 20); import time; time.sleep(3600)"],
                "resources": {"limits": {"memory": "64Mi"}},
            },
        ),
        "mia": server("mia", {"command": ["jupyterhub-singleuser"]}),
    }
    root = server(
        "jan",
        {"command": ["sh", "-c", _WRITE], **as_jovyan},
        volumes=_mounting("claim-jan"),
        initContainers=[
            {
                "name": "as-if-copied-by-root",
                "image": IMAGE,
                "imagePullPolicy": "IfNotPresent",
                "command": ["sh", "-c", _COPY],
                "securityContext": {"runAsUser": 0},
                "volumeMounts": _HOME,
            }
        ],
    )
    hub.apply(claim("claim-jan"), root, *pods.values())
    wanted = {
        ("H06", "Image/registry.invalid/nothing:1"): "the nodes cannot reach the registry",
        ("H19", "Pod/jupyter-ida"): "No space left on device",
        ("H20", "Pod/jupyter-jan"): "/home/jovyan/.local",
        ("H21", "Pod/jupyter-kim"): "the directory /etc/passwd",
        ("H25", "Pod/jupyter-leo"): "limit of 64Mi",
        ("H28", "Pod/jupyter-mia"): "no jupyterhub-singleuser",
    }
    _, _, belongs_to_root, *_ = hub.wait_for(wanted)

    hub.run(belongs_to_root.commands[0])
    hub.replace("Pod", server("eve"))
    hub.replace(
        "Pod", server("ida", {"command": ["python3", "-c", _FILL], "volumeMounts": _HOME}, volumes=_room("64Mi"))
    )
    hub.replace("Pod", server("kim"))
    hub.replace("Pod", server("leo", {"resources": {"limits": {"memory": "512Mi"}}}))
    hub.replace("Pod", server("mia"))
    hub.wait_without(wanted)
