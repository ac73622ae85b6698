"""Certificates that do not come: the kinds of cert-manager on a real cluster, in the states it leaves them in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cluster.doctor.lab import Lab, stand_in
from cluster.handle import until
from takeout.errors import ClusterError

_OWN, _ACME = "cert-manager.io", "acme.cert-manager.io"
_KINDS = (
    (_OWN, "Certificate", "certificates", "Namespaced"),
    (_OWN, "Issuer", "issuers", "Namespaced"),
    (_OWN, "ClusterIssuer", "clusterissuers", "Cluster"),
    (_ACME, "Order", "orders", "Namespaced"),
    (_ACME, "Challenge", "challenges", "Namespaced"),
)
_NO_ISSUER = 'Referenced "ClusterIssuer" not found: clusterissuer.cert-manager.io "letsencrypt" not found'
_WAITS = "Issuing certificate as Secret does not exist"
_REFUSED = "Waiting for HTTP-01 challenge propagation: wrong status code '404', expected '200'"


@pytest.fixture
def manager(lab: Lab) -> Iterator[None]:
    """The kinds of cert-manager, without it: nobody works on what is made, and the test says what became of it."""
    if lab.cluster.find("CustomResourceDefinition", f"certificates.{_OWN}") is not None:
        pytest.skip("this cluster has a cert-manager, which would work on what the test makes")
    names = [f"{plural}.{group}" for group, _, plural, _ in _KINDS]
    try:
        for kind in _KINDS:
            lab.cluster.create(_definition(*kind))
        until(lambda: _served(lab), "the cluster knows the kinds of cert-manager")
        yield
    finally:
        for name in names:
            lab.cluster.delete("CustomResourceDefinition", name)
        kind = "CustomResourceDefinition"
        until(lambda: all(lab.cluster.find(kind, name) is None for name in names), "the kinds are gone")


def _served(lab: Lab) -> bool:
    """Whether the cluster lists every kind; that comes a moment after it has taken them."""
    try:
        lists = [lab.cluster.connection.json("GET", f"/apis/{group}/v1", "list kinds") for group in (_OWN, _ACME)]
    except ClusterError:
        return False
    return {kind for _, kind, _, _ in _KINDS} <= {item["kind"] for one in lists for item in one["resources"]}


def _definition(group: str, kind: str, plural: str, scope: str) -> dict[str, Any]:
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": anything},
        "subresources": {"status": {}},
    }
    names = {"kind": kind, "plural": plural, "singular": kind.lower()}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {"group": group, "names": names, "scope": scope, "versions": [version]},
    }


def _become(lab: Lab, group: str, plural: str, name: str, status: dict[str, Any]) -> None:
    """Say what became of an object, as cert-manager does."""
    lab.cluster.connection.json(
        "PATCH",
        f"/apis/{group}/v1/namespaces/{lab.namespace}/{plural}/{name}/status",
        "say what became of it",
        body={"status": status},
        content_type="application/merge-patch+json",
    )


def _ready(state: str, message: str) -> dict[str, Any]:
    return {"conditions": [{"type": "Ready", "status": state, "message": message}]}


def _of(version: str, kind: str, name: str, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec}


@pytest.mark.usefixtures("manager")
def test_a_certificate_without_an_issuer_and_one_whose_challenge_fails(lab: Lab) -> None:
    names = {"dnsNames": ["hub.example.edu"], "issuerRef": {"kind": "ClusterIssuer", "name": "letsencrypt"}}
    lab.apply(*stand_in(), _of(f"{_OWN}/v1", "Certificate", "https", secretName="https", **names))
    _become(lab, _OWN, "certificates", "https", _ready("False", _NO_ISSUER))
    wanted = {("H13", "Certificate/https"): 'clusterissuer.cert-manager.io "letsencrypt" not found'}
    (finding,) = lab.wait_for(wanted)
    assert "Make the issuer letsencrypt" in finding.mend
    for command in finding.commands:
        lab.run(command)

    # With the issuer there, an order is made, and the authority asks at the domain.
    lab.cluster.apply(_of(f"{_OWN}/v1", "ClusterIssuer", "letsencrypt", acme={}))
    lab.apply(
        _of(f"{_ACME}/v1", "Order", "https-1-123", dnsNames=["hub.example.edu"]),
        _of(f"{_ACME}/v1", "Challenge", "https-1-123-456", dnsName="hub.example.edu"),
    )
    _become(lab, _OWN, "certificates", "https", _ready("False", _WAITS))
    _become(lab, _ACME, "orders", "https-1-123", {"state": "pending"})
    _become(lab, _ACME, "challenges", "https-1-123-456", {"state": "pending", "reason": _REFUSED})
    (finding,) = lab.wait_for({("H13", "Certificate/https"): f"Challenge/https-1-123-456: {_REFUSED}"})
    assert "a name that does not lead here" in finding.mend
    for command in finding.commands:
        assert "https-1-123-456" in lab.run(command) or "certificate" in command

    _become(
        lab, _ACME, "challenges", "https-1-123-456", {"state": "valid", "reason": "Successfully authorized domain"}
    )
    _become(lab, _OWN, "certificates", "https", _ready("True", "Certificate is up to date and has not expired"))
    lab.wait_without(wanted)
