from collections.abc import Callable
from pathlib import Path

import pytest

from takeout.errors import DirectoryError, InputError, ValuesError
from takeout.replica.check import check, found
from takeout.replica.model import Replica
from takeout.replica.results import CheckResult
from takeout.replica.write import write

MakeReplica = Callable[..., Replica]
WriteChart = Callable[..., Path]

CONFIG_MAP = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: hub
data:
  memory: {{ .Values.singleuser.memory.limit | quote }}
"""
POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: {{ .Values.pod }}
spec:
  serviceAccountName: user-sa
  containers:
    - name: main
      image: example.org/main:1
      envFrom:
        - configMapRef: {name: {{ .Values.needs }}}
"""
LIMIT = {"properties": {"limit": {"type": "string"}}}
SCHEMA = {"type": "object", "properties": {"singleuser": {"properties": {"memory": LIMIT}}}}


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No chart of this machine takes part."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in (
        "TAKEOUT_CHARTS",
        "XDG_CACHE_HOME",
        "HELM_CACHE_HOME",
        "HELM_REPOSITORY_CACHE",
        "HELM_CONTENT_CACHE",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def directory(make_replica: MakeReplica, tmp_path: Path) -> Path:
    write(make_replica(), tmp_path / "replica")
    return tmp_path / "replica"


@pytest.fixture
def chart(write_chart: WriteChart, tmp_path: Path) -> Path:
    return write_chart(tmp_path / "jupyterhub", {"hub.yaml": CONFIG_MAP}, schema=SCHEMA)


def by_name(results: list[CheckResult]) -> dict[str, CheckResult]:
    return {result.name: result for result in results}


def test_a_closed_replica_is_green_with_its_open_actions(directory: Path, chart: Path) -> None:
    results = by_name(check(directory, chart=chart, offline=True))

    assert {name: result.status for name, result in results.items()} == {
        "reading": "ok",
        "duplicate keys": "ok",
        "secrets": "open",
        "placeholders": "ok",
        "actions": "open",
        "edited files": "ok",
        "privacy": "ok",
        "schema": "ok",
        "rendering": "ok",
        "references": "ok",
        "origin": "ok",
        "nodes": "ok",
    }
    assert results["actions"].items == ("blocking: Register the app (register-app)",)
    assert results["secrets"].items == (
        "secrets.yaml: hub.config.GitHubOAuthenticator.client_secret is to be filled in",
    )
    assert not found(results.values())
    assert found(results.values(), strict=True)


def test_without_a_chart_the_rest_is_done(directory: Path) -> None:
    results = by_name(check(directory, offline=True))

    assert results["schema"].status == "not done"
    assert "jupyterhub 4.3.3" in results["schema"].note
    assert "no network" in results["schema"].note
    assert results["rendering"].status == "not done"
    assert results["origin"].status == "ok"
    assert not found(results.values())


