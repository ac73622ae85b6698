"""What the hub itself tells: provoked with the real chart, recognised, mended by the advice, gone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from cluster.doctor.lab import IMAGE, Lab, server
from takeout.chart.helm import Chart
from takeout.cluster.doctor.condition import Finding
from takeout.cluster.releases import Releases
from takeout.local.browser import Browser, StepError
from takeout.values.path import parse_path

_VERSION = "4.3.3"
_IMAGES = [f"quay.io/jupyterhub/{name}" for name in (f"k8s-hub:{_VERSION}", "configurable-http-proxy:5.2.0")]
_TOKEN = "0123456789abcdef" * 2
_LOCK = """
import sqlite3, time
c = sqlite3.connect("/srv/jupyterhub/jupyterhub.sqlite", isolation_level=None)
c.execute("begin exclusive")
print("locked", flush=True)
time.sleep(3600)
"""


class Release:
    """The chart in a namespace, installed and upgraded as Helm does it, without waiting for it."""

    def __init__(self, lab: Lab, chart: Path) -> None:
        self.values: dict[str, Any] = {
            "proxy": {"service": {"type": "ClusterIP"}},
            "scheduling": {"userScheduler": {"enabled": False}, "userPlaceholder": {"enabled": False}},
            "prePuller": {"hook": {"enabled": False}, "continuous": {"enabled": False}},
            "hub": {
                "config": {},
                "services": {"robot": {"apiToken": _TOKEN}},
                "loadRoles": {"robot": {"scopes": ["admin:users", "admin:servers"], "services": ["robot"]}},
            },
            "singleuser": {"cloudMetadata": {"blockWithIptables": False}, "storage": {"type": "none"}},
        }
        self._chart = Chart.load(chart)
        self._releases = Releases(lab.cluster, lab.namespace)
        self._installed = False

    def set(self, path: str, value: object) -> None:
        *parents, last = (str(step) for step in parse_path(path))
        place = self.values
        for step in parents:
            place = place.setdefault(step, {})
        place[last] = value

    def put(self) -> None:
        config = self._releases._config
        action = config.upgrade if self._installed else config.install
        action(self._chart.handle, "hub", self.values)
        self._installed = True

    def follow(self, *findings: Finding, **filled: object) -> None:
        """Set the values that the advice names, and upgrade."""
        for finding in findings:
            for path, value in finding.values:
                self.set(path, filled.get(finding.subject.partition("/")[0], value))
        self.put()

    def close(self) -> None:
        self._releases.close()
        self._chart.close()


@pytest.fixture
def release(lab: Lab, images: Callable[[Iterable[str]], None]) -> Iterator[Release]:
    chart = Path(os.environ.get("TAKEOUT_CHARTS", "")) / f"jupyterhub-{_VERSION}.tgz"
    if not os.environ.get("TAKEOUT_CHARTS") or not chart.is_file():
        pytest.skip(f"the chart jupyterhub-{_VERSION}.tgz is not in TAKEOUT_CHARTS")
    images(_IMAGES)
    made = Release(lab, chart)
    yield made
    made.close()


def test_what_a_configuration_does_wrong(lab: Lab, release: Release) -> None:
    release.set("hub.extraConfig.10-own", "x = 1\nc.KubeSpawner.cmd = undefined_thing\n")
    release.set("hub.config.JupyterHub.authenticator_class", "github")
    release.set("hub.config.GitHubOAuthenticator.oauth_callback_url", "https://old.example.org/hub/oauth_callback")
    release.set("ingress", {"enabled": True, "hosts": ["hub.example.edu"], "ingressClassName": "nginx"})
    release.set("cull.enabled", value=False)
    release.put()
    wanted = {
        (
            "H10",
            "Value/hub.extraConfig.10-own",
        ): "name 'undefined_thing' is not defined in its line 2",
        ("H11", "Value/hub.config.GitHubOAuthenticator.oauth_callback_url"): "the hub is at hub.example.edu",
        ("H23", "Service/jupyterhub-idle-culler"): "the culler is off",
    }
    release.follow(*lab.wait_for(wanted))
    lab.wait_without(wanted)

    nobody = {("H12", "Value/hub.config.GitHubOAuthenticator"): "No allow config found"}
    release.follow(*lab.wait_for(nobody))
    lab.wait_without(nobody)


def test_what_a_hub_trips_over(lab: Lab, release: Release) -> None:
    release.set("singleuser.startTimeout", 10)
    release.set("singleuser.nodeSelector", {"takeout.test/none": lab.namespace})
    release.put()
    lab.wait_without({("H15", "Service/hub"), ("H15", "Service/proxy-api")})
    lab.run(f"kubectl --namespace {lab.namespace} rollout status deployment hub --timeout=230s")
    _start(lab, "ada")
    late = {("H22", "User/ada"): "not there within 10 seconds", ("H08", "Pod/jupyter-ada"): "and there is none"}
    lab.wait_for({key: words for key, words in late.items() if key[0] == "H22"})
    release.set("singleuser.nodeSelector", {})
    (slow,) = lab.wait_for({("H22", "User/ada"): "not there within 10 seconds"})
    release.follow(slow)
    lab.wait_without(late)

    holder = server("lock", {"command": ["python3", "-c", _LOCK], "volumeMounts": [_DATABASE]}, volumes=[_CLAIM])
    holder["metadata"] = {"name": "copy-of-the-database"}
    holder["spec"]["containers"][0]["image"] = IMAGE
    lab.apply(holder)
    lab.run(
        f"kubectl --namespace {lab.namespace} wait pod copy-of-the-database --for=condition=Ready --timeout=200s"
    )
    lab.run(f"kubectl --namespace {lab.namespace} rollout restart deployment hub")
    locked = {("H16", "PersistentVolumeClaim/hub-db-dir"): "copy-of-the-database: mounts the claim"}
    (lock,) = lab.wait_for(locked)
    for command in [c for c in lock.commands if "copy-of-the-database" in c or "rollout" in c]:
        lab.run(command)
    lab.wait_without(locked)

    lab.run(
        f"kubectl --namespace {lab.namespace} patch secret hub --patch "
        f'\'{{"stringData":{{"hub.config.ConfigurableHTTPProxy.auth_token":"{_TOKEN[::-1]}"}}}}\''
    )
    lab.run(f"kubectl --namespace {lab.namespace} rollout restart deployment hub")
    refused = {("H15", "Service/proxy-api"): "HTTP 403"}
    (tokens,) = lab.wait_for(refused)
    for command in tokens.commands:
        lab.run(command)
    lab.wait_without(refused)


def test_what_people_meet_who_log_in(lab: Lab, release: Release) -> None:
    release.set("hub.config.JupyterHub.authenticator_class", "github")
    release.set("hub.config.GitHubOAuthenticator.allow_all", value=True)
    release.put()
    lost = {("H11", _CALLBACK): "OAuth state missing from cookies"}
    _ask(lab, "hub/oauth_callback?code=a&state=b")
    lab.wait_for(lost)
    # GitHub sends people back with this where the address is not the one it knows.
    _ask(lab, "hub/oauth_callback?error=redirect_uri_mismatch&error_description=The+redirect_uri+MUST+match")
    (refused,) = lab.wait_for({("H11", _CALLBACK): "does not accept the hub's callback address"})
    assert "Where the login's application is registered" in refused.mend
    # Registered there, and told here; the hub that begins anew has nothing to complain of.
    release.follow(refused, Value="https://hub.example.edu/hub/oauth_callback")
    lab.wait_without(lost)

    release.set("hub.config.JupyterHub.authenticator_class", "dummy")
    release.set("hub.config.Authenticator.allowed_users", ["ada"])
    release.put()
    assert not _enters(lab, "eve")
    refusing = {("H12", "Value/hub.config.Authenticator"): "User 'eve' not allowed"}
    (nobody,) = lab.wait_for(refusing)
    assert "Compare the names in the log with who is allowed" in nobody.mend
    release.follow(nobody, Value=["eve"])
    assert _enters(lab, "eve")
    lab.wait_without(refusing)


_CALLBACK = "Value/hub.config.GitHubOAuthenticator.oauth_callback_url"


def _ask(lab: Lab, path: str) -> None:
    """Ask the hub itself for a page, as soon as it is there."""
    with _hub(lab) as address:
        httpx.get(f"http://{address}/{path}", timeout=60)


def _enters(lab: Lab, user: str) -> bool:
    with _hub(lab) as address, Browser(f"http://{address}", user) as browser:
        try:
            browser.log_in("any")
        except StepError:
            return False
    return True


@contextmanager
def _hub(lab: Lab) -> Iterator[str]:
    lab.run(f"kubectl --namespace {lab.namespace} rollout status deployment hub --timeout=230s")
    with lab.cluster.forward(lab.cluster.service_pod("hub", lab.namespace), lab.namespace, 8081) as address:
        yield address


_DATABASE = {"name": "pvc", "mountPath": "/srv/jupyterhub"}
_CLAIM = {"name": "pvc", "persistentVolumeClaim": {"claimName": "hub-db-dir"}}


def _start(lab: Lab, user: str) -> None:
    """Have the hub start somebody's server, as a service of its own may."""
    pod = lab.cluster.service_pod("hub", lab.namespace)
    with lab.cluster.forward(pod, lab.namespace, 8081) as address:
        for path in (f"users/{user}", f"users/{user}/server"):
            answer = httpx.post(
                f"http://{address}/hub/api/{path}", headers={"Authorization": f"token {_TOKEN}"}, timeout=60
            )
            assert answer.status_code in (201, 202), answer.text
