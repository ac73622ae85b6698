from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from takeout.errors import EraError, SourceError, TakeoutError, UnknownHubError, ValuesError
from takeout.source import open_source
from takeout.source.model import Configuration, HubEntry, Source
from takeout.values.node import find, to_data

Write = Callable[..., Path]
CLUSTER_FILE = "config/clusters/reef/cluster.yaml"


def _load(source: Source, name: str) -> Configuration:
    return source.load(next(hub for hub in source.hubs() if hub.name == name))


def _get(configuration: Configuration, kind: str, path: str) -> Any:
    for layer in reversed(configuration.layers):
        node = find(layer.values, tuple(path.split("/")))
        if layer.kind == kind and node is not None:
            return to_data(node)
    return None


def test_hubs_are_listed_in_the_order_of_the_file(tmp_path: Path, write: Write, listed: dict[str, str]) -> None:
    source = open_source(str(write(tmp_path, listed)))
    assert source.era == "E6"
    assert [hub.id for hub in source.hubs()] == ["reef/staging", "reef/prod"]
    assert source.hubs()[1] == HubEntry(
        cluster="reef",
        name="prod",
        title="Corail de la Réunion",
        domain="reef.acme.cloud",
        chart="daskhub",
        provider="gcp",
        file=CLUSTER_FILE,
        line=20,
    )


def test_layers_are_in_the_order_of_helm(tmp_path: Path, write: Write, listed: dict[str, str]) -> None:
    configuration = _load(open_source(str(write(tmp_path, listed))), "staging")
    assert [(layer.kind, layer.file) for layer in configuration.layers] == [
        ("chart", "helm-charts/basehub/values.yaml"),
        ("file", "config/clusters/reef/common.values.yaml"),
        ("file", "config/clusters/reef/staging.values.yaml"),
        ("secret", "config/clusters/reef/enc-staging.secret.values.yaml"),
    ]
    assert configuration.jupyterhub == ("jupyterhub",)
    assert configuration.faults == ()


def test_encrypted_values_are_listed_by_path(tmp_path: Path, write: Write, listed: dict[str, str]) -> None:
    configuration = _load(open_source(str(write(tmp_path, listed))), "staging")
    base = ("jupyterhub", "hub", "config", "GitHubOAuthenticator")
    file = "config/clusters/reef/enc-staging.secret.values.yaml"
    assert configuration.encrypted == {(*base, "client_id"): file, (*base, "client_secret"): file}


def test_a_chart_of_a_chart_nests_the_values(tmp_path: Path, write: Write, listed: dict[str, str]) -> None:
    configuration = _load(open_source(str(write(tmp_path, listed))), "prod")
    assert configuration.jupyterhub == ("basehub", "jupyterhub")
    facts = configuration.facts
    assert facts.chart == "daskhub"
    assert facts.own_templates
    assert {name: d.version for name, d in facts.dependencies.items()} == {
        "basehub": "0.1.0",
        "jupyterhub": "4.3.3",
        "dask-gateway": "2026.3.0",
    }
    assert facts.dependencies["dask-gateway"].condition == "dask-gateway.enabled"
    assert configuration.chart.name == "daskhub"
    [basehub] = configuration.chart.children
    assert to_data(basehub.values) != {}
    assert [child.name for child in basehub.children] == ["jupyterhub", "dask-gateway"]


def test_the_cluster_files_facts_are_kept_without_its_hubs(
    tmp_path: Path, write: Write, listed: dict[str, str]
) -> None:
    facts = _load(open_source(str(write(tmp_path, listed))), "prod").facts
    assert facts.cluster_file["gcp"] == {
        "project": "acme-reef-77",
        "cluster": "reef-cluster",
        "zone": "europe-west1-b",
    }
    assert "hubs" not in facts.cluster_file
    own = facts.cluster_file["hub"]
    assert isinstance(own, dict)
    assert own["name"] == "prod"


def test_a_clone_says_its_commit(tmp_path: Path, commit: Callable[..., str], listed: dict[str, str]) -> None:
    first = commit(tmp_path, listed)
    commit(tmp_path, {CLUSTER_FILE: listed[CLUSTER_FILE].replace("name: prod", "name: renamed")})
    old = open_source(str(tmp_path), first)
    assert [hub.name for hub in old.hubs()] == ["staging", "prod"]
    assert _load(old, "prod").revision == first
    assert [hub.name for hub in open_source(str(tmp_path)).hubs()] == ["staging", "renamed"]


def test_missing_files_are_named_with_the_line_that_lists_them(
    tmp_path: Path, write: Write, listed: dict[str, str]
) -> None:
    files = {name: text for name, text in listed.items() if "values.yaml" not in name or "helm-charts" in name}
    source = open_source(str(write(tmp_path, files)))
    with pytest.raises(ValuesError) as caught:
        _load(source, "staging")
    assert [(fault.code, fault.where.line) for fault in caught.value.faults] == [
        ("values-file-missing", 17),
        ("values-file-missing", 18),
        ("values-file-missing", 19),
    ]
    assert caught.value.faults[0].where.file == CLUSTER_FILE
    assert "config/clusters/reef/common.values.yaml" in caught.value.hint


