"""The cluster of the tests is one: pods run, names resolve, data stay, packets arrive where they may."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

import pytest

from cluster.handle import Handle, describe_claim, describe_pod, describe_service, until

pytestmark = pytest.mark.cluster

PYTHON = "docker.io/library/python:3.13-slim"
SERVE = ("python3", "-m", "http.server", "8000")
SLEEP = ("sleep", "infinity")
FETCH = "import sys, urllib.request as u; print(u.urlopen(sys.argv[1], timeout=2).status)"

CALLED = {
    "quay.io/jupyterhub/k8s-hub:4.3.3": (
        "python3",
        "-c",
        "import jupyterhub, kubespawner, oauthenticator, pycurl",
    ),
    "quay.io/jupyterhub/configurable-http-proxy:5.2.0": ("configurable-http-proxy", "--version"),
    "quay.io/jupyterhub/k8s-network-tools:4.3.3": ("iptables", "--version"),
    "quay.io/jupyterhub/k8s-image-awaiter:4.3.3": ("/image-awaiter", "-help"),
    "quay.io/jupyterhub/k8s-singleuser-sample:4.3.3": ("jupyterhub-singleuser", "--version"),
    "quay.io/2i2c/pilot-hub:test": ("jupyterhub", "--version"),
    "registry.k8s.io/kube-scheduler:v1.30.14": ("/usr/local/bin/kube-scheduler", "--version"),
    "docker.io/alpine/git:2.40.1": ("/bin/sh", "-c", "git --version"),
    "ghcr.io/dask/dask-gateway-server:2025.4.0": ("dask-gateway-server", "--version"),
}
"""Images by the names that charts have for them, and what is called in them."""


@pytest.fixture
def place(namespace: Handle, images: Callable[[Iterable[str]], None]) -> Handle:
    """A namespace, in a cluster that has Python."""
    images([PYTHON])
    return namespace


def test_a_pod_finds_another_by_the_name_of_its_service(place: Handle) -> None:
    start(place, web=SERVE, one=SLEEP)
    place.create(describe_service("web"))
    until(lambda: fetches(place, "one", "http://web/"), "one fetches from web")
    long = f"http://web.{place.namespace}.svc.cluster.local/"
    until(lambda: fetches(place, "one", long), "one fetches from web by its long name")
    found = place.run("one", "python3", "-c", "import socket; print(socket.gethostbyname('web'))")
    assert found == place.get("service", "web")["spec"]["clusterIP"]


def test_what_is_in_a_claim_is_there_for_the_next_pod_and_gone_with_the_claim(place: Handle) -> None:
    volumes = [{"name": "home", "persistentVolumeClaim": {"claimName": "home"}}]
    mounted = {
        "volumeMounts": [{"name": "home", "mountPath": "/home/user"}],
        "securityContext": {"runAsUser": 1000},
    }
    place.create(describe_claim("home"))
    for name, script in (("first", "echo mine > /home/user/file"), ("second", "grep mine /home/user/file")):
        place.create(describe_pod(name, PYTHON, "sh", "-c", script, volumes=volumes, container=mounted))
        place.wait(f"pod/{name}", "jsonpath={.status.phase}=Succeeded")
        place.ask("delete", "pod", name)
    volume = place.get("pvc", "home")["spec"]["volumeName"]
    place.ask("delete", "pvc", "home")
    place.wait(f"pv/{volume}", "delete")


def test_a_load_balancer_leads_from_outside_of_the_cluster_to_a_pod(place: Handle) -> None:
    start(place, web=SERVE)
    place.create(describe_service("web", kind="LoadBalancer"))
    place.wait("service/web", "jsonpath={.status.loadBalancer.ingress[0].ip}")
    address = place.get("service", "web")["status"]["loadBalancer"]["ingress"][0]["ip"]
    until(lambda: serves(f"http://{address}/"), f"{address} serves")


def test_a_port_is_forwarded_to_a_pod(place: Handle) -> None:
    start(place, web=SERVE)
    with subprocess.Popen(
        place.command("port-forward", "pod/web", ":8000"), stdout=subprocess.PIPE, text=True
    ) as forward:
        try:
            assert forward.stdout is not None
            port = forward.stdout.readline().partition("127.0.0.1:")[2].split()[0]
            until(lambda: serves(f"http://127.0.0.1:{port}/"), f"port {port} serves")
        finally:
            forward.terminate()


def test_a_network_policy_holds_in_both_directions(place: Handle) -> None:
    start(place, web=SERVE, friend=SLEEP, stranger=SLEEP)
    address = place.get("pod", "web")["status"]["podIP"]
    url = f"http://{address}:8000/"
    until(lambda: fetches(place, "stranger", url), "without a policy everyone fetches")

    place.create(describe_policy("web", "Ingress", [{"from": [of("friend")], "ports": [{"port": 8000}]}]))
    until(lambda: not fetches(place, "stranger", url), "a stranger does not fetch")
    until(lambda: fetches(place, "friend", url), "a friend does")

    rest = {"cidr": "0.0.0.0/0", "except": [f"{address}/32"]}
    place.create(describe_policy("friend", "Egress", [{"to": [{"ipBlock": rest}]}]))
    until(lambda: not fetches(place, "friend", url), "a friend may not send")
    # The policy covers that address alone.
    assert place.run("friend", "python3", "-c", "import socket; print(socket.gethostbyname('kubernetes.default'))")

    place.ask("delete", "networkpolicy", "--all")
    until(lambda: fetches(place, "stranger", url) and fetches(place, "friend", url), "all is as before")


def test_images_have_what_charts_call_in_them(
    namespace: Handle, cluster: Handle, images: Callable[[Iterable[str]], None]
) -> None:
    if not cluster.ours:
        pytest.skip("only the cluster of `tests/cluster/up` has images of our own")
    images(CALLED)
    pods = {f"image-{number}": name for number, name in enumerate(CALLED)}
    namespace.create(*(describe_pod(pod, name, *CALLED[name]) for pod, name in pods.items()))
    for pod in pods:
        namespace.wait(f"pod/{pod}", "jsonpath={.status.phase}=Succeeded")


def start(place: Handle, **pods: tuple[str, ...]) -> None:
    """Start pods, and wait until those that serve do."""
    ready = {"readinessProbe": {"tcpSocket": {"port": 8000}, "periodSeconds": 1}}
    place.create(
        *(
            describe_pod(name, PYTHON, *command, container=ready if command == SERVE else {})
            for name, command in pods.items()
        )
    )
    for name in pods:
        place.wait(f"pod/{name}", "condition=Ready")


def fetches(place: Handle, pod: str, url: str) -> bool:
    return not place.fails("exec", pod, "--", "python3", "-c", FETCH, url)


def serves(url: str) -> bool:
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def of(pod: str) -> dict[str, Any]:
    return {"podSelector": {"matchLabels": {"app": pod}}}


def describe_policy(pod: str, direction: str, rules: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": pod},
        "spec": {**of(pod), "policyTypes": [direction], direction.lower(): rules},
    }
