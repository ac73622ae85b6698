import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from takeout.chart.places import Places, Wanted
from takeout.cli import main
from takeout.cluster.api import Cluster
from takeout.errors import ClusterError, OptionError, UnknownHubError
from takeout.replica.charts import open_chart_of
from takeout.replica.files import read_files
from takeout.source.conceal import conceal
from takeout.source.release import Place, parse_place, read_contents
from takeout.values.node import Mapping, to_data
from takeout.values.read import read_yaml

SECRETS = {
    "client": "clientsecretvalue0123456789",
    "cookie": "ab" * 32,
    "proxy": "cd" * 32,
    "crypt": "ef" * 32,
    "older crypt": "fe" * 32,
    "service": "servicetoken0123456789",
    "env": "hunter2hunter2",
    "listed": "listedsecret0123456789",
    "code": "secretincode0123456789",
    "password": "databasepassword0123",
    "key": "-----BEGIN RSA PRIVATE KEY-----\nMIIEvQ\n-----END RSA PRIVATE KEY-----\n",
}
OWN = "the-owners-own"
VALUES: dict[str, Any] = {
    "hub": {
        "config": {
            "JupyterHub": {"authenticator_class": "github"},
            "CryptKeeper": {"keys": [SECRETS["crypt"], SECRETS["older crypt"]]},
            "GitHubOAuthenticator": {
                "client_id": "abc",
                "client_secret": SECRETS["client"],
                "oauth_callback_url": "https://reef.example.edu/hub/oauth_callback",
            },
        },
        "cookieSecret": SECRETS["cookie"],
        "db": {"type": "postgres", "url": f"postgresql://hub:{SECRETS['password']}@db/hub"},
        "services": {"announce": {"apiToken": SECRETS["service"], "url": "http://announce"}},
        "extraEnv": {"MY_PASSWORD": SECRETS["env"], "PLAIN": "x"},
        "extraConfig": {"10-own": f"c.Own.api_token = '{SECRETS['code']}'\nc.Own.x = 1\n"},
        "initContainers": [
            {"name": "a", "image": "busybox:1", "env": [{"name": "A_TOKEN", "value": SECRETS["listed"]}]}
        ],
    },
    "proxy": {
        "secretToken": SECRETS["proxy"],
        "https": {"enabled": True, "type": "manual", "manual": {"cert": "x", "key": SECRETS["key"]}},
    },
    "singleuser": {"profileList": [{"display_name": "One", "default": True}]},
}


def record(values: dict[str, Any], chart: dict[str, Any], kind: str = "Secret") -> dict[str, Any]:
    release = {
        "name": "reef",
        "version": 3,
        "info": {"status": "deployed"},
        "chart": chart,
        "config": values,
        "manifest": "",
    }
    text = base64.b64encode(gzip.compress(json.dumps(release).encode()))
    if kind == "Secret":
        text = base64.b64encode(text)
    labels = {"owner": "helm", "name": "reef", "version": "3"}
    metadata = {"name": "sh.helm.release.v1.reef.v3", "labels": labels}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, "data": {"release": text.decode()}}


Z2JH = {"metadata": {"apiVersion": "v2", "name": "jupyterhub", "version": "4.3.3"}, "values": {}, "templates": []}
UMBRELLA = {
    "metadata": {
        "apiVersion": "v2",
        "name": "reefhub",
        "version": "0.1.0",
        "dependencies": [
            {"name": "jupyterhub", "version": "4.3.3", "repository": "https://hub.jupyter.org/helm-chart/"}
        ],
    },
    # Helm keeps what it was given among the defaults of a chart with dependencies.
    "values": {
        "jupyterhub": {"hub": {"cookieSecret": SECRETS["cookie"], "services": {"late": {"apiToken": "x" * 20}}}}
    },
    "templates": [],
}


