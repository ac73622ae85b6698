from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from takeout.adapt.terms import Term
from takeout.source import open_source

Write = Callable[..., Path]
FILE = "config/clusters/reef/cluster.yaml"


@pytest.fixture
def terms(tmp_path: Path, write: Write, listed: dict[str, str]) -> Callable[..., dict[str, Term]]:
    """Return the terms of a hub, by text, after more files were written."""

    def of(name: str = "prod", **more: str) -> dict[str, Term]:
        files = {**listed, **{key.replace("__", "/"): text for key, text in more.items()}}
        source = open_source(str(write(tmp_path, files)))
        configuration = source.load(next(hub for hub in source.hubs() if hub.id == f"reef/{name}"))
        assert len({term.text.lower() for term in configuration.terms}) == len(configuration.terms)
        return {term.text: term for term in configuration.terms}

    return of


def _cluster(name: str, domain: str, metadata: str = "acme") -> str:
    return f"name: {name}\nmetadata:\n  {metadata}:\n    deal: 1\nhubs:\n- name: prod\n  domain: {domain}\n"


def test_addresses_and_what_they_have_in_common(terms: Callable[..., dict[str, Term]]) -> None:
    found = terms()
    assert found["reef.acme.cloud"] == Term("reef.acme.cloud", "domain", FILE)
    assert found["acme.cloud"].kind == "domain"


def test_other_hubs_of_the_cluster_are_found_by_their_common_parent_or_by_name(
    tmp_path: Path, write: Write, listed: dict[str, str]
) -> None:
    cluster = listed[FILE].replace("staging.reef.acme.cloud", "staging.dunes.org")
    source = open_source(str(write(tmp_path, {**listed, FILE: cluster})))
    texts = {term.text for term in source.load(source.hubs()[1]).terms}
    assert {"staging.dunes.org", "reef.acme.cloud"} <= texts
    source = open_source(str(write(tmp_path, listed)))
    texts = {term.text for term in source.load(source.hubs()[1]).terms}
    assert "acme.cloud" in texts
    assert "staging.reef.acme.cloud" not in texts


def test_the_organisation_is_named_by_more_than_one_place(terms: Callable[..., dict[str, Term]]) -> None:
    assert terms()["acme"] == Term("acme", "organisation", FILE)


def test_names_of_the_community_are_not_the_origins(terms: Callable[..., dict[str, Term]]) -> None:
    found = terms()
    assert not {"reef", "prod", "staging"} & set(found)


def test_the_clouds_names(terms: Callable[..., dict[str, Term]]) -> None:
    found = terms()
    assert found["acme-reef-77"].kind == "account"
    assert found["reef-cluster"].kind == "cluster"


def test_buckets_and_identities_in_values(terms: Callable[..., dict[str, Term]]) -> None:
    prod = "config/clusters/reef/prod.values.yaml"
    values = """\
basehub:
  userServiceAccount:
    annotations:
      iam.gke.io/gcp-service-account: reef-prod@acme-reef-78.iam.gserviceaccount.com
      eks.amazonaws.com/role-arn: arn:aws:iam::123456789012:role/reef-prod
  jupyterhub:
    ingress: {hosts: [reef.acme.cloud]}
    singleuser:
      extraEnv:
        PERSISTENT_BUCKET: gs://acme-reef-keep/$(JUPYTERHUB_USER)
        DATA: s3://somebody-elses-data/x
"""
    found = terms(**{prod: values})
    assert found["acme-reef-keep"] == Term("acme-reef-keep", "bucket", prod)
    assert found["123456789012"].kind == "account"
    assert found["acme-reef-78"].kind == "account"
    assert found["arn:aws:iam::123456789012:role/reef-prod"].kind == "address"
    assert found["reef-prod@acme-reef-78.iam.gserviceaccount.com"].kind == "address"
    assert "somebody-elses-data" not in found


def test_staff_are_persons_and_their_mail_domain_the_origins(terms: Callable[..., dict[str, Term]]) -> None:
    found = terms("staging")
    chart = "helm-charts/basehub/values.yaml"
    assert found["ann-of-acme"] == Term("ann-of-acme", "person", chart)
    assert found["ann@acme.example"] == Term("ann@acme.example", "person", chart)
    assert found["acme.example"] == Term("acme.example", "domain", chart)


def test_the_staff_that_one_chart_names_are_known_to_the_hubs_of_another(
    tmp_path: Path, write: Write, listed: dict[str, str]
) -> None:
    cluster = listed[FILE].replace("helm_chart: basehub", "helm_chart: lonely")
    files = {**listed, FILE: cluster, "helm-charts/lonely/Chart.yaml": "name: lonely\nversion: 1\n"}
    files["helm-charts/broken/values.yaml"] = "a: ["
    source = open_source(str(write(tmp_path, files)))
    assert "ann@acme.example" in {term.text for term in source.load(source.hubs()[0]).terms}


def test_a_mail_service_for_everyone_is_not_the_origins(terms: Callable[..., dict[str, Term]]) -> None:
    chart = "helm-charts/basehub/values.yaml"
    values = "jupyterhub:\n  custom:\n    acme:\n      staff_google_ids: [ann@gmail.com]\n"
    found = terms(**{chart: values})
    assert "ann@gmail.com" in found
    assert "gmail.com" not in found


def test_a_domain_of_one_communitys_own_is_shared_by_nobody(terms: Callable[..., dict[str, Term]]) -> None:
    more = {
        f"config/clusters/{name}/cluster.yaml": _cluster(name, domain)
        for name, domain in {"a": "a.acme.cloud", "b": "b.acme.cloud", "c": "hub.dunes.org"}.items()
    }
    found = terms(**more)
    assert "acme.cloud" in found
    assert not {"dunes.org", "hub.dunes.org", "dunes"} & set(found)


def test_hosts_below_a_countrys_second_level(terms: Callable[..., dict[str, Term]]) -> None:
    more = {f"config/clusters/{name}/cluster.yaml": _cluster(name, f"{name}.wave.ac.uk") for name in "abcd"}
    found = terms(**more)
    assert "wave.ac.uk" in found
    assert "ac.uk" not in found


def test_the_owner_of_the_repository(tmp_path: Path, commit: Callable[..., str], listed: dict[str, str]) -> None:
    commit(tmp_path, listed)
    with (tmp_path / ".git" / "config").open("a") as file:
        file.write('[remote "origin"]\n\turl = https://forge.example.org/acme-org/infrastructure\n')
    source = open_source(str(tmp_path))
    configuration = source.load(source.hubs()[0])
    assert Term("acme-org", "organisation", "git remote") in configuration.terms


def test_the_snapshots_origin(snapshot: Path) -> None:
    source = open_source(str(snapshot))
    for hub in source.hubs():
        names = {term.text for term in source.load(hub).terms if term.kind == "organisation"}
        assert names == {"2i2c"}
