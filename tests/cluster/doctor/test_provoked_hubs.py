"""What keeps a hub from working: provoked on a real cluster, recognised, mended by the advice, gone."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from cluster.doctor.lab import IMAGE, Lab, claim, server, stand_in
from takeout.cli import main


def _changed(items: list[dict[str, Any]], **spec: Any) -> list[dict[str, Any]]:
    """Return a stand-in whose hub's container has more in its specification."""
    items[1]["spec"]["template"]["spec"]["containers"][0].update(spec)
    return items


def test_a_hub_that_works_is_told_so(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    lab.apply(*stand_in())
    lab.run(f"kubectl --namespace {lab.namespace} rollout status deployment hub --timeout=200s")
    lab.run(f"kubectl --namespace {lab.namespace} rollout status deployment proxy --timeout=200s")
    lab.wait_without({("H15", "Service/hub")})
    assert main(["hub", "doctor", f"release:{lab.cluster.context}/{lab.namespace}/hub"]) == 0
    assert "hub answers, proxy answers" in capsys.readouterr().out


def test_a_config_map_an_account_and_a_release_without_its_objects(lab: Lab) -> None:
    lab.apply(*_changed(stand_in(), envFrom=[{"configMapRef": {"name": "motd"}}]))
    lab.apply(_with_account("scheduler"))
    wanted = {
        ("H01", "ConfigMap/motd"): 'configmap "motd" not found',
        ("H02", "ServiceAccount/scheduler"): 'serviceaccount "scheduler" not found',
    }
    motd, account = lab.wait_for(wanted)
    (lab.folder / "motd").write_text("hello")
    lab.run(motd.commands[0], file="motd")
    lab.run(account.commands[0])
    lab.wait_without(wanted)


def _with_account(name: str) -> dict[str, Any]:
    labels = {"app": "jupyterhub", "component": "user-scheduler", "release": "hub"}
    container = {"name": "a", "image": IMAGE, "imagePullPolicy": "IfNotPresent", "command": ["sleep", "3600"]}
    spec = {"serviceAccountName": name, "terminationGracePeriodSeconds": 0, "containers": [container]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "user-scheduler", "labels": labels},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"component": "user-scheduler"}},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


def test_a_service_that_leads_to_nothing_and_a_hub_that_is_turned_off(lab: Lab) -> None:
    service, hub, proxy = stand_in()
    right = {**service["spec"]["selector"]}
    service["spec"]["selector"] = {"component": "hub", "release": "another"}
    lab.apply(service, hub, proxy)
    wanted = {("H15", "Service/hub"): "no endpoints for component=hub, release=another"}
    lab.wait_for(wanted)
    # The advice is to upgrade the release, which makes the selector anew.
    lab.cluster.patch("Service", "hub", lab.namespace, {"spec": {"selector": {**right, "release": None}}})
    lab.wait_without(wanted)

    lab.run(f"kubectl --namespace {lab.namespace} scale deployment hub --replicas=0")
    off = {("H30", "Deployment/hub"): "replicas: 0"}
    (turned_off,) = lab.wait_for(off)
    lab.run(turned_off.commands[0])
    lab.wait_without({*off, ("H15", "Service/hub")})


def test_a_policy_that_shuts_everything(lab: Lab) -> None:
    lab.apply(*stand_in())
    lab.apply(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "deny-all"},
            "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
        }
    )
    wanted = {("H18", "NetworkPolicy/deny-all"): "the proxy to the hub (port 8081, ingress)"}
    (shut,) = lab.wait_for(wanted)
    lab.run(shut.commands[0])
    lab.wait_without({*wanted, ("H15", "Service/hub")})


def test_a_volume_that_another_pod_holds(lab: Lab) -> None:
    mounted = [{"name": "pvc", "persistentVolumeClaim": {"claimName": "hub-db-dir"}}]
    copy = server("copy", volumes=mounted)
    copy["metadata"] = {"name": "copy-of-the-database"}
    lab.apply(claim("hub-db-dir", accessModes=["ReadWriteOncePod"]), copy)
    lab.run(
        f"kubectl --namespace {lab.namespace} wait pod copy-of-the-database --for=condition=Ready --timeout=200s"
    )
    lab.apply(*stand_in(volumes=mounted))
    wanted = {("H17", "PersistentVolumeClaim/hub-db-dir"): "Pod/copy-of-the-database: holds it"}
    (held,) = lab.wait_for(wanted)
    lab.run(held.commands[0])
    lab.wait_without(wanted)


def test_a_quota_that_is_used_up(lab: Lab) -> None:
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "team"},
        "spec": {"hard": {"pods": "0"}},
    }
    lab.apply(quota)
    lab.apply(*stand_in())
    found = lab.wait_for_condition("H24", "exceeded quota: team")
    assert f"kubectl --namespace {lab.namespace} describe resourcequota team" in found.commands
    assert "pods" in lab.run(found.commands[0])
    lab.apply({**quota, "spec": {"hard": {"pods": "10"}}})
    lab.wait_without({("H24", found.subject)})


def test_an_ingress_without_controller_certificate_and_domain(lab: Lab) -> None:
    lab.apply(*stand_in())
    ingress: dict[str, Any] = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "jupyterhub"},
        "spec": {
            "ingressClassName": "nowhere",
            "tls": [{"hosts": ["localhost"], "secretName": "https"}],
            "rules": [{"host": "localhost", "http": {"paths": [_path()]}}],
        },
    }
    lab.apply(ingress)
    wanted = {
        ("H26", "Ingress/jupyterhub"): "wants the class nowhere",
        ("H13", "Secret/https"): "names the Secret https",
    }
    _, certificate = lab.wait_for(wanted)
    _make_certificate(lab.folder)
    lab.run(certificate.commands[0].replace("--cert=<file> --key=<file>", "--cert=cert.pem --key=key.pem"))
    # The rest is for those who keep the ingress controller, and the domain: take their part.
    _set_address(lab, "198.51.100.7")
    elsewhere = {("H14", "Domain/localhost"): "can be reached at 198.51.100.7"}
    (domain,) = lab.wait_for(elsewhere)
    assert "an A record for 198.51.100.7" in domain.mend
    lab.wait_without(wanted)
    _set_address(lab, "127.0.0.1")
    lab.wait_without(elsewhere)


def _path() -> dict[str, Any]:
    return {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "hub", "port": {"number": 8081}}}}


def _make_certificate(folder: Path) -> None:
    command = "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=hub -days 1 -keyout key.pem -out cert.pem"
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)


def _set_address(lab: Lab, ip: str) -> None:
    status = f'{{"status":{{"loadBalancer":{{"ingress":[{{"ip":"{ip}"}}]}}}}}}'
    lab.run(
        f"kubectl --namespace {lab.namespace} patch ingress jupyterhub --subresource=status --type=merge "
        f"--patch '{status}'"
    )
