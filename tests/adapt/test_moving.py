"""Addresses, homes, machines and ports: what the rules about infrastructure are made of."""

import ast
from pathlib import Path

import pytest

from takeout.adapt.context import Context, Dependency, HubFacts, Options, Storage
from takeout.adapt.engine import Adaptation, adapt
from takeout.adapt.homes import Mount
from takeout.adapt.hosts import move_addresses, moved_hosts
from takeout.adapt.machines import Pool, replacement, usable
from takeout.adapt.pods import is_off, is_on
from takeout.adapt.rule import Draft
from takeout.adapt.rules import all_rules
from takeout.targets import load_target
from takeout.values.merge import overlay
from takeout.values.node import Mapping, find, to_data
from takeout.values.path import parse_path
from takeout.values.read import read_yaml

BINDER = Dependency(
    "binderhub-service", "binderhub-service", "1", "https://charts.example.org", "binderhub-service.enabled"
)
RULES = {rule.id: rule for rule in all_rules()}


def values(text: str) -> Mapping:
    return read_yaml(text, "values.yaml").values


def context(target: str = "any", **options: object) -> Context:
    hub = HubFacts("prod", domain="lagoon.example.net", dependencies={"binderhub-service": BINDER})
    return Context(hub, load_target(target), (), Options(domain="hub.example.edu", **options))


def draft(text: str, target: str = "any", **options: object) -> Draft:
    return Draft(RULES["D03"], values(text), context(target, **options))


def run(text: str, *rules: str, target: str = "any", **options: object) -> Adaptation:
    return adapt(values(text), context(target, **options), [RULES[rule] for rule in rules])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("old.example.net", "new.example.edu"),
        ("https://old.example.net/hub", "https://new.example.edu/hub"),
        ("see <a href='https://old.example.net'>", "see <a href='https://new.example.edu'>"),
        ("HOST = 'old.example.net'", "HOST = 'new.example.edu'"),
        ("https://sub.old.example.net", "https://sub.old.example.net"),
        ("https://old.example.net.evil.org", "https://old.example.net.evil.org"),
        ("mailto:help@old.example.net", "mailto:help@old.example.net"),
        ("formerly old.example.net", "formerly old.example.net"),
    ],
)
def test_an_address_moves_where_it_is_one(text: str, expected: str) -> None:
    assert move_addresses(text, {"old.example.net": "new.example.edu"}) == expected


def test_hosts_of_lower_layers_move_too() -> None:
    merged = overlay(
        [
            values("jupyterhub: {ingress: {hosts: [first.example.net]}}"),
            values("jupyterhub: {ingress: {hosts: [second.example.net]}}"),
        ]
    )
    moved = moved_hosts(Draft(RULES["D03"], merged, context()))
    assert moved == dict.fromkeys(
        ["second.example.net", "first.example.net", "lagoon.example.net"], "hub.example.edu"
    )


def test_binderhub_keeps_an_address_of_its_own() -> None:
    adaptation = run(
        """
binderhub-service:
  enabled: true
  ingress: {enabled: true, hosts: [binder.example.net], tls: [{hosts: [binder.example.net], secretName: b}]}
  config: {BinderHub: {hub_url: 'https://hub.example.net', badge_base_url: 'https://binder.example.net'}}
jupyterhub: {ingress: {enabled: true, hosts: [hub.example.net]}}
""",
        "D01",
        "D03",
    )
    binder = to_data(adaptation.values)["binderhub-service"]
    assert binder["ingress"]["hosts"] == ["binder.hub.example.edu"]
    assert binder["config"]["BinderHub"] == {
        "hub_url": "https://hub.example.edu",
        "badge_base_url": "https://binder.hub.example.edu",
    }


@pytest.mark.parametrize(
    ("sub_path", "own", "below"),
    [
        ("{username}", True, ""),
        ("{escaped_username}", True, ""),
        ("uscentral1b/{username}", True, ""),
        ("{username}/.config", True, ".config"),
        ("_shared", False, ""),
        ("_shared/{servername}", False, ""),
        ("", False, ""),
    ],
)
def test_a_persons_own_home_is_told_from_what_all_see(sub_path: str, own: bool, below: str) -> None:
    mount = Mount((), "/home/jovyan", sub_path)
    assert (mount.is_own, mount.below) == (own, below)


