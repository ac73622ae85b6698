"""The control plane: etcd, the API server, the controller manager and the scheduler."""

from __future__ import annotations

import socket

from cluster.machine.api import answers
from cluster.machine.places import (
    API_PORT,
    CLUSTER_RANGE,
    ETCD_PEER_PORT,
    ETCD_PORT,
    NODE_ADDRESS,
    SERVICE_RANGE,
    Places,
)
from cluster.machine.processes import start, wait_for

NAMES = ("kube-scheduler", "kube-controller-manager", "kube-apiserver", "etcd")
"""In the order in which they are stopped."""


def start_control_plane(places: Places) -> None:
    """Start the control plane and wait until its API answers."""
    _start_etcd(places)
    _start_api_server(places)
    _start_controllers(places)


def _start_etcd(places: Places) -> None:
    client, peer = f"http://127.0.0.1:{ETCD_PORT}", f"http://127.0.0.1:{ETCD_PEER_PORT}"
    start(
        places,
        "etcd",
        [
            *("etcd", "--name", "default", "--data-dir", places.run / "etcd"),
            *("--listen-client-urls", client, "--advertise-client-urls", client),
            *(
                "--listen-peer-urls",
                peer,
                "--initial-advertise-peer-urls",
                peer,
                "--initial-cluster",
                f"default={peer}",
            ),
            # The data live no longer than the cluster.
            "--unsafe-no-fsync",
        ],
    )
    wait_for(places, "etcd", lambda: _listens("127.0.0.1", ETCD_PORT))


def _start_api_server(places: Places) -> None:
    where = places.certificates
    start(
        places,
        "kube-apiserver",
        [
            places.bin / "kube-apiserver",
            f"--etcd-servers=http://127.0.0.1:{ETCD_PORT}",
            f"--advertise-address={NODE_ADDRESS}",
            f"--bind-address={NODE_ADDRESS}",
            f"--secure-port={API_PORT}",
            f"--service-cluster-ip-range={SERVICE_RANGE}",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged=true",
            f"--client-ca-file={where / 'authority.crt'}",
            f"--tls-cert-file={where / 'server.crt'}",
            f"--tls-private-key-file={where / 'server.key'}",
            f"--kubelet-client-certificate={where / 'apiserver-kubelet.crt'}",
            f"--kubelet-client-key={where / 'apiserver-kubelet.key'}",
            f"--kubelet-certificate-authority={where / 'authority.crt'}",
            "--kubelet-preferred-address-types=InternalIP",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-account-key-file={where / 'accounts.pub'}",
            f"--service-account-signing-key-file={where / 'accounts.key'}",
        ],
    )
    wait_for(places, "kube-apiserver", lambda: answers(places))


def _start_controllers(places: Places) -> None:
    where = places.certificates
    start(
        places,
        "kube-controller-manager",
        [
            places.bin / "kube-controller-manager",
            f"--kubeconfig={where / 'controller-manager.kubeconfig'}",
            "--bind-address=127.0.0.1",
            "--leader-elect=false",
            "--use-service-account-credentials=true",
            f"--root-ca-file={where / 'authority.crt'}",
            f"--service-account-private-key-file={where / 'accounts.key'}",
            f"--cluster-signing-cert-file={where / 'authority.crt'}",
            f"--cluster-signing-key-file={where / 'authority.key'}",
            "--allocate-node-cidrs=true",
            f"--cluster-cidr={CLUSTER_RANGE}",
            f"--service-cluster-ip-range={SERVICE_RANGE}",
        ],
    )
    start(
        places,
        "kube-scheduler",
        [
            places.bin / "kube-scheduler",
            f"--kubeconfig={where / 'scheduler.kubeconfig'}",
            "--bind-address=127.0.0.1",
            "--leader-elect=false",
        ],
    )


def _listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True