@pytest.mark.parametrize(
    ("file", "content", "message", "line"),
    [
        (CLUSTER_FILE, "name: reef\n", "has no hubs", 1),
        (CLUSTER_FILE, "name: reef\nhubs: many\n", "`hubs` is not a list", 2),
        (CLUSTER_FILE, "name: reef\nhubs:\n- domain: x\n", "hub 1 has no name", 3),
        (
            CLUSTER_FILE,
            "name: reef\nhubs:\n- name: a\n- name: a\n",
            "the hub a is listed twice, first in line 3",
            4,
        ),
        (CLUSTER_FILE, "name: reef\nhubs: [\n", "", 3),
    ],
)
def test_broken_cluster_files(
    tmp_path: Path, write: Write, listed: dict[str, str], *, file: str, content: str, message: str, line: int
) -> None:
    write(tmp_path, {**listed, file: content})
    with pytest.raises(ValuesError) as caught:
        open_source(str(tmp_path))
    [fault] = caught.value.faults
    assert message in fault.message
    assert fault.hint or fault.code == "syntax"
    if line:
        assert fault.where.line in (line, line - 1)


@pytest.mark.parametrize(
    ("folder", "name", "expected"),
    [
        ("copied", "reef", ["copied/staging", "reef/staging", "reef/prod"]),
        ("unlike", "reef", ["reef/staging", "reef/prod", "unlike/staging"]),
        ("copied", "elsewhere", ["elsewhere/staging", "reef/staging", "reef/prod"]),
    ],
    ids=["read first", "read last", "named alike by nobody"],
)
def test_clusters_that_share_a_name_are_told_apart_by_their_files(
    tmp_path: Path, write: Write, listed: dict[str, str], *, folder: str, name: str, expected: list[str]
) -> None:
    """As pangeo-hubs and m2lines shared one in May 2022."""
    cluster = f"name: {name}\nhubs:\n- {{name: staging, helm_chart: basehub, domain: staging.example.edu}}\n"
    source = open_source(str(write(tmp_path, {**listed, f"config/clusters/{folder}/cluster.yaml": cluster})))
    assert [hub.id for hub in source.hubs()] == expected
    for hub in source.hubs():
        faults = [fault for fault in source.load(hub).faults if fault.code == "duplicate-cluster"]
        assert bool(faults) == (hub.cluster == folder)
        for fault in faults:
            assert not fault.fatal
            assert fault.where.file == hub.file


@pytest.mark.parametrize("content", ["- a\n- b\n", "a: [\n", "\xff\xfe", "just text\n"])
def test_a_values_file_that_is_none(tmp_path: Path, write: Write, listed: dict[str, str], content: str) -> None:
    file = "config/clusters/reef/common.values.yaml"
    source = open_source(str(write(tmp_path, {**listed, file: content.encode("latin-1")})))
    with pytest.raises(ValuesError) as caught:
        _load(source, "staging")
    assert caught.value.where is not None
    assert caught.value.where.file == file


def test_a_file_outside_of_the_source_is_not_read(tmp_path: Path, write: Write, listed: dict[str, str]) -> None:
    (tmp_path / "secret.yaml").write_text("a: 1\n")
    cluster = listed[CLUSTER_FILE].replace("- prod.values.yaml", "- ../../../../secret.yaml")
    source = open_source(str(write(tmp_path / "source", {**listed, CLUSTER_FILE: cluster})))
    with pytest.raises(ValuesError, match="there is no such file"):
        _load(source, "prod")


def test_a_chart_that_is_not_there(tmp_path: Path, write: Write, listed: dict[str, str]) -> None:
    cluster = listed[CLUSTER_FILE].replace("helm_chart: daskhub", "helm_chart: dask-hub")
    source = open_source(str(write(tmp_path, {**listed, CLUSTER_FILE: cluster})))
    with pytest.raises(SourceError, match="has the chart dask-hub") as caught:
        _load(source, "prod")
    assert caught.value.hint == "Charts in helm-charts/: basehub, daskhub."


def test_a_hub_with_a_chart_file_of_its_own(tmp_path: Path, write: Write, listed: dict[str, str]) -> None:
    cluster = listed[CLUSTER_FILE].replace(
        "helm_chart: basehub\n", "helm_chart: basehub\n  chart_override: own-chart.yaml\n"
    )
    own = listed["helm-charts/basehub/Chart.yaml"].replace("4.3.3", "4.4.0-dev")
    files = {**listed, CLUSTER_FILE: cluster, "config/clusters/reef/own-chart.yaml": own}
    source = open_source(str(write(tmp_path, files)))
    assert _load(source, "staging").facts.dependencies["jupyterhub"].version == "4.4.0-dev"
    assert _load(source, "prod").facts.dependencies["jupyterhub"].version == "4.3.3"
    (tmp_path / "config/clusters/reef/own-chart.yaml").unlink()
    configuration = _load(open_source(str(tmp_path)), "staging")
    assert [fault.code for fault in configuration.faults] == ["chart-override-missing"]
    assert configuration.facts.dependencies["jupyterhub"].version == "4.3.3"


