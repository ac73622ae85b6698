"""A replica whose certificate is the business of the chart's own proxy: refused one, and given one at last."""

from __future__ import annotations

import json
import secrets
import socket
import ssl
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from cluster import authority as acme
from cluster.doctor.lab import Lab
from cluster.handle import Handle, until
from takeout.chart.places import Places, Wanted
from takeout.cli import main

_DOMAIN = "hub.example.edu"
_NOBODY = "10.224.0.254"
_HUB = {
    "proxy": {"https": {"enabled": True, "hosts": ["old.example.org"]}},
    "hub": {"config": {"JupyterHub": {"authenticator_class": "dummy"}}},
    "singleuser": {"cloudMetadata": {"blockWithIptables": False}, "storage": {"type": "none"}},
    "scheduling": {"userScheduler": {"enabled": False}, "userPlaceholder": {"enabled": False}},
    "prePuller": {"hook": {"enabled": False}, "continuous": {"enabled": False}},
}
_CERTIFICATE = ("H13", "Deployment/autohttps")


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Where this machine finds the hub's name: nowhere, until the test says where."""
    known: dict[str, str] = {}
    ask = socket.getaddrinfo

    def answer(host: Any, *more: Any, **options: Any) -> Any:
        if host != _DOMAIN:
            return ask(host, *more, **options)
        if host not in known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return ask(known[host], *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return known


@pytest.fixture
def authority(
    cluster: Handle, images: Callable[[Iterable[str]], None], replica: Path, tmp_path: Path
) -> Iterator[acme.Authority]:
    """An authority of certificates, in a namespace of its own."""
    assert replica.is_dir(), "nothing is built for a test that is skipped"
    images(acme.IMAGES)
    name = f"takeout-test-{secrets.token_hex(4)}"
    cluster.ask("create", "namespace", name)
    with acme.authority(cluster.within(name), tmp_path) as found:
        yield found
    cluster.ask("delete", "namespace", name, "--timeout=220s")


@pytest.fixture
def replica(cluster: Handle, tmp_path: Path) -> Path:
    """A replica of a hub whose proxy has the chart get its certificate."""
    if not cluster.ours:
        pytest.skip("only the cluster of `tests/cluster/up` has an authority, and addresses that lead here")
    values = tmp_path / "config.yaml"
    values.write_text(yaml.safe_dump(_HUB))
    words = ["-f", str(values), "--name", "hub", "--domain", _DOMAIN, "-q"]
    assert main(["hub", "replicate", *words, "--to", str(tmp_path / "replica")]) == 0
    chart = json.loads((tmp_path / "replica" / "takeout.json").read_text())["chart"]
    wanted = Wanted(chart["chart"], chart["version"])
    if not any(Places.of().search(wanted)):
        pytest.skip(f"this needs the chart {wanted}: pull it, or name its folder in TAKEOUT_CHARTS")
    return tmp_path / "replica"


@pytest.fixture
def deploy(
    replica: Path,
    lab: Lab,
    authority: acme.Authority,
    images: Callable[[Iterable[str]], None],
    capfd: pytest.CaptureFixture[str],
) -> Callable[[str], None]:
    """Deploy the replica with somebody's address, changed only in whom it asks and how it knows that one."""
    capfd.readouterr()
    assert main(["hub", "images", str(replica), "--offline", "--json"]) == 0
    images([item["image"] for item in json.loads(capfd.readouterr().out)["images"]])
    metadata = {"name": "authority"}
    lab.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"ca.crt": authority.trust}})
    traefik = {
        "extraEnv": {"LEGO_CA_CERTIFICATES": "/etc/authority/ca.crt"},
        "extraVolumes": [{"name": "authority", "configMap": metadata}],
        "extraVolumeMounts": [{"name": "authority", "mountPath": "/etc/authority"}],
    }

    def run(email: str) -> None:
        asked = {"acmeServer": authority.directory, "contactEmail": email}
        local = {"proxy": {"traefik": traefik, "https": {"letsencrypt": asked}}}
        (replica / "local.values.yaml").write_text(yaml.safe_dump(local))
        words = ["hub", "deploy", str(replica), "--namespace", lab.namespace, "--offline", "--no-smoke", "--json"]
        code = main(words)
        assert code == 0, capfd.readouterr()

    return run


