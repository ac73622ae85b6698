from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from takeout.errors import ValuesError
from takeout.source import open_source
from takeout.source.model import Configuration, Source
from takeout.values.node import find, to_data

Write = Callable[..., Path]

DEPLOYER = '''
class Hub:
    def get_generated_config(self):
        generated_config = {
            "jupyterhub": {
                "proxy": {"https": {"hosts": [self.spec["domain"]]}},
                "args": ["clone", "--", "https://forge.example.org/acme/hub-homepage"],
            }
        }
        f"""git reset --hard origin/{self.cluster.spec["name"]}-{self.spec["name"]};"""
        if self.spec["auth0"].get("enabled", True):
            pass
'''
AUTH = 'USERNAME_KEYS = {"github": "nickname", "google-oauth2": "email"}\nraise SystemExit("read, never run")\n'

INLINE_CLUSTER = """\
name: reef
image_repo: registry.example.org/acme/base-user
provider: gcp
gcp: {project: acme-reef, cluster: reef-cluster}
hubs:
  - name: staging
    domain: staging.reef.acme.cloud
    template: base-hub
    auth0:
      connection: github
    config: &staging
      jupyterhub:
        hub:
          config:
            Authenticator:
              allowed_users: &users
                - <staff_github_ids>
                - kim
              admin_users: *users
  - name: prod
    domain: [reef.acme.cloud, old.acme.cloud]
    template: daskhub
    auth0:
      enabled: false
    config:
      base-hub:
        <<: *staging
        jupyterhub:
          singleuser: {defaultUrl: /lab}
"""

CHART = "apiVersion: v2\nname: {name}\nversion: 0.1.0\ndependencies:\n- name: {needs}\n  version: 1.1.3\n"

STAFF = "staff:\n  github_ids:\n    - ann\n    - bob\n  google_ids:\n    - ann@acme.example\n"

INLINE = {
    "config/hubs/reef.cluster.yaml": INLINE_CLUSTER,
    "config/hubs/staff.yaml": STAFF,
    "deployer/hub.py": DEPLOYER,
    "deployer/auth.py": AUTH,
    "hub-templates/base-hub/Chart.yaml": CHART.format(name="base-hub", needs="jupyterhub"),
    "hub-templates/base-hub/values.yaml": "jupyterhub: {}\n",
    "hub-templates/daskhub/Chart.yaml": CHART.format(name="daskhub", needs="base-hub")
    + "  repository: file://../base-hub\n",
}

JSONNET = """\
local hub = std.extVar('VARS_2I2C_HUB_NAME');
local isDask = std.splitLimitR(std.thisFile, '/', 3)[2] == 'daskhub';
local values = {
  jupyterhub: {
    ingress: { hosts: [std.extVar('VARS_2I2C_HUB_DOMAIN')] },
    custom: {
      account: std.extVar('VARS_2I2C_ACCOUNT_ID'),
      provider: std.extVar('VARS_2I2C_PROVIDER'),
      cluster: std.extVar('VARS_2I2C_CLUSTER_NAME'),
      hub: hub,
      shared: (import 'shared.libsonnet').value,
    },
  },
};
if isDask then { basehub: values } else values
"""


def _load(source: Source, name: str) -> Configuration:
    return source.load(next(hub for hub in source.hubs() if hub.name == name))


def _layer(configuration: Configuration, kind: str) -> dict[str, Any]:
    [layer] = [layer for layer in configuration.layers if layer.kind == kind]
    data = to_data(layer.values)
    assert isinstance(data, dict)
    return data


def test_inline_values_are_a_layer_with_their_lines(tmp_path: Path, write: Write) -> None:
    source = open_source(str(write(tmp_path, INLINE)))
    assert source.era == "E4"
    configuration = _load(source, "prod")
    assert [layer.kind for layer in configuration.layers] == ["chart", "generated", "file"]
    assert configuration.jupyterhub == ("base-hub", "jupyterhub")
    inline = configuration.layers[-1]
    node = find(inline.values, ("base-hub", "jupyterhub", "singleuser", "defaultUrl"))
    assert node is not None
    assert str(node.mark) == "config/hubs/reef.cluster.yaml:29"


def test_placeholders_for_staff_are_written_out_after_the_others(tmp_path: Path, write: Write) -> None:
    configuration = _load(open_source(str(write(tmp_path, INLINE))), "staging")
    authenticator = _layer(configuration, "file")["jupyterhub"]["hub"]["config"]["Authenticator"]
    assert authenticator == {"allowed_users": ["kim", "ann", "bob"], "admin_users": ["kim", "ann", "bob"]}
    people = {term.text: term.told_by for term in configuration.terms if term.kind == "person"}
    assert people == dict.fromkeys(("ann", "bob", "ann@acme.example"), "config/hubs/staff.yaml")
    assert "acme.example" in {term.text for term in configuration.terms if term.kind == "domain"}


