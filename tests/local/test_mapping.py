from __future__ import annotations

from typing import Any

import pytest

from takeout.local.mapping import Release, names_of, traits_of, with_defaults
from takeout.local.table import REFERENCE, ROWS

RELEASE = Release("reef", "reef-space", "4.3.3+build")
SEEDS = {"hub.config.JupyterHub.cookie_secret": "ab" * 32, "hub.config.CryptKeeper.keys": "k1;k2"}


def traits(values: dict[str, Any], **secrets: str) -> dict[str, Any]:
    """What the values come to, by ``Section.trait``; the last setting wins, as in JupyterHub."""
    listed = traits_of(with_defaults(values), RELEASE, {**SEEDS, **secrets})
    return {f"{section}.{trait}": value for section, trait, value in listed}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
def test_every_row_sets_its_trait_and_says_where_it_is_documented(row: Any) -> None:
    marker: Any = {list: ["marker"], str: "/marker/"}.get(type(row.default), {"marker": 1})
    values: dict[str, Any] = {}
    *way, last = row.key.split(".")
    place = values
    for step in way:
        place = place.setdefault(step, {})
    place[last] = marker

    found = traits(values)[f"{row.section}.{row.trait}"]

    assert "marker" in found
    assert row.reference == f"{REFERENCE}#{row.key.lower().replace('.', '-')}"


def test_nothing_said_is_what_the_chart_says() -> None:
    found = traits({})
    assert found["KubeSpawner.image"] == "quay.io/jupyterhub/k8s-singleuser-sample:4.3.3"
    assert found["KubeSpawner.mem_guarantee"] == "1G"
    assert "KubeSpawner.mem_limit" not in found
    assert found["Spawner.cmd"] == "jupyterhub-singleuser"
    assert found["JupyterHub.authenticator_class"] == "dummy"
    assert found["KubeSpawner.scheduler_name"] == "reef-user-scheduler"
    assert found["KubeSpawner.volumes"]["volume-{user_server}"]["persistentVolumeClaim"] == {
        "claimName": "{pvc_name}"
    }
    assert [service["name"] for service in found["JupyterHub.services"]] == ["jupyterhub-idle-culler"]
    assert found["CryptKeeper.keys"] == ["k1", "k2"]
    assert found["KubeSpawner.common_labels"]["helm.sh/chart"] == "jupyterhub-4.3.3_build"


def test_a_null_takes_the_charts_default_away() -> None:
    found = traits({"singleuser": {"cmd": None, "memory": {"guarantee": None}, "allowPrivilegeEscalation": None}})
    assert "Spawner.cmd" not in found
    assert "KubeSpawner.mem_guarantee" not in found
    assert found["KubeSpawner.allow_privilege_escalation"] is None


def test_a_null_without_a_default_stays_for_kubespawner_to_leave_out() -> None:
    found = traits({"singleuser": {"storage": {"extraVolumeMounts": {"shared": None}}}})
    assert found["KubeSpawner.volume_mounts"]["shared"] is None


def test_hub_config_is_passed_through_last_without_what_the_chart_keeps_secret() -> None:
    config = {
        "JupyterHub": {"authenticator_class": "github", "cookie_secret": "no", "concurrent_spawn_limit": 7},
        "KubeSpawner": {"working_dir": "/home/jovyan", "mem_limit": "3G"},
        "CryptKeeper": {"keys": ["no"]},
    }
    found = traits({"hub": {"config": config}, "singleuser": {"memory": {"limit": "2G"}}})
    assert found["JupyterHub.authenticator_class"] == "github"
    assert found["JupyterHub.concurrent_spawn_limit"] == 7
    assert found["JupyterHub.cookie_secret"] == "ab" * 32
    assert found["KubeSpawner.mem_limit"] == "3G"
    assert found["CryptKeeper.keys"] == ["k1", "k2"]


def test_services_get_their_tokens_and_roles_their_names() -> None:
    hub = {
        "services": {"grader": {"url": "http://grader", "apiToken": "theirs"}},
        "loadRoles": {"marker": {"services": ["grader"], "scopes": ["self"]}},
    }
    found = traits({"hub": hub, "cull": {"enabled": False}}, **{"hub.services.grader.apiToken": "token"})
    assert found["JupyterHub.services"] == [{"name": "grader", "url": "http://grader", "api_token": "token"}]
    assert found["JupyterHub.load_roles"] == [{"name": "marker", "services": ["grader"], "scopes": ["self"]}]


