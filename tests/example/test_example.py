"""The example has every feature that a real source has, each where this table says."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml

RESEARCH, TEACHING = "lagoon/research", "lagoon/teaching"
OCEAN, WORKSHOP, BINDER = "estuary/ocean", "estuary/workshop", "estuary/binder"
HUB = "jupyterhub/hub"
USER = "jupyterhub/singleuser"
CONFIG = f"{HUB}/config"

# feature, hub, path in the merged values, what is there (a value, a type, or `...` for anything)
FEATURES: list[tuple[str, str, str, Any]] = [
    ("login with GitHub", RESEARCH, f"{CONFIG}/JupyterHub/authenticator_class", "github"),
    ("login with CILogon", TEACHING, f"{CONFIG}/JupyterHub/authenticator_class", "cilogon"),
    ("login with OpenID Connect", OCEAN, f"{CONFIG}/JupyterHub/authenticator_class", "generic-oauth"),
    ("login with one password", WORKSHOP, f"{CONFIG}/JupyterHub/authenticator_class", "shared-password"),
    ("no login", BINDER, f"{CONFIG}/JupyterHub/authenticator_class", "null"),
    ("callback address", TEACHING, f"{CONFIG}/OAuthenticator/oauth_callback_url", ...),
    ("staff become admins", RESEARCH, "jupyterhub/custom/2i2c/add_staff_user_ids_to_admin_users", True),
    ("staff among the admins", RESEARCH, f"{CONFIG}/Authenticator/admin_users/2", "tidewater-gita"),
    ("a staff team may log in", RESEARCH, f"{CONFIG}/GitHubOAuthenticator/allowed_organizations/0", ...),
    ("staff identity provider", TEACHING, f"{CONFIG}/CILogonOAuthenticator/allowed_idps/http:", None),
    ("deployment test's service", WORKSHOP, f"{HUB}/services/hub-health/admin", True),
    ("deployment test's user", WORKSHOP, f"{CONFIG}/Authenticator/blocked_users/0", "deployment-service-check"),
    ("usage quotas", TEACHING, f"{HUB}/extraConfig/11-setup-usage-quotas", str),
    ("usage quotas, not for a binder", BINDER, f"{HUB}/extraConfig/11-setup-usage-quotas", None),
    ("groups exporter", TEACHING, "jupyterhub-groups-exporter/config/groupsExporter/prometheus_host", ...),
    ("metrics exporter", TEACHING, f"{HUB}/loadRoles/metrics-exporter-service/scopes/0", "users"),
    ("homepage of its own branch", RESEARCH, "jupyterhub/custom/homepage/gitRepoBranch", "marsh"),
    ("homepage's clone", TEACHING, f"{HUB}/initContainers/0/name", "templates-clone"),
    ("texts that name the operator", TEACHING, "jupyterhub/custom/homepage/templateVars/operated_by/name", ...),
    ("announcements", RESEARCH, "jupyterhub/custom/homepage/templateVars/announcements/0", ...),
    ("the cluster's kind", WORKSHOP, f"{HUB}/extraEnv/BASEHUB_K8S_DIST/valueFrom/configMapKeyRef/name", ...),
    ("user service account", OCEAN, f"{USER}/serviceAccountName", "user-sa"),
    (
        "identity on AWS",
        RESEARCH,
        "userServiceAccount/annotations/eks.amazonaws.com~role-arn",
        "arn:aws:iam::111122223333:role/lagoon-research",
    ),
    (
        "identity on GCP",
        OCEAN,
        "userServiceAccount/annotations/iam.gke.io~gcp-service-account",
        "estuary-ocean@tidewater-estuary.iam.gserviceaccount.com",
    ),
    ("bucket on AWS", RESEARCH, f"{USER}/extraEnv/SCRATCH_BUCKET", ...),
    ("bucket of the admins", RESEARCH, "jupyterhub/custom/singleuserAdmin/extraEnv/TEAM_BUCKET", ...),
    ("bucket on GCP", OCEAN, f"{USER}/extraEnv/OBSERVATORY_BUCKET", "gs://tidewater-estuary-ocean-persistent"),
    ("homes on a claim", TEACHING, f"{USER}/storage/static/pvcName", "home-nfs"),
    ("homes' server", OCEAN, "nfs/pv/serverIP", "storage-quota-home-nfs.ocean.svc.cluster.local"),
    ("homes' disk on AWS", RESEARCH, "jupyterhub-home-nfs/eks/volumeId", "vol-0918f7e6d5c4b3a21"),
    ("homes' disk on GCP", OCEAN, "jupyterhub-home-nfs/gke/volumeId", ...),
    ("quota on homes", RESEARCH, "jupyterhub-home-nfs/quotaEnforcer/config/QuotaManager/hard_quota", 50),
    ("nothing kept", BINDER, f"{USER}/storage/type", "none"),
    ("shared folder", RESEARCH, f"{USER}/storage/extraVolumeMounts/002-shared-volumemount/readOnly", True),
    ("admins' folder", OCEAN, "jupyterhub/custom/singleuserAdmin/extraVolumeMounts", dict),
    ("a null removes a default", TEACHING, f"{USER}/storage/extraVolumeMounts/002-shared-volumemount", None),
    ("a null removes a mapping", BINDER, "jupyterhub/custom/singleuserAdmin/extraVolumeMounts", None),
    ("a null removes what jsonnet said", TEACHING, f"{USER}/nodeSelector/node.kubernetes.io~instance-type", None),
    ("a disk per user", OCEAN, "jupyterhub/custom/singleuser/extraPVCs/0/class", "standard-rwo"),
    ("privileged network block", OCEAN, "binderhub-service/dockerApi/initContainers/0/name", "block-nfs-access"),
    ("node purpose", WORKSHOP, "jupyterhub/scheduling/userPods/nodeAffinity/matchNodePurpose", "require"),
    ("instance type on AWS", RESEARCH, f"{USER}/nodeSelector/node.kubernetes.io~instance-type", "r5.xlarge"),
    ("instance type on GCP", OCEAN, f"{USER}/nodeSelector/node.kubernetes.io~instance-type", "n2-highmem-4"),
    ("nodes of the hub alone", TEACHING, f"{USER}/nodeSelector/2i2c~hub-name", "teaching"),
    ("nodes with a label of the origin", BINDER, f"{USER}/nodeSelector/tidewater.example~community", "public"),
    ("extra tolerations", OCEAN, f"{USER}/extraTolerations/0/value", "ocean"),
    ("GPU", RESEARCH, f"{USER}/profileList/2/kubespawner_override/extra_resource_limits/nvidia.com~gpu", "1"),
    ("a profile for a group", RESEARCH, f"{USER}/profileList/2/allowed_groups/0", "marsh-institute:gpu-users"),
    ("profile choices", RESEARCH, f"{USER}/profileList/0/profile_options/image/choices/rstudio", dict),
    ("profiles computed in jsonnet", OCEAN, f"{USER}/profileList/0/slug", "ocean-1-of-8"),
    ("profiles emptied", BINDER, f"{USER}/profileList", []),
    ("init container of the users", OCEAN, f"{USER}/initContainers/0/name", "give-home-to-its-owner"),
    ("code of the community", RESEARCH, f"{HUB}/extraConfig/100-team-folders", str),
    ("ingress", OCEAN, "jupyterhub/ingress/hosts/0", "ocean.estuary.tidewater.example"),
    ("certificates", OCEAN, "jupyterhub/ingress/annotations/cert-manager.io~cluster-issuer", "letsencrypt-prod"),
    (
        "network policy to the origin's services",
        OCEAN,
        f"{USER}/networkPolicy/egress/0/to/0/namespaceSelector/matchLabels/name",
        "support",
    ),
    ("dask-gateway", RESEARCH, "dask-gateway/enabled", True),
    ("dask-gateway's machines", RESEARCH, "dask-gateway/gateway/extraConfig/optionHandler", str),
    ("binderhub-service for images", OCEAN, "binderhub-service/config/BinderHub/image_prefix", ...),
    ("binderhub-service as the front door", BINDER, "binderhub-service/ingress/hosts/0", ...),
    ("launches are logged", BINDER, "binderhub-service/custom/sendLogsOfLaunchEventsTo2i2c", True),
    ("hub image", TEACHING, f"{HUB}/image/name", "registry.tidewater.example/hub"),
    ("configurator", OCEAN, f"{HUB}/services/configurator/url", "http://configurator:10101"),
    ("a duplicate key", TEACHING, f"{USER}/memory/limit", "4G"),
    ("an octal mode", TEACHING, f"{USER}/extraFiles/exam-rules/mode", 0o444),
    ("a key that became true", TEACHING, "jupyterhub/custom/plotDefaults/true", "latitude"),
    ("a time of day", WORKSHOP, f"{USER}/extraEnv/COURSE_BEGINS", "09:30:00"),
    ("anchors and merge keys", OCEAN, "jupyterhub/custom/homepage/templateVars/funded_by/name", ...),
]


@pytest.mark.parametrize(("hub", "path", "expected"), [pytest.param(*f[1:], id=f[0]) for f in FEATURES])
def test_feature(at: Callable[[str, str], Any], hub: str, path: str, expected: Any) -> None:
    if path.endswith("/http:"):  # the key is an address itself
        idps = at(hub, path.removesuffix("/http:"))
        assert "http://google.com/accounts/o8/id" in idps
        return
    # `~` stands for a slash inside a key
    parents, _, key = path.rpartition("/")
    found = at(hub, parents)
    key = key.replace("~", "/")
    found = found[int(key)] if isinstance(found, list) else (found or {}).get(key)
    if expected is ...:
        assert found
    elif isinstance(expected, type):
        assert isinstance(found, expected)
        assert found
    else:
        assert found == expected


def test_cluster_files_list_the_five_hubs(example: Any) -> None:
    found = [
        f"{name}/{entry['name']}" for name in ("lagoon", "estuary") for entry in example.cluster(name)["hubs"]
    ]
    assert found == [RESEARCH, TEACHING, OCEAN, WORKSHOP, BINDER]
    assert example.cluster("lagoon")["provider"] == "aws"
    assert example.cluster("estuary")["provider"] == "gcp"


def test_cluster_files_use_what_the_layout_offers(example: Any) -> None:
    assert example.spec(RESEARCH)["helm_chart"] == "daskhub"
    assert example.spec(OCEAN)["chart_override"] == "ocean.chart.yaml"
    assert "domain_override_file" in example.spec(WORKSHOP)
    assert any(file.endswith(".jsonnet") for file in example.spec(OCEAN)["helm_chart_values_files"])
    assert (example.root / "helm-charts/daskhub/values.jsonnet").is_symlink()


def test_every_file_of_a_hub_is_there(example: Any, hub: str) -> None:
    assert [file for file in example.files(hub) if not file.is_file()] == []


def test_encrypted_files_hold_no_ciphertext(example: Any) -> None:
    files = sorted(example.root.rglob("enc-*"))
    assert len(files) == 6
    for file in files:
        text = file.read_text()
        assert "sops:" in text
        assert set(re.findall(r"data:([^,]*),", text)) == {"redacted"}


def test_the_traps_are_in_the_files_themselves(example: Any) -> None:
    clusters = example.root / "config/clusters"
    teaching = (clusters / "lagoon/teaching.values.yaml").read_text()
    assert len(re.findall(r"^      limit: ", teaching, flags=re.MULTILINE)) == 2
    assert "      y: latitude" in teaching
    assert "mode: 0444" in teaching
    research = (clusters / "lagoon/research.values.yaml").read_text()
    assert "&everybody" in research
    assert "*everybody" in research
    assert "<<: *shared_size" in research


def test_charts_make_what_the_values_wait_for(example: Any, hub: str) -> None:
    made = set(example.objects(hub))
    expected = {
        ("ConfigMap", "basehub-cluster-info"),
        ("ConfigMap", "hub-custom-templates-config"),
        ("ConfigMap", "usage-quotas-config"),
        ("Secret", "prometheus-auth"),
        ("ServiceAccount", "user-sa"),
        ("Service", "configurator"),
    }
    if hub != BINDER:
        expected |= {("PersistentVolumeClaim", "home-nfs"), ("PersistentVolume", f"{hub.split('/')[1]}-home-nfs")}
    if hub == RESEARCH:
        expected |= {("NetworkPolicy", f"dask-{part}-network-policy") for part in ("scheduler", "worker")}
    assert made == expected


def test_every_snippet_compiles(example: Any, hub: str) -> None:
    values = example.merged(hub)
    snippets = {
        **values["jupyterhub"]["hub"]["extraConfig"],
        **values["binderhub-service"]["extraConfig"],
        **values["dask-gateway"]["gateway"]["extraConfig"],
        "quotas": example.objects(hub)["ConfigMap", "usage-quotas-config"]["data"][
            "jupyterhub_usage_quotas_config.py"
        ],
    }
    assert len(snippets) >= 12
    for name, text in snippets.items():
        ast.parse(text, name)


def test_charts_depend_on_what_is_published(example: Any) -> None:
    chart = yaml.safe_load((example.root / "helm-charts/basehub/Chart.yaml").read_text())
    versions = {each["name"]: each["version"] for each in chart["dependencies"]}
    assert versions["jupyterhub"] == "4.3.3"
    assert set(versions) == {
        "jupyterhub",
        "binderhub-service",
        "dask-gateway",
        "jupyterhub-home-nfs",
        "jupyterhub-groups-exporter",
    }


def test_names_lead_to_nobody(example: Any) -> None:
    # RFC 2606 keeps .example free for ever, so that no address in here is anybody's.
    real = re.compile(r"https?://(?!hub\.%s)([^/\s\"'$%)]+)")
    public = {
        "console.cloud.google.com",
        "tidewater-lagoon.signin.aws.amazon.com",
        "google.com",
        "jupyterhub.github.io",
        "helm.dask.org",
        "2i2c.org",
        "europe-west1-docker.pkg.dev",
    }
    for file in example.root.rglob("*"):
        if file.is_file():
            for host in real.findall(file.read_text()):
                inside = "." not in host or host.endswith(".svc.cluster.local") or ":" in host or "{" in host
                assert host.endswith(".example") or inside or host in public, (file.name, host)