def test_a_placeholder_without_a_list_is_left_out_and_told(tmp_path: Path, write: Write) -> None:
    files = {name: text for name, text in INLINE.items() if not name.endswith("staff.yaml")}
    configuration = _load(open_source(str(write(tmp_path, files))), "staging")
    assert {fault.code for fault in configuration.layers[-1].faults} == {"staff-unknown"}
    authenticator = _layer(configuration, "file")["jupyterhub"]["hub"]["config"]["Authenticator"]
    assert authenticator["admin_users"] == ["kim"]


def test_what_the_deployer_added_is_there_by_its_meaning(tmp_path: Path, write: Write) -> None:
    configuration = _load(open_source(str(write(tmp_path, INLINE))), "staging")
    values = _layer(configuration, "generated")["jupyterhub"]
    host = "staging.reef.acme.cloud"
    assert values["ingress"] == {"hosts": [host], "tls": [{"secretName": "https-auto-tls", "hosts": [host]}]}
    assert values["proxy"] == {"https": {"hosts": [host]}}
    assert values["singleuser"]["image"]["name"] == "registry.example.org/acme/base-user"
    assert values["custom"]["homepage"] == {
        "gitRepoUrl": "https://forge.example.org/acme/hub-homepage",
        "gitRepoBranch": "reef-staging",
    }
    assert [container["name"] for container in values["hub"]["initContainers"]] == ["templates-clone"]
    assert values["hub"]["config"]["JupyterHub"] == {"authenticator_class": "auth0"}
    assert values["hub"]["config"]["Auth0OAuthenticator"]["username_key"] == "nickname"
    assert "hub-health" not in str(values)
    base = ("jupyterhub", "hub", "config", "Auth0OAuthenticator")
    assert configuration.encrypted == dict.fromkeys(
        ((*base, "client_id"), (*base, "client_secret")), "deployer/hub.py"
    )
    node = find(configuration.layers[1].values, ("jupyterhub", "ingress", "hosts"))
    assert node is not None
    assert str(node.mark) == "config/hubs/reef.cluster.yaml:7"


def test_a_name_is_never_a_command(tmp_path: Path, write: Write) -> None:
    cluster = INLINE_CLUSTER.replace("name: staging", "name: 'a; touch x'")
    source = open_source(str(write(tmp_path, {**INLINE, "config/hubs/reef.cluster.yaml": cluster})))
    values = _layer(source.load(source.hubs()[0]), "generated")["jupyterhub"]
    assert "'origin/reef-a; touch x'" in values["hub"]["initContainers"][0]["args"][1]


def test_a_dask_hub_is_nested_has_the_gateway_as_a_service_and_may_have_several_addresses(
    tmp_path: Path, write: Write
) -> None:
    configuration = _load(open_source(str(write(tmp_path, INLINE))), "prod")
    values = _layer(configuration, "generated")
    assert values["base-hub"]["jupyterhub"]["ingress"]["hosts"] == ["reef.acme.cloud", "old.acme.cloud"]
    assert "JupyterHub" not in str(values)
    # charts of the gateway before 2022.10.0 refuse to be told of the token's Secret
    assert "dask-gateway" not in values
    assert values["base-hub"]["jupyterhub"]["hub"]["services"] == {"dask-gateway": {"display": False}}
    assert configuration.entry.domain == "reef.acme.cloud"


def test_a_binderhub_has_its_hub_below_its_own_address(tmp_path: Path, write: Write) -> None:
    cluster = INLINE_CLUSTER.replace("template: daskhub", "template: binderhub")
    chart = CHART.format(name="binderhub", needs="binderhub")
    files = {**INLINE, "config/hubs/reef.cluster.yaml": cluster, "hub-templates/binderhub/Chart.yaml": chart}
    files["hub-templates/binderhub/values.yaml"] = "binderhub:\n  jupyterhub: {hub: {}, proxy: {}}\n"
    files["deployer/hub.py"] = DEPLOYER + "f\"hub.{self.spec['domain']}\"\n"
    values = _layer(_load(open_source(str(write(tmp_path, files))), "prod"), "generated")
    assert list(values) == ["binderhub"]
    assert values["binderhub"]["jupyterhub"]["ingress"]["hosts"][0] == "hub.reef.acme.cloud"
    files["deployer/hub.py"] = DEPLOYER
    assert _layer(_load(open_source(str(write(tmp_path, files))), "prod"), "generated") == {}