def test_a_chart_file_from_the_root_stands_for_the_base_of_a_dask_hub(
    tmp_path: Path, write: Write, listed: dict[str, str]
) -> None:
    cluster = listed[CLUSTER_FILE].replace(
        "helm_chart: daskhub\n", "helm_chart: daskhub\n  chart_override: helm-charts/newest-chart.yaml\n"
    )
    newest = listed["helm-charts/basehub/Chart.yaml"].replace("2026.3.0", "2026.9.0")
    files = {**listed, CLUSTER_FILE: cluster, "helm-charts/newest-chart.yaml": newest}
    configuration = _load(open_source(str(write(tmp_path, files))), "prod")
    assert configuration.faults == ()
    assert configuration.jupyterhub == ("basehub", "jupyterhub")
    assert configuration.facts.dependencies["dask-gateway"].version == "2026.9.0"


def test_an_address_that_is_encrypted_is_said_to_be(tmp_path: Path, write: Write, listed: dict[str, str]) -> None:
    cluster = listed[CLUSTER_FILE].replace(
        "  domain: reef.acme.cloud\n", "  domain_override_file: enc-domain.secret.yaml\n"
    )
    configuration = _load(open_source(str(write(tmp_path, {**listed, CLUSTER_FILE: cluster}))), "prod")
    assert configuration.entry.domain == ""
    [fault] = configuration.faults
    assert (fault.code, fault.where.line) == ("domain-encrypted", 22)
    assert "--domain" in fault.hint


def test_yaml_names_like_numbers_stay_names(tmp_path: Path, write: Write, listed: dict[str, str]) -> None:
    cluster = listed[CLUSTER_FILE].replace("name: prod", "name: 2026")
    assert open_source(str(write(tmp_path, {**listed, CLUSTER_FILE: cluster}))).hubs()[1].name == "2026"


def test_a_hub_of_another_source_is_unknown(tmp_path: Path, write: Write, listed: dict[str, str]) -> None:
    source = open_source(str(write(tmp_path, listed)))
    with pytest.raises(UnknownHubError):
        source.load(HubEntry("elsewhere", "prod"))


@pytest.mark.parametrize(
    ("files", "error", "message"),
    [
        ({}, SourceError, "the directory is empty"),
        ({"README.md": "x"}, SourceError, "no infrastructure repository"),
        ({"hubs.yaml": "hubs:\n  one:\n    a: 1\n", "hub/Chart.yaml": ""}, EraError, "era E1"),
        ({"hubs.yaml": "clusters:\n- name: a\n", "hub/Chart.yaml": ""}, EraError, "era E2"),
        ({"hubs.yaml": "clusters:\n- name: a\n", "hub-templates/daskhub/Chart.yaml": ""}, EraError, "era E3"),
    ],
)
def test_what_is_no_source(
    tmp_path: Path, write: Write, files: dict[str, str], error: type[TakeoutError], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        open_source(str(write(tmp_path, files)))
    assert caught.value.exit_code == 2
    assert ("--rev" if error is EraError else "--chart") in caught.value.hint


def test_a_template_directory_deeper_down_is_no_cluster(
    tmp_path: Path, write: Write, listed: dict[str, str]
) -> None:
    files = {**listed, "config/clusters/templates/gcp/cluster.yaml": "name: {{ cluster }}\n"}
    assert len(open_source(str(write(tmp_path, files))).hubs()) == 2


def test_files_are_parsed_once(
    tmp_path: Path, write: Write, listed: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import takeout.source.documents as module  # noqa: PLC0415 - patched below

    read: list[str] = []
    original = module.read_yaml

    def counting(text: bytes | str, file: str) -> Any:
        read.append(file)
        return original(text, file)

    monkeypatch.setattr(module, "read_yaml", counting)
    source = open_source(str(write(tmp_path, listed)))
    for hub in [*source.hubs(), *source.hubs()]:
        source.load(hub)
    assert len(read) == len(set(read))


def test_the_snapshot_is_whole(snapshot: Path) -> None:
    source = open_source(str(snapshot))
    assert source.era == "E7"
    assert len(source.hubs()) == 145
    for hub in source.hubs():
        configuration = source.load(hub)
        assert "jsonnet-missing" in {fault.code for fault in configuration.faults}
        path = "/".join(map(str, configuration.jupyterhub))
        assert _get(configuration, "generated", f"{path}/ingress/hosts") == [hub.domain]
        callback = _get(configuration, "generated", f"{path}/hub/config/OAuthenticator/oauth_callback_url")
        assert callback == f"https://{hub.domain}/hub/oauth_callback"
        assert configuration.facts.dependencies["jupyterhub"].version
        assert any(term.kind == "organisation" for term in configuration.terms)