def texts_of(folder: Path) -> dict[str, str]:
    return {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*") if file.is_file()}


def replicate(kubeconfig: Path, to: Path, monkeypatch: pytest.MonkeyPatch, *more: str) -> int:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    monkeypatch.setenv("XDG_CACHE_HOME", str(kubeconfig.parent / "cache"))
    options = ["--domain", "reef.example.edu", "--to", str(to), *more]
    return main(["hub", "replicate", "--source", "release:here/lagoon/reef", *options])


def merged(folder: Path) -> dict[str, Any]:
    from takeout.replica.files import read_files  # noqa: PLC0415

    data = to_data(read_files(folder).merged)
    assert isinstance(data, dict)
    return data


@pytest.mark.parametrize("kind", ["Secret", "ConfigMap"])
def test_without_being_asked_no_secret_is_written(  # noqa: PLR0917 - fixtures
    api: Any,
    kubeconfig: Path,
    tmp_path: Path,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    api.put(record(VALUES, Z2JH, kind), "lagoon")
    monkeypatch.setenv("HELM_DRIVER", kind.lower())
    assert replicate(kubeconfig, tmp_path / "replica", monkeypatch) == 0
    written = {
        **texts_of(tmp_path / "replica"),
        **texts_of(tmp_path / "cache"),
        "printed": "".join(capfd.readouterr()),
    }
    found = [
        (name, key) for name, text in written.items() for key, secret in SECRETS.items() if secret.strip() in text
    ]
    assert found == []
    assert "<fill in: hub.config.GitHubOAuthenticator.client_secret>" in written["secrets.yaml"]
    assert "<fill in: hub.extraEnv.MY_PASSWORD>" in written["secrets.yaml"]


def test_asked_for_they_are_in_one_file_and_nowhere_else(
    api: Any,
    kubeconfig: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    api.put(record(VALUES, Z2JH), "lagoon")
    replica = tmp_path / "replica"
    assert replicate(kubeconfig, replica, monkeypatch, "--with-secrets") == 0
    written = {**texts_of(replica), **texts_of(tmp_path / "cache"), "printed": "".join(capfd.readouterr())}
    secrets = written.pop("secrets.yaml")
    assert [
        key for key, secret in SECRETS.items() if any(secret.strip() in text for text in written.values())
    ] == []
    assert (replica / "secrets.yaml").stat().st_mode & 0o777 == 0o600
    assert "<" not in "".join(
        line for line in secrets.splitlines(keepends=True) if not line.lstrip().startswith("#")
    )
    values = merged(replica)
    assert values["hub"]["config"]["GitHubOAuthenticator"]["client_secret"] == SECRETS["client"]
    for path in (("hub", "cookieSecret"), ("hub", "extraConfig"), ("hub", "db"), ("hub", "initContainers")):
        assert values[path[0]][path[1]] == VALUES[path[0]][path[1]]
    assert values["hub"]["config"]["CryptKeeper"] == VALUES["hub"]["config"]["CryptKeeper"]
    assert values["proxy"]["secretToken"] == SECRETS["proxy"]
    assert values["proxy"]["https"]["manual"]["key"] == SECRETS["key"]


def test_what_the_owners_filled_in_stays(
    api: Any, kubeconfig: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.put(record(VALUES, Z2JH), "lagoon")
    replica = tmp_path / "replica"
    assert replicate(kubeconfig, replica, monkeypatch) == 0
    file = replica / "secrets.yaml"
    place = "<fill in: hub.config.GitHubOAuthenticator.client_secret>"
    file.write_text(file.read_text().replace(place, OWN))
    assert replicate(kubeconfig, replica, monkeypatch, "--with-secrets") == 0
    values = merged(replica)
    assert values["hub"]["config"]["GitHubOAuthenticator"]["client_secret"] == OWN
    assert values["hub"]["extraEnv"]["MY_PASSWORD"] == SECRETS["env"]


def test_a_chart_around_z2jh(api: Any, kubeconfig: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    api.put(record({"jupyterhub": VALUES}, UMBRELLA), "lagoon")
    assert replicate(kubeconfig, tmp_path / "replica", monkeypatch) == 0
    written = texts_of(tmp_path / "replica")
    assert [
        key for key, secret in SECRETS.items() if any(secret.strip() in text for text in written.values())
    ] == []
    assert "x" * 20 not in "".join(written.values())
    assert merged(tmp_path / "replica")["singleuser"]["profileList"][0]["display_name"] == "One"


def test_the_replica_does_not_tell_of_the_operators_machine(
    api: Any, kubeconfig: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.put(record(VALUES, Z2JH), "lagoon")
    assert replicate(kubeconfig, tmp_path / "replica", monkeypatch) == 0
    whole = "".join(texts_of(tmp_path / "replica").values())
    assert "release:lagoon/reef" in whole
    assert "release:here" not in whole
    assert "takeout-release-" not in whole
    assert str(tmp_path) not in whole


def test_a_release_that_is_not_there(faked: Cluster, api: Any) -> None:
    api.put(record(VALUES, Z2JH), "lagoon")
    with pytest.raises(UnknownHubError, match="no release rief") as caught:
        read_contents(faked, Place("here", "lagoon", "rief"), "secret")
    assert caught.value.nearest == ("reef",)


def test_a_chart_with_a_file_outside_of_itself_is_refused(
    api: Any, kubeconfig: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    evil = {**Z2JH, "templates": [{"name": "../../out.yaml", "data": base64.b64encode(b"x").decode()}]}
    api.put(record(VALUES, evil), "lagoon")
    assert replicate(kubeconfig, tmp_path / "replica", monkeypatch) == ClusterError.exit_code
    assert "outside of itself" in capfd.readouterr().err


def test_the_chart_that_the_hub_runs_is_kept_beside_its_replica_alone(
    api: Any, kubeconfig: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    template = {"name": "templates/a.yaml", "data": base64.b64encode(b"a: {{ .Values.b }}").decode()}
    patched = {**Z2JH, "templates": [template], "values": {**Z2JH.get("values", {}), "b": 1}}
    replica = tmp_path / "replica"
    api.put(record(VALUES, patched), "lagoon")
    assert replicate(kubeconfig, replica, monkeypatch) == 0
    with open_chart_of(read_files(replica), offline=True) as chart:
        assert chart.render({"b": 2}, name="reef", namespace="reef")[0].data == {"a": 2}
    # Another hub of that chart's name and version must not be given this one.
    assert list(Places.of(environ={"HOME": str(tmp_path / "home")}).search(Wanted("jupyterhub", "4.3.3"))) == []
    api.put(record({"jupyterhub": VALUES}, {**UMBRELLA, "templates": [template]}), "lagoon")
    assert replicate(kubeconfig, replica, monkeypatch) in (0, 1)
    assert not (replica / ".takeout/charts").exists()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("release:here/lagoon/reef", Place("here", "lagoon", "reef")),
        ("release:/lagoon/reef", Place("", "lagoon", "reef")),
        (
            "release:arn:aws:eks:us-west-2:1:cluster/reef/lagoon/hub",
            Place("arn:aws:eks:us-west-2:1:cluster/reef", "lagoon", "hub"),
        ),
    ],
)
def test_places(text: str, place: Place) -> None:
    assert parse_place(text) == place


@pytest.mark.parametrize("text", ["release:", "release:reef", "release:lagoon/reef", "release:here//reef"])
def test_what_names_no_release(text: str) -> None:
    with pytest.raises(OptionError, match="not a release"):
        parse_place(text)


def test_options_that_need_a_release(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("hub: {}\n")
    assert main(["hub", "replicate", "-f", str(file), "--to", str(tmp_path / "r"), "--with-secrets"]) == 2
    assert main(["hub", "list", "--source", "release:/a/b", "--rev", "main"]) == 2
    assert "--with-secrets is for --source release:" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("hub: {config: {GenericOAuthenticator: {token_url: 'https://login.example.edu/token'}}}", False),
        ("hub: {existingSecret: hub-secret-of-ours}", False),
        ("ingress: {tls: [{secretName: https-auto-tls}]}", False),
        ("singleuser: {extraEnv: {TOKEN_LIFETIME: '3600'}}", False),
        ("hub: {config: {JupyterHub: {cookie_secret: abcd}}}", True),
        ("hub: {config: {CryptKeeper: {keys: [abcd]}}}", True),
        ("hub: {extraEnv: {DATABASE: 'mysql://a:b@c/d'}}", True),
        ("imagePullSecret: {registry: quay.io, username: robot, password: abcd}", True),
        ("hub: {extraFiles: {key: {mountPath: /x, stringData: 'c.A.b = 1'}}}", False),
        ("hub: {extraEnv: {X: ghp_" + "a" * 36 + "}}", True),
    ],
)
def test_what_is_a_secret(text: str, hidden: bool) -> None:
    data = to_data(read_yaml(text, "x").values)
    assert isinstance(data, dict)
    found = conceal(data, "x")
    assert bool(found.secrets) is hidden
    assert isinstance(read_yaml(json.dumps(found.values), "x").values, Mapping)


def test_code_is_told_of() -> None:
    found = conceal({"hub": {"extraConfig": {"a": "c.A.password = 'abcdefgh1'\nx = 1\n"}}}, "x")
    assert [fault.code for fault in found.faults] == ["secret-in-code"]
    assert "x = 1" in found.values["hub"]["extraConfig"]["a"]