def test_a_service_of_the_origins_chart_is_left_out_and_told(tmp_path: Path, write: Write) -> None:
    cluster = INLINE_CLUSTER.replace(
        "    config: &staging\n", "    config: &staging\n      docs_service: {enabled: true}\n"
    )
    configuration = _load(
        open_source(str(write(tmp_path, {**INLINE, "config/hubs/reef.cluster.yaml": cluster}))), "staging"
    )
    assert [(fault.code, fault.where.line) for fault in configuration.faults] == [("docs-service-left-out", 12)]


def test_the_later_names_of_the_inline_era(tmp_path: Path, write: Write) -> None:
    cluster = INLINE_CLUSTER.replace("template:", "helm_chart:").replace("base-hub", "basehub")
    files = {
        "config/clusters/reef.cluster.yaml": cluster,
        "config/clusters/staff.yaml": INLINE["config/hubs/staff.yaml"],
        "deployer/hub.py": DEPLOYER,
        "helm-charts/basehub/Chart.yaml": CHART.format(name="basehub", needs="jupyterhub"),
        "helm-charts/daskhub/Chart.yaml": CHART.format(name="daskhub", needs="basehub")
        + "  repository: file://../basehub\n",
    }
    source = open_source(str(write(tmp_path, files)))
    assert source.era == "E4"
    assert _load(source, "prod").jupyterhub == ("basehub", "jupyterhub")
    assert _load(source, "staging").entry.chart == "basehub"


def test_the_first_hours_of_the_inline_era(tmp_path: Path, write: Write) -> None:
    files = {name.replace("config/hubs/reef.cluster", "config/reef"): text for name, text in INLINE.items()}
    files["config/secrets.yaml"] = "auth0: x\n"
    source = open_source(str(write(tmp_path, files)))
    assert (source.era, len(source.hubs())) == ("E4", 2)


def test_inline_values_that_are_no_mapping(tmp_path: Path, write: Write) -> None:
    cluster = "name: a\nhubs:\n- name: b\n  template: base-hub\n  config: [1]\n"
    source = open_source(str(write(tmp_path, {**INLINE, "config/hubs/reef.cluster.yaml": cluster})))
    with pytest.raises(ValuesError, match="is not a mapping"):
        _load(source, "b")


def test_listed_files_with_a_deployer_that_adds_values(
    tmp_path: Path, write: Write, listed: dict[str, str]
) -> None:
    files = {**listed, "deployer/hub.py": DEPLOYER, "secrets/config/clusters/reef.cluster.yaml": "a: ENC[x]\n"}
    source = open_source(str(write(tmp_path, files)))
    assert source.era == "E5"
    configuration = _load(source, "staging")
    assert [layer.kind for layer in configuration.layers] == ["chart", "generated", "file", "file", "secret"]
    assert [fault.code for fault in configuration.faults] == ["cluster-secrets"]


@pytest.fixture
def computed(tmp_path: Path, write: Write, listed: dict[str, str]) -> Path:
    """A source whose charts compute values, one of them through a symbolic link."""
    files = {
        **listed,
        "helm-charts/basehub/values.jsonnet": JSONNET,
        "helm-charts/basehub/shared.libsonnet": "{ value: 'basehub' }\n",
        "helm-charts/daskhub/shared.libsonnet": "{ value: 'daskhub' }\n",
        "helm-charts/support/values.jsonnet": "{}\n",
        "helm-charts/support/Chart.yaml": "name: support\n",
    }
    root = write(tmp_path / "computed", files)
    (root / "helm-charts/daskhub/values.jsonnet").symlink_to("../basehub/values.jsonnet")
    return root


@pytest.mark.parametrize("kept", ["directory", "git"])
def test_jsonnet_is_given_the_hub_and_the_link_is_not_resolved(
    computed: Path, commit: Callable[..., str], kept: str
) -> None:
    if kept == "git":
        commit(computed, {})
    source = open_source(str(computed))
    assert source.era == "E7"
    staging = _load(source, "staging")
    assert [layer.kind for layer in staging.layers] == ["chart", "jsonnet", "file", "file", "secret"]
    assert _layer(staging, "jsonnet")["jupyterhub"] == {
        "ingress": {"hosts": ["staging.reef.acme.cloud"]},
        "custom": {
            "account": "acme-reef-77",
            "provider": "gcp",
            "cluster": "reef",
            "hub": "staging",
            "shared": "basehub",
        },
    }
    assert _layer(_load(source, "prod"), "jsonnet")["basehub"]["jupyterhub"]["custom"]["shared"] == "daskhub"


