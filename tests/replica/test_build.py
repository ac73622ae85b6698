from collections.abc import Callable

from takeout.adapt.context import Options
from takeout.replica.build import build, manifest_files
from takeout.replica.model import Replica
from takeout.source.model import Configuration
from takeout.targets import load_target
from takeout.values.node import find, to_data
from takeout.values.read import read_yaml

MakeReplica = Callable[..., Replica]


def read(text: str) -> object:
    document = read_yaml(text, "values.yaml")
    assert document.faults == ()
    return to_data(document.values)


def test_plain_values_have_z2jh_at_the_top(make_replica: MakeReplica) -> None:
    replica = make_replica()

    assert not replica.layout.umbrella
    assert "Chart.yaml" not in replica.files
    assert read(replica.files["values.yaml"]) == {
        "hub": {
            "config": {
                "JupyterHub": {"authenticator_class": "github"},
                "Authenticator": {"admin_users": ["ada"]},
                "GitHubOAuthenticator": {},
            }
        },
        "singleuser": {
            "image": {"name": "quay.io/jupyter/base-notebook", "tag": "2026-01-05"},
            "extraEnv": {},
            "cmd": None,
            "memory": {"limit": "2G"},
        },
    }


def test_a_companion_that_is_on_makes_an_umbrella(make_replica: MakeReplica) -> None:
    replica = make_replica("dask: {enabled: true, workers: 3}\n")

    assert replica.layout.umbrella
    chart = read(replica.files["Chart.yaml"])
    assert chart == {
        "apiVersion": "v2",
        "name": "reef",
        "description": "The JupyterHub reef with the charts it needs",
        "version": "0.1.0",
        "dependencies": [
            {"name": "jupyterhub", "version": "4.3.3", "repository": "https://charts.example.org/hub/"},
            {
                "name": "dask",
                "version": "1.2.3",
                "repository": "https://charts.example.org/dask/",
                "condition": "dask.enabled",
            },
        ],
    }
    values = replica.values
    assert next(iter(values.entries)) == "jupyterhub"
    assert to_data(values.entries["dask"]) == {"enabled": True, "workers": 3}
    assert all(secret.path[0] == "jupyterhub" for secret in replica.secrets)
    assert "helm dependency update ." in replica.files["README.md"]
    assert "secrets.yaml" in replica.seeds[".helmignore"].splitlines()


def test_comments_of_the_sources_stay(make_replica: MakeReplica) -> None:
    text = make_replica().files["values.yaml"]

    assert "# Who may log in" in text
    assert "# More than the default" in text


def test_a_null_stays_for_the_charts_own_default(make_replica: MakeReplica) -> None:
    assert find(make_replica().values, ("singleuser", "cmd")) is not None


def test_a_secret_is_in_no_file(make_replica: MakeReplica) -> None:
    replica = make_replica()

    assert all("not-for-everyone" not in text for text in replica.files.values())
    assert "not-for-everyone" not in str(replica.lock)


def test_people_of_the_origin_are_not_in_the_lock(make_replica: MakeReplica) -> None:
    lock = make_replica().lock

    assert lock["origin"] == [["tidewater.example", "domain", "hubs/list.yaml"]]


def test_building_is_pure(make_configuration: Callable[..., Configuration]) -> None:
    configuration = make_configuration()
    first = build(configuration, Options(), load_target("any"), ())
    second = build(configuration, Options(), load_target("any"), ())

    assert first.files == second.files
    assert first.lock == second.lock


def test_values_of_no_chart_are_left_out_with_a_word(make_replica: MakeReplica) -> None:
    replica = make_replica("leftover: {a: 1}\n")

    assert [fault.where.path for fault in replica.faults if fault.code == "left-out"] == ["leftover"]
    assert "leftover" not in replica.values.entries


def test_surprises_come_first_in_the_report(make_replica: MakeReplica) -> None:
    replica = make_replica("jupyterhub: {singleuser: {extraEnv: {HOME_PAGE: 'https://tidewater.example'}}}\n")

    assert [finding.net for finding in replica.surprises] == ["origin"]
    report = replica.files["REPORT.md"]
    assert report.index("## Surprises") < report.index("## Actions")
    assert "1 surprise" in replica.files["README.md"]


def test_manifests_of_one_name_get_files_of_their_own() -> None:
    objects = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a.b"}},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "A.B"}},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "../x"}},
    ]

    files = manifest_files(objects)

    assert list(files) == [
        "manifests/configmap-a.b.yaml",
        "manifests/configmap-a.b-2.yaml",
        "manifests/configmap-..-x.yaml",
    ]


def test_a_manifest_reads_back_as_it_was() -> None:
    manifest = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "text", "labels": {"y": "1"}},
        "data": {"page": "first\n\n  second\n", "quoted": ' "x": #y'},
    }

    (text,) = manifest_files([manifest]).values()

    assert read(text) == manifest
    assert not text.startswith("below")