def test_a_chart_that_is_not_there_is_an_error(directory: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such chart"):
        check(directory, chart=tmp_path / "nowhere")


def test_a_null_that_takes_nothing_out_is_found(directory: Path) -> None:
    (directory / "local.values.yaml").write_text(
        "hub:\n  extraConfig:\n    10-old: null\n  config: {A: null}\nsingleuser: {extraEnv: null}\n"
    )

    result = by_name(check(directory, offline=True))["reading"]

    assert result.status == "found"
    (item,) = result.items
    assert "local.values.yaml:3" in item
    assert "hub.extraConfig.10-old is null" in item


def test_what_the_schema_refuses_is_found_with_its_place(directory: Path, chart: Path) -> None:
    (directory / "local.values.yaml").write_text("singleuser:\n  memory:\n    limit: 5\n")

    results = by_name(check(directory, chart=chart, offline=True))

    assert results["schema"].status == "found"
    assert "local.values.yaml:3" in results["schema"].items[0]
    assert "singleuser.memory.limit" in results["schema"].items[0]


def test_a_template_that_fails_is_found(directory: Path, write_chart: WriteChart, tmp_path: Path) -> None:
    failing = write_chart(tmp_path / "jupyterhub", {"a.yaml": '{{ fail "no such thing" }}'})

    results = by_name(check(directory, chart=failing, offline=True))

    assert results["rendering"].status == "found"
    assert "no such thing" in results["rendering"].items[0]


def test_an_object_that_nothing_makes_is_found_in_what_is_rendered(
    directory: Path, write_chart: WriteChart, tmp_path: Path
) -> None:
    chart = write_chart(tmp_path / "jupyterhub", {"pod.yaml": POD}, values="pod: p\nneeds: nothing-like-it\n")

    results = by_name(check(directory, chart=chart, offline=True))

    assert results["references"].status == "found"
    assert "ConfigMap/nothing-like-it" in " ".join(results["references"].items)
    assert "user-sa" not in " ".join(results["references"].items)


def test_the_origin_in_the_owners_values_is_found(directory: Path) -> None:
    (directory / "local.values.yaml").write_text(
        "singleuser: {extraEnv: {PAGE: 'https://docs.tidewater.example'}}\n"
    )

    results = by_name(check(directory, offline=True))

    assert results["origin"].status == "found"
    assert "tidewater.example" in results["origin"].items[0]


def test_a_demand_on_nodes_is_found(directory: Path) -> None:
    (directory / "local.values.yaml").write_text("singleuser: {nodeSelector: {pool: gold}}\n")

    assert by_name(check(directory, offline=True))["nodes"].status == "found"


def test_what_helm_swallows_is_found_with_its_line(directory: Path) -> None:
    (directory / "local.values.yaml").write_text("cull:\n  every: 1\n  every: 2\nhub: {y: 1}\n")

    results = by_name(check(directory, offline=True))

    assert results["duplicate keys"].status == "found"
    assert "local.values.yaml:3" in results["duplicate keys"].items[0]
    assert results["reading"].status == "found"
    assert "local.values.yaml:4" in results["reading"].items[0]


def test_broken_yaml_is_an_error_with_its_place(directory: Path) -> None:
    (directory / "local.values.yaml").write_text("a: b: c\n")

    with pytest.raises(ValuesError) as caught:
        check(directory, offline=True)
    assert caught.value.where is not None
    assert (caught.value.where.file, caught.value.where.line) == (str(directory / "local.values.yaml"), 1)


def test_edited_and_lost_files_are_open(directory: Path) -> None:
    (directory / "values.yaml").write_text((directory / "values.yaml").read_text() + "# mine\n")
    (directory / "REPORT.md").unlink()

    result = by_name(check(directory, offline=True))["edited files"]

    assert result.status == "open"
    assert result.items == (
        "values.yaml was edited; your changes are safer in local.values.yaml",
        "REPORT.md is gone",
    )


def test_a_new_version_that_waits_is_open(directory: Path, make_replica: MakeReplica) -> None:
    (directory / "values.yaml").write_text("cull: {}\n")
    write(make_replica(), directory)

    items = by_name(check(directory, offline=True))["edited files"].items

    assert any(item.startswith("values.yaml.new waits") for item in items)


def test_a_tick_closes_an_action(directory: Path) -> None:
    readme = directory / "README.md"
    readme.write_text(readme.read_text().replace("- [ ] **Register", "- [x] **Register"))

    results = by_name(check(directory, offline=True))

    assert results["actions"].status == "ok"
    assert results["edited files"].status == "ok"


def test_secrets_that_others_could_read_are_found(directory: Path) -> None:
    (directory / "secrets.yaml").chmod(0o644)
    (directory / ".gitignore").write_text("*.tgz\n")

    assert len(by_name(check(directory, offline=True))["privacy"].items) == 2


def test_a_fresh_clone_without_secrets_is_open(directory: Path) -> None:
    (directory / "secrets.yaml").unlink()

    results = by_name(check(directory, offline=True))

    assert results["secrets"].status == "open"
    assert "bring your copy" in results["secrets"].items[0]


def test_a_placeholder_in_the_values_is_open(directory: Path) -> None:
    (directory / "local.values.yaml").write_text("hub: {extraEnv: {KEY: '<secret: hub.extraEnv.KEY>'}}\n")

    assert by_name(check(directory, offline=True))["placeholders"].items == (
        "local.values.yaml: hub.extraEnv.KEY is to be filled in",
    )


def test_no_replica_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DirectoryError):
        check(tmp_path / "nowhere")