def test_the_culler_is_asked_what_the_values_ask() -> None:
    cull = {"timeout": 60, "every": 5, "concurrency": 2, "users": True, "adminUsers": False, "maxAge": 9}
    found = traits({"cull": {**cull, "removeNamedServers": True}, "hub": {"baseUrl": "/jupyter/"}})
    (service,) = found["JupyterHub.services"]
    assert service["command"][3:] == [
        "--url=http://localhost:8081/jupyter/hub/api",
        "--timeout=60",
        "--cull-every=5",
        "--concurrency=2",
        "--cull-users",
        "--cull-admin-users=false",
        "--remove-named-servers",
        "--max-age=9",
    ]
    assert "admin:users" in found["JupyterHub.load_roles"][0]["scopes"]


@pytest.mark.parametrize(
    ("purpose", "trait"), [("prefer", "node_affinity_preferred"), ("require", "node_affinity_required")]
)
def test_the_purpose_of_nodes_is_added_to_the_values_own_wishes(purpose: str, trait: str) -> None:
    own = {"preferred": ["mine"], "required": ["mine"]}
    found = traits(
        {
            "singleuser": {"extraNodeAffinity": own, "extraTolerations": ["t"]},
            "scheduling": {"userPods": {"nodeAffinity": {"matchNodePurpose": purpose}, "tolerations": []}},
        }
    )
    mine, purposed = found[f"KubeSpawner.{trait}"]
    assert mine == "mine"
    assert "hub.jupyter.org/node-purpose" in str(purposed)
    assert found["KubeSpawner.tolerations"] == ["t"]


def test_static_storage_extra_files_and_lists_of_volumes() -> None:
    storage = {
        "type": "static",
        "static": {"pvcName": "home-nfs", "subPath": "{escaped_username}"},
        "extraVolumes": [{"name": "shm", "emptyDir": {}}],
        "extraVolumeMounts": [{"name": "shm", "mountPath": "/dev/shm"}],  # noqa: S108
    }
    files = {"motd": {"mountPath": "/etc/motd", "stringData": "hello", "mode": 420}}
    found = traits({"singleuser": {"storage": storage, "extraFiles": files}})
    assert found["KubeSpawner.volumes"] == {
        "home": {"name": "home", "persistentVolumeClaim": {"claimName": "home-nfs"}},
        "files": {
            "name": "files",
            "secret": {"secretName": "singleuser", "items": [{"key": "motd", "path": "motd", "mode": 420}]},
        },
        "shm": {"name": "shm", "emptyDir": {}},
    }
    assert found["KubeSpawner.volume_mounts"]["home"] == {
        "mountPath": "/home/jovyan",
        "name": "home",
        "subPath": "{escaped_username}",
    }
    assert found["KubeSpawner.volume_mounts"]["0-files"]["subPath"] == "motd"
    assert "0-shm" in found["KubeSpawner.volume_mounts"]


def test_private_images_and_the_block_of_metadata() -> None:
    found = traits(
        {
            "imagePullSecret": {"create": True},
            "imagePullSecrets": ["mine"],
            "singleuser": {"image": {"name": "img", "tag": "1", "pullSecrets": ["its"]}},
        }
    )
    assert found["KubeSpawner.image"] == "img:1"
    assert found["KubeSpawner.image_pull_secrets"] == ["image-pull-secret", "mine", "its"]
    assert [each["name"] for each in found["KubeSpawner.init_containers"]] == ["block-cloud-metadata"]
    off = traits({"singleuser": {"cloudMetadata": {"blockWithIptables": False}}})
    assert off["KubeSpawner.init_containers"] == []


def test_names_follow_the_prefix() -> None:
    assert names_of({"fullnameOverride": "x"}, RELEASE)["user-scheduler"] == "x-user-scheduler"
    assert names_of({"fullnameOverride": "x"}, RELEASE)["hub"] == "x-hub"
    assert names_of({}, RELEASE)["priority"] == "reef-default-priority"
