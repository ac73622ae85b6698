"""Let's Encrypt's own test server in a cluster, and a name server for it whose answers a test chooses."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from cluster.handle import Handle, describe_pod
from cluster.machine.run import run
from takeout.cluster.api import Cluster

PYTHON = "docker.io/library/python:3.13-slim"
IMAGES = ("ghcr.io/letsencrypt/pebble:test", PYTHON)
_PORT, _MANAGEMENT, _DNS_PORT = 14000, 15000, 53
_SCRIPT = Path(__file__).parent / "name_server.py"


@dataclass(frozen=True, slots=True)
class Authority:
    """An authority of certificates that runs.

    Attributes:
        place: Its namespace.
        folder: Where its own certificate lies on this machine.
    """

    place: Handle
    folder: Path

    @property
    def directory(self) -> str:
        """The address that clients of ACME are given."""
        return f"https://{_host(self.place)}:{_PORT}/dir"

    @property
    def trust(self) -> str:
        """The certificate that clients trust it by, in PEM."""
        return (self.folder / "pebble.crt").read_text()

    def says(self, name: str, address: str = "") -> None:
        """Have the authority find a name at an address, or nothing at all."""
        self.place.ask("delete", "pod/names", "configmap/names", "--ignore-not-found")
        mounts = {"volumeMounts": [{"name": "script", "mountPath": "/srv/names"}]}
        ready = {"readinessProbe": {"tcpSocket": {"port": _DNS_PORT}, "periodSeconds": 1}}
        command = ("python3", "/srv/names/name_server.py", *((name, address) if address else ()))
        volumes = [{"name": "script", "configMap": {"name": "names"}}]
        self.place.create(
            _keeping("ConfigMap", "names", data={_SCRIPT.name: _SCRIPT.read_text()}),
            describe_pod("names", PYTHON, *command, volumes=volumes, container={**mounts, **ready}),
        )
        self.place.wait("pod/names", "condition=Ready")

    def root(self, cluster: Cluster) -> str:
        """Return the certificate that all of its certificates lead to, in PEM: new whenever it starts."""
        trust = ssl.create_default_context(cadata=self.trust)
        with (
            cluster.forward("pebble", self.place.namespace, _MANAGEMENT) as address,
            httpx.Client(verify=trust, trust_env=False, timeout=60) as client,
        ):
            return client.get(f"https://{address}/roots/0").raise_for_status().text


@contextmanager
def authority(place: Handle, folder: Path) -> Iterator[Authority]:
    """Start one in a namespace, which takes it along when it goes."""
    _certify(_host(place), folder)
    found = Authority(place, folder)
    found.says("none.invalid")
    place.create(_service("names", [{"port": _DNS_PORT}]))  # Pebble asks over TCP
    names = place.get("service", "names")["spec"]["clusterIP"]
    data = {name: (folder / name).read_text() for name in ("pebble.crt", "pebble.key")}
    mounted = {"volumeMounts": [{"name": "config", "mountPath": "/etc/pebble"}]}
    ready = {"readinessProbe": {"tcpSocket": {"port": _PORT}, "periodSeconds": 1}}
    place.create(
        _keeping("Secret", "pebble", stringData={**data, "config.json": json.dumps(_configure())}),
        _service("pebble", [{"port": _PORT}]),
        describe_pod(
            "pebble",
            IMAGES[0],
            *("/pebble", "-config", "/etc/pebble/config.json", "-dnsserver", f"{names}:{_DNS_PORT}"),
            volumes=[{"name": "config", "secret": {"secretName": "pebble"}}],
            container={**mounted, **ready, "env": [{"name": "PEBBLE_VA_NOSLEEP", "value": "1"}]},
        ),
    )
    place.wait("pod/pebble", "condition=Ready")
    yield found


def _configure() -> dict[str, Any]:
    """Return Pebble's configuration: as Let's Encrypt, it asks on port 80."""
    return {
        "pebble": {
            "listenAddress": f"0.0.0.0:{_PORT}",
            "managementListenAddress": f"0.0.0.0:{_MANAGEMENT}",
            "certificate": "/etc/pebble/pebble.crt",
            "privateKey": "/etc/pebble/pebble.key",
            "httpPort": 80,
            "tlsPort": 443,
            "retryAfter": {"authz": 1, "order": 1},
            "profiles": {"default": {"description": "as ever", "validityPeriod": 7776000}},
        }
    }


def _certify(host: str, folder: Path) -> None:
    """Make the certificate that Pebble itself serves with, by which its clients know it."""
    run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-days", "2", "-subj", f"/CN={host[:60]}", "-addext", f"subjectAltName=DNS:{host},IP:127.0.0.1"),
            *("-keyout", folder / "pebble.key", "-out", folder / "pebble.crt"),
        ]
    )


def _host(place: Handle) -> str:
    return f"pebble.{place.namespace}.svc.cluster.local"


def _keeping(kind: str, name: str, **content: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, **content}


def _service(name: str, ports: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": ports},
    }