def test_a_certificate_of_the_charts_own_proxy(  # noqa: PLR0917 - they are fixtures
    lab: Lab,
    authority: acme.Authority,
    deploy: Callable[[str], None],
    names: dict[str, str],
    replica: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deploy("somebody@our domain")
    contact, _ = lab.wait_for(
        {
            ("H13", "Deployment/autohttps"): "invalidContact: contact email",
            ("H14", f"Domain/{_DOMAIN}"): "leads nowhere",
        }
    )
    ((path, _),) = contact.values
    assert path == "proxy.https.letsencrypt.contactEmail"

    deploy(f"somebody@{_DOMAIN}")
    lab.wait_for({_CERTIFICATE: "finds no address for the name"})
    service = lab.cluster.get("Service", "proxy-public", lab.namespace)
    entrance = service["status"]["loadBalancer"]["ingress"][0]["ip"]
    names[_DOMAIN] = entrance
    lab.wait_without([("H14", f"Domain/{_DOMAIN}")])

    # To the authority the name leads where nobody listens, as when a firewall lets nothing through.
    authority.says(_DOMAIN, _NOBODY)
    (unknown,) = lab.wait_for({_CERTIFICATE: "finds no address for the name"})
    _start_again(lab, *unknown.commands)
    lab.wait_for({_CERTIFICATE: "reaches nothing on port 80"})

    authority.says(_DOMAIN, entrance)
    root = tmp_path / "root.pem"
    root.write_text(authority.root(lab.cluster))
    monkeypatch.setenv("SSL_CERT_FILE", str(root))
    trust = ssl.create_default_context(cafile=str(root))
    until(lambda: _follows(lab, trust), "the hub is served with a certificate")
    lab.wait_without([_CERTIFICATE])
    assert main(["hub", "doctor", str(replica), "--namespace", lab.namespace]) == 0
    with httpx.Client(verify=trust) as client:
        assert client.get(f"https://{_DOMAIN}/hub/login").status_code == httpx.codes.OK
        assert client.get(f"http://{_DOMAIN}/hub/login").headers["location"].startswith("https://")
    made = _shown(trust)
    assert "Pebble" in str(made["issuer"])

    # What was got outlives its proxy: another start asks nobody.
    until(lambda: _is_kept(lab), "the certificate is kept in a Secret")
    authority.says(_DOMAIN)
    _start_again(lab, *unknown.commands)
    until(lambda: _shown(trust).get("serialNumber") == made["serialNumber"], "the same certificate is shown")


def _follows(lab: Lab, trust: ssl.SSLContext) -> bool:
    """Follow the advice as often as it is given, and return whether the hub shows a certificate.

    A proxy may ask before packets find their way to it; then it is told to ask once more, as a person is.
    """
    finding = lab.findings().get(_CERTIFICATE)
    if finding is not None and finding.certainty == "sure":
        _start_again(lab, *finding.commands)
    return bool(_shown(trust))


def _start_again(lab: Lab, *advice: str) -> None:
    for command in advice:
        lab.run(command)
    lab.run(f"kubectl --namespace {lab.namespace} rollout status deployment autohttps --timeout=230s")


def _is_kept(lab: Lab) -> bool:
    """Whether the certificate is in the Secret from which the next proxy takes it."""
    kept = lab.cluster.find("Secret", "proxy-public-tls-acme", lab.namespace) or {"data": {}}
    return bool(
        json.loads(b64decode(kept["data"].get("acme.json", "")) or "{}").get("default", {}).get("Certificates")
    )


def _shown(trust: ssl.SSLContext) -> dict[str, Any]:
    """Return the certificate that the hub shows; nothing where it shows none that is trusted."""
    try:
        with (
            socket.create_connection((_DOMAIN, 443), timeout=30) as plain,
            trust.wrap_socket(plain, server_hostname=_DOMAIN) as safe,
        ):
            return dict(safe.getpeercert() or {})
    except OSError:
        return {}