def test_jsonnet_of_another_provider(computed: Path, listed: dict[str, str]) -> None:
    file = computed / "config/clusters/reef/cluster.yaml"
    cluster = listed["config/clusters/reef/cluster.yaml"]
    gcp = "gcp:\n  project: acme-reef-77\n  cluster: reef-cluster\n"
    aws = "aws:\n  account: 123456789012\n  clusterName: reef-eks\n"
    file.write_text(cluster.replace(gcp, aws).replace("provider: gcp", "provider: aws"))
    custom = _layer(_load(open_source(str(computed)), "staging"), "jsonnet")["jupyterhub"]["custom"]
    assert (custom["account"], custom["cluster"]) == ("123456789012", "reef-eks")
    file.write_text(cluster.replace("provider: gcp", "provider: kubeconfig"))
    custom = _layer(_load(open_source(str(computed)), "staging"), "jsonnet")["jupyterhub"]["custom"]
    assert (custom["account"], custom["cluster"]) == ("None", "reef")


def test_the_older_names_of_the_variables(computed: Path) -> None:
    (computed / "helm-charts/basehub/values.jsonnet").write_text("{ hub: std.extVar('2I2C_VARS.HUB_NAME') }")
    assert _layer(_load(open_source(str(computed)), "staging"), "jsonnet") == {"hub": "staging"}


def test_a_listed_file_may_be_jsonnet(computed: Path) -> None:
    file = computed / "config/clusters/reef/cluster.yaml"
    file.write_text(file.read_text().replace("- common.values.yaml", "- common.jsonnet"))
    (file.parent / "common.jsonnet").write_text(
        "{ jupyterhub: { custom: { x: std.extVar('VARS_2I2C_HUB_NAME') } } }"
    )
    configuration = _load(open_source(str(computed)), "staging")
    kinds = [(layer.kind, os.path.basename(layer.file)) for layer in configuration.layers]  # noqa: PTH119 - not a file
    assert kinds[1:3] == [("jsonnet", "values.jsonnet"), ("jsonnet", "common.jsonnet")]


@pytest.mark.parametrize("program", ["{ a: ", "{ a: error 'no' }", "[1]", "{ a: std.extVar('OTHER') }"])
def test_jsonnet_that_fails(computed: Path, program: str) -> None:
    (computed / "helm-charts/basehub/values.jsonnet").write_text(program)
    with pytest.raises(ValuesError) as caught:
        _load(open_source(str(computed)), "staging")
    assert caught.value.where is not None
    assert caught.value.where.file == "helm-charts/basehub/values.jsonnet"


def test_jsonnet_that_was_left_out_is_told_and_the_addresses_are_filled_in(
    tmp_path: Path, write: Write, listed: dict[str, str]
) -> None:
    files = {name: text.replace("hosts:", "annotations:") for name, text in listed.items()}
    source = open_source(str(write(tmp_path, files)))
    assert source.era == "E7"
    configuration = _load(source, "prod")
    assert [fault.code for fault in configuration.faults] == ["jsonnet-missing"]
    values = _layer(configuration, "generated")["basehub"]["jupyterhub"]
    assert values == {
        "ingress": {
            "hosts": ["reef.acme.cloud"],
            "tls": [{"secretName": "https-auto-tls", "hosts": ["reef.acme.cloud"]}],
        },
        "hub": {
            "config": {"OAuthenticator": {"oauth_callback_url": "https://reef.acme.cloud/hub/oauth_callback"}}
        },
    }


def test_binderhub_service_is_connected_without_jsonnet_too(
    tmp_path: Path, write: Write, listed: dict[str, str]
) -> None:
    files = {name: text.replace("hosts:", "annotations:") for name, text in listed.items()}
    files["helm-charts/basehub/Chart.yaml"] += "- name: binderhub-service\n  version: 0.1.0\n"
    values = _layer(_load(open_source(str(write(tmp_path, files))), "prod"), "generated")["basehub"]
    uri = "https://reef.acme.cloud/services/binder/oauth_callback"
    assert values["jupyterhub"]["hub"]["services"] == {"binder": {"oauth_redirect_uri": uri}}
    api = "http://hub.prod.svc.cluster.local:8081/hub/api"
    assert values["binderhub-service"] == {"extraEnv": [{"name": "JUPYTERHUB_API_URL", "value": api}]}