def test_each_list_of_init_containers_makes_homes_their_users() -> None:
    adaptation = run(
        """
jupyterhub:
  singleuser:
    uid: 1001
    storage: {type: static, static: {subPath: '{username}'}}
    profileList:
      - kubespawner_override: {init_containers: [{name: pull}]}
""",
        "S01",
        storage=Storage("nfs", host="nfs.example.edu", path="/export"),
    )
    for path in ("initContainers[0]", "profileList[0].kubespawner_override.init_containers[1]"):
        found = find(adaptation.values, parse_path(f"jupyterhub.singleuser.{path}.command[2]"))
        assert found is not None
        assert "chown 1001:1001" in str(to_data(found))


def test_the_directory_of_another_hub_is_mounted_where_the_hub_says_so() -> None:
    adaptation = run(
        "{nfs: {pv: {shareNameOverride: main}}, jupyterhub: {singleuser: {storage: {type: static}}}}",
        "S01",
        storage=Storage("nfs", host="nfs.example.edu", path="/export/"),
    )
    volume = next(item for item in adaptation.manifests if item["kind"] == "PersistentVolume")
    assert volume["spec"]["nfs"] == {"server": "nfs.example.edu", "path": "/export/main"}


def test_home_nfs_asks_for_its_chart_where_the_source_has_it_not() -> None:
    adaptation = run(
        "jupyterhub: {singleuser: {storage: {type: dynamic}}}", "S01", target="gke", storage=Storage("home-nfs")
    )
    assert [chart.name for chart in adaptation.dependencies] == ["jupyterhub-home-nfs"]
    assert to_data(adaptation.values)["jupyterhub"]["singleuser"]["storage"]["type"] == "static"


@pytest.mark.parametrize("target", ["gke", "eks", "aks"])
def test_a_node_leaves_less_than_it_has_and_most_of_it(target: str) -> None:
    there = load_target(target)
    for machine in there.instance_types:
        memory_gib, cores = usable(machine, there)
        assert memory_gib < machine.memory_gib
        assert cores < machine.cores
        if machine.memory_gib >= 16:
            assert memory_gib > 0.7 * machine.memory_gib


def test_measured_nodes_leave_at_least_what_is_promised() -> None:
    # Allocatable memory as the origin measured it (its values.yaml), less what node pods ask for.
    gke, eks = load_target("gke"), load_target("eks")
    assert usable(gke.known_types["n2-highmem-16"], gke)[0] <= 116.549 - 0.78
    assert usable(eks.known_types["r5.4xlarge"], eks)[0] <= 121.504 - 0.78


def test_gpus_that_are_attached_to_a_machine_stay_with_it() -> None:
    gke = load_target("gke")
    assert replacement("n1-standard-8", 1, "nvidia-tesla-t4", gke) == Pool("n1-standard-8", 1, "nvidia-tesla-t4")
    elsewhere = replacement("n1-standard-8", 1, "", load_target("eks"))
    assert elsewhere is not None
    assert elsewhere.gpus == 1
    assert replacement("unheard.of", 0, "", gke) is None


@pytest.mark.parametrize("target", ["gke", "eks", "aks"])
def test_pools_have_names_that_the_cloud_takes(target: str) -> None:
    there = load_target(target)
    for machine in there.instance_types:
        name = Pool(machine.name, machine.gpus).name(there)
        assert name.replace("-", "").isalnum()
        assert name == name.lower()
        assert len(name) <= (12 if target == "aks" else 40)
        assert target != "aks" or "-" not in name


def test_a_companion_is_on_as_helm_decides_it() -> None:
    assert is_on(draft("binderhub-service: {enabled: true}"), "binderhub-service")
    assert is_on(draft("binderhub-service: {}"), "binderhub-service")
    assert is_off(draft("binderhub-service: {enabled: false}"), "binderhub-service")
    assert not is_on(draft("other: {enabled: true}"), "other")
    assert not is_off(draft("other: {enabled: false}"), "other")


def test_the_origins_own_snippet_keeps_all_but_the_ports(snapshot: Path) -> None:
    chart = snapshot / "helm-charts" / "basehub" / "values.yaml"
    adaptation = adapt(read_yaml(chart.read_text(), "values.yaml").values, context(), [RULES["N04"]])
    node = find(adaptation.values, ("jupyterhub", "hub", "extraConfig", "02-basehub-spawner"))
    assert node is not None
    text = str(to_data(node))
    ast.parse(text)
    assert "iptables" not in text
    assert "2049" not in text
    for kept in ("class BaseHubSpawner", "admin_volume_mounts", "return pod", "c.KubeSpawner.modify_pod_hook"):
        assert kept in text
    assert not adaptation.actions
