"""A look at a hub reads what there is, tells what it could not read, and keeps no secret."""

from __future__ import annotations

from typing import Any

import pytest

from takeout.cluster.api import Cluster
from takeout.cluster.doctor.observe import observe
from takeout.errors import UnknownHubError

_SECRET = "hunter2-hunter2"  # noqa: S105 - opens nothing


def test_everything_is_read(memory_hub: Any, memory_cluster: Cluster) -> None:
    memory_hub.put("""
- {kind: ConfigMap, metadata: {name: hub}, data: {a: b}}
- {kind: Node, metadata: {name: a}}
- {kind: Event, metadata: {name: e}, involvedObject: {kind: Pod, name: hub-1}, reason: Pulled, message: pulled}
- {kind: PersistentVolumeClaim, metadata: {name: hub-db-dir}, spec: {volumeName: pv-1}, status: {phase: Bound}}
- {kind: PersistentVolume, metadata: {name: pv-1}, spec: {claimRef: {namespace: reef, name: hub-db-dir}}}
- {kind: PersistentVolume, metadata: {name: pv-2}, spec: {claimRef: {namespace: other, name: x}}}
""")
    snapshot = observe(memory_cluster, "reef", "reef")
    assert {pod.part for pod in snapshot.pods} == {"hub", "proxy"}
    assert snapshot.names["ConfigMap"] == {"hub"}
    assert snapshot.names["PersistentVolumeClaim"] == {"hub-db-dir"}
    assert [volume.name for volume in snapshot.volumes] == ["pv-1"], "others' volumes are not the hub's business"
    assert snapshot.logs["hub-1/hub"][-1] == "User logged in: ada"
    assert (snapshot.facts.chart, snapshot.facts.chart_version, snapshot.facts.revision) == (
        "jupyterhub",
        "4.3.3",
        3,
    )
    assert snapshot.facts.culling, "a default of the chart, which the record has"
    service = snapshot.service("hub")
    assert service is not None
    assert service.answering == ("10.0.0.4",)
    assert {unread.what for unread in snapshot.unread} == {"the health of the hub", "the health of the proxy"}


def test_no_value_of_a_secret_is_kept_or_even_asked_for(memory_hub: Any, memory_cluster: Cluster) -> None:
    memory_hub.put(f"""
- {{kind: Secret, metadata: {{name: hub}}, data: {{password: {_SECRET}}}, stringData: {{a: {_SECRET}}}}}
- kind: Pod
  metadata: {{name: jupyter-ada, labels: {{component: singleuser-server}}, annotations: {{token: {_SECRET}}}}}
  spec: {{containers: [{{name: notebook, args: [--token={_SECRET}], env: [{{name: TOKEN, value: {_SECRET}}}]}}]}}
  status: {{containerStatuses: [{{name: notebook, state: {{waiting: {{message: 'password: {_SECRET}'}}}}}}]}}
- kind: Event
  metadata: {{name: e}}
  involvedObject: {{kind: Pod, name: jupyter-ada}}
  message: 'pull failed: https://ada:{_SECRET}@registry/v2'
""")
    memory_hub.items = [item for item in memory_hub.items if not item["metadata"]["name"].startswith("sh.helm")]
    memory_hub.release(
        {
            "hub": {
                "db": {"url": f"postgresql://hub:{_SECRET}@db/hub", "password": _SECRET},
                "config": {"GitHubOAuthenticator": {"client_secret": _SECRET}},
            },
            "proxy": {"secretToken": _SECRET},
            "singleuser": {"extraEnv": {"TOKEN": _SECRET}},
        }
    )
    memory_hub.logs["hub-1/hub"] = f"client_secret={_SECRET}\n"
    memory_hub.logs["jupyter-ada/notebook"] = f"password: {_SECRET}\n"
    snapshot = observe(memory_cluster, "reef", "reef")
    assert snapshot.names["Secret"] >= {"hub"}
    assert snapshot.facts.known
    assert _SECRET not in repr(snapshot)
    plain = [path for path, accept in memory_hub.asked if path.endswith("/secrets") and "Partial" not in accept]
    assert len(plain) == 1, "Helm's own record, which has to be unpacked to know the hub's switches"


@pytest.mark.parametrize(
    ("forbidden", "what"),
    [
        ("nodes", "nodes"),
        ("persistentvolumes", "volumes"),
        ("events", "events"),
        ("endpointslices", "endpoints"),
        ("logs", "logs"),
        ("storageclasses", "storage classes"),
    ],
)
def test_what_may_not_be_read_is_told(memory_hub: Any, memory_cluster: Cluster, forbidden: str, what: str) -> None:
    memory_hub.forbidden = {forbidden}
    snapshot = observe(memory_cluster, "reef", "reef")
    assert what in {unread.what for unread in snapshot.unread}
    assert not snapshot.read(what)


def test_without_the_right_to_secrets_the_release_is_not_known(memory_hub: Any, memory_cluster: Cluster) -> None:
    memory_hub.forbidden = {"secrets"}
    snapshot = observe(memory_cluster, "reef", "reef")
    assert not snapshot.facts.known
    assert snapshot.has("Secret", "hub") is None
    assert {"the release", "Secret"} <= {unread.what for unread in snapshot.unread}


def test_endpoints_that_could_not_be_read_are_not_none(memory_hub: Any, memory_cluster: Cluster) -> None:
    memory_hub.forbidden = {"endpointslices"}
    service = observe(memory_cluster, "reef", "reef").service("hub")
    assert service is not None
    assert service.answering is None


def test_another_release_of_the_namespace_is_left_out(memory_hub: Any, memory_cluster: Cluster) -> None:
    memory_hub.put("""
- {kind: Pod, metadata: {name: staging-hub-1, labels: {component: hub, release: staging}}}
- {kind: Pod, metadata: {name: db-1, labels: {app: postgresql}}}
""")
    names = {pod.name for pod in observe(memory_cluster, "reef", "reef").pods}
    assert names == {"hub-1", "proxy-1", "db-1"}


def test_the_run_before_is_read_where_a_container_was_started_again(
    memory_hub: Any, memory_cluster: Cluster
) -> None:
    memory_hub.put("""
- kind: Pod
  metadata: {name: hub-2, labels: {component: hub}}
  spec: {containers: [{name: hub}]}
  status:
    containerStatuses:
    - {name: hub, restartCount: 2, state: {waiting: {reason: CrashLoopBackOff}},
        lastState: {terminated: {exitCode: 1}}}
""")
    memory_hub.logs["hub-2/hub-previous"] = "Traceback\n"
    assert observe(memory_cluster, "reef", "reef").previous == {"hub-2/hub": ("Traceback",)}


@pytest.mark.usefixtures("memory_hub")
def test_a_namespace_without_a_hub_is_refused_with_those_that_have_one(memory_cluster: Cluster) -> None:
    with pytest.raises(UnknownHubError, match="there is no hub in the namespace elsewhere") as refused:
        observe(memory_cluster, "elsewhere", "reef")
    assert refused.value.nearest == (f"release:{memory_cluster.context}/reef/reef",)


@pytest.mark.usefixtures("memory_hub")
def test_a_context_that_was_named_stands_in_commands(memory_cluster: Cluster) -> None:
    assert observe(memory_cluster, "reef", "reef", named=True).context == memory_cluster.context
    assert observe(memory_cluster, "reef", "reef").context == ""
