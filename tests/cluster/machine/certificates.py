"""Certificates of the cluster's own authority, and the kubeconfigs that hold them."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

from cluster.machine.places import API_PORT, API_SERVICE, NODE, NODE_ADDRESS, Places
from cluster.machine.run import run

_DAYS = "30"
_SERVER_NAMES = (
    f"IP:{NODE_ADDRESS},IP:{API_SERVICE},IP:127.0.0.1,DNS:localhost,DNS:{NODE},"
    "DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local"
)
_CLIENTS = {
    "admin": "/O=system:masters/CN=takeout-test-admin",
    "controller-manager": "/CN=system:kube-controller-manager",
    "scheduler": "/CN=system:kube-scheduler",
    "kubelet": f"/O=system:nodes/CN=system:node:{NODE}",
    "proxy": "/CN=system:kube-proxy",
    "apiserver-kubelet": "/O=system:masters/CN=takeout-test-apiserver",
}


def make_certificates(places: Places) -> None:
    """Write every certificate and kubeconfig, unless a cluster that runs has them already."""
    where = places.certificates
    if (where / "done").exists():
        return
    where.mkdir(parents=True, exist_ok=True, mode=0o700)
    _make_authority(where)
    _issue(where, "server", f"/CN={NODE}", f"extendedKeyUsage=serverAuth\nsubjectAltName={_SERVER_NAMES}")
    for name, subject in _CLIENTS.items():
        _issue(where, name, subject, "extendedKeyUsage=clientAuth")
    run(["openssl", "genrsa", "-out", where / "accounts.key", "2048"])
    run(["openssl", "rsa", "-in", where / "accounts.key", "-pubout", "-out", where / "accounts.pub"])
    for name in _CLIENTS:
        write_kubeconfig(places, name, where / f"{name}.kubeconfig")
    write_kubeconfig(places, "admin", places.kubeconfig)
    (where / "done").touch()


def write_kubeconfig(places: Places, name: str, path: Path) -> None:
    """Write a kubeconfig that only its owner can read; JSON, which every reader of YAML reads."""
    where = places.certificates

    def data(file: str) -> str:
        return base64.b64encode((where / file).read_bytes()).decode()

    cluster = {"server": f"https://{NODE_ADDRESS}:{API_PORT}", "certificate-authority-data": data("authority.crt")}
    user = {"client-certificate-data": data(f"{name}.crt"), "client-key-data": data(f"{name}.key")}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "takeout-test", "cluster": cluster}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": "takeout-test", "context": {"cluster": "takeout-test", "user": name}}],
        "current-context": "takeout-test",
    }
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(document, file, indent=1)


def _make_authority(where: Path) -> None:
    run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *(
                "-days",
                _DAYS,
                "-subj",
                "/CN=takeout-test-authority",
                "-addext",
                "keyUsage=critical,keyCertSign,cRLSign",
            ),
            *("-keyout", where / "authority.key", "-out", where / "authority.crt"),
        ]
    )


def _issue(where: Path, name: str, subject: str, extensions: str) -> None:
    request, extra = where / f"{name}.csr", where / f"{name}.ext"
    extra.write_text(f"basicConstraints=CA:FALSE\n{extensions}\n")
    run(
        [
            *("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-subj", subject, "-keyout", where / f"{name}.key", "-out", request),
        ]
    )
    run(
        [
            *(
                "openssl",
                "x509",
                "-req",
                "-days",
                _DAYS,
                "-in",
                request,
                "-extfile",
                extra,
                "-out",
                where / f"{name}.crt",
            ),
            *("-CA", where / "authority.crt", "-CAkey", where / "authority.key", "-CAcreateserial"),
        ]
    )
    request.unlink()
    extra.unlink()
