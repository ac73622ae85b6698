from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from takeout.errors import OptionError, SourceError, ValuesError
from takeout.source.chart import open_chart
from takeout.source.guess import guess_jupyterhub
from takeout.source.model import Configuration
from takeout.values.node import from_data, to_data

Write = Callable[..., Path]

UMBRELLA = """\
apiVersion: v2
name: campus
version: 1.0.0
dependencies:
- name: jupyterhub
  alias: hub
  version: 3.3.8
  repository: https://jupyterhub.github.io/helm-chart/
"""
Z2JH = "apiVersion: v2\nname: jupyterhub\nversion: 4.3.3\n"
VALUES = "hub:\n  ingress:\n    hosts: [hub.campus.example]\n  singleuser: {defaultUrl: /lab}\n"


def _load(chart: Path | str | None, *files: Path) -> Configuration:
    source = open_chart(str(chart) if chart else None, [str(file) for file in files])
    [hub] = source.hubs()
    return source.load(hub)


def _tgz(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


def test_an_umbrella_chart_with_an_alias(tmp_path: Path, write: Write) -> None:
    write(tmp_path, {"campus/Chart.yaml": UMBRELLA, "campus/values.yaml": "x: 1\n", "prod.yaml": VALUES})
    configuration = _load(tmp_path / "campus", tmp_path / "prod.yaml")
    assert configuration.era == "chart"
    assert configuration.jupyterhub == ("hub",)
    assert configuration.facts.dependencies["hub"].version == "3.3.8"
    assert configuration.facts.dependencies["hub"].chart == "jupyterhub"
    assert [(layer.kind, layer.file) for layer in configuration.layers] == [
        ("chart", "campus/values.yaml"),
        ("file", "prod.yaml"),
    ]
    assert configuration.entry.id == "campus"
    assert configuration.entry.domain == "hub.campus.example"


def test_the_older_requirements_file(tmp_path: Path, write: Write) -> None:
    chart = "apiVersion: v1\nname: hub\nversion: 1\n"
    needs = UMBRELLA[UMBRELLA.index("dependencies:") :].replace("  alias: hub\n", "")
    write(tmp_path, {"Chart.yaml": chart, "requirements.yaml": needs})
    assert _load(tmp_path).jupyterhub == ("jupyterhub",)


@pytest.mark.parametrize("packed", ["directory", "archive", "neighbour"])
def test_z2jh_three_charts_down(tmp_path: Path, write: Write, packed: str) -> None:
    middle = {
        "Chart.yaml": UMBRELLA.replace("campus", "middle").replace("  alias: hub\n", ""),
        "values.yaml": "jupyterhub:\n  singleuser: {defaultUrl: /tree}\n",
        "templates/x.yaml": "{}\n",
    }
    top = "apiVersion: v2\nname: top\nversion: 0.1.0\ndependencies:\n- name: middle\n  version: 0.2.0\n"
    if packed == "neighbour":
        write(tmp_path, {"top/Chart.yaml": top + "  repository: file://../middle\n"})
        write(tmp_path / "middle", middle)
    elif packed == "directory":
        write(tmp_path, {"top/Chart.yaml": top})
        write(tmp_path / "top/charts/middle", middle)
    else:
        archive = _tgz({f"middle/{name}": text for name, text in middle.items()})
        write(tmp_path, {"top/Chart.yaml": top, "top/charts/middle-0.2.0.tgz": archive})
    configuration = _load(tmp_path / "top")
    assert configuration.jupyterhub == ("middle", "jupyterhub")
    assert configuration.faults == ()
    assert configuration.facts.own_templates
    [child] = configuration.chart.children
    assert to_data(child.values) == {"jupyterhub": {"singleuser": {"defaultUrl": "/tree"}}}
    assert [grandchild.name for grandchild in child.children] == ["jupyterhub"]


def test_z2jhs_own_defaults_stay_with_z2jh(tmp_path: Path, write: Write) -> None:
    write(tmp_path, {"Chart.yaml": Z2JH, "values.yaml": "hub: {db: {type: sqlite-pvc}}\n"})
    configuration = _load(tmp_path)
    assert configuration.jupyterhub == ()
    assert to_data(configuration.layers[0].values) == {}
    assert configuration.facts.dependencies["jupyterhub"].version == "4.3.3"


def test_a_packed_chart(tmp_path: Path, write: Write) -> None:
    archive = _tgz({"campus/Chart.yaml": UMBRELLA, "campus/values.yaml": "hub: {}\n"})
    write(tmp_path, {"campus-1.0.0.tgz": archive, "prod.yaml": VALUES})
    configuration = _load(tmp_path / "campus-1.0.0.tgz", tmp_path / "prod.yaml")
    assert configuration.jupyterhub == ("hub",)


def test_a_chart_that_is_not_at_hand_is_guessed_and_told(tmp_path: Path, write: Write) -> None:
    chart = "apiVersion: v2\nname: deploy\nversion: 1\ndependencies:\n- name: daskhub\n  version: 4.5.6\n"
    values = "daskhub:\n  jupyterhub:\n    singleuser: {defaultUrl: /lab}\n    hub: {db: {}}\n"
    write(tmp_path, {"deploy/Chart.yaml": chart, "values.yaml": values})
    configuration = _load(tmp_path / "deploy", tmp_path / "values.yaml")
    assert configuration.jupyterhub == ("daskhub", "jupyterhub")
    assert [fault.code for fault in configuration.faults] == ["jupyterhub-guessed"]
    assert configuration.chart.children[0].children[0].name == "jupyterhub"


def test_a_chart_without_z2jh_is_told(tmp_path: Path, write: Write) -> None:
    write(tmp_path, {"Chart.yaml": "apiVersion: v2\nname: other\nversion: 1\n"})
    configuration = _load(tmp_path)
    assert [fault.code for fault in configuration.faults] == ["no-jupyterhub"]
    assert configuration.jupyterhub == ()


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ("hub: {}\nsingleuser: {}\n", ()),
        ("jupyterhub:\n  singleuser: {}\n", ("jupyterhub",)),
        ("a:\n  b:\n    hub: {}\n    proxy: {}\nc: {ingress: {}}\n", ("a", "b")),
        ("cull: {enabled: true}\n", ()),
        ("{}\n", ()),
        ("other: 1\n", ()),
    ],
)
def test_plain_values(tmp_path: Path, write: Write, values: str, path: tuple[str, ...]) -> None:
    write(tmp_path, {"config.yaml": values})
    configuration = _load(None, tmp_path / "config.yaml")
    assert configuration.jupyterhub == path
    assert configuration.layers[0].kind == "chart"
    names = []
    chart = configuration.chart
    while chart.children:
        [chart] = chart.children
        names.append(chart.name)
    assert tuple(names) == path


def test_several_files_keep_their_order(tmp_path: Path, write: Write) -> None:
    write(tmp_path, {"a/values.yaml": "hub: {}\n", "b/values.yaml": "proxy: {https: {hosts: [Hub.Example]}}\n"})
    configuration = _load(None, tmp_path / "a/values.yaml", tmp_path / "b/values.yaml")
    assert [layer.file for layer in configuration.layers[1:]] == ["a/values.yaml", "b/values.yaml"]
    assert configuration.entry.domain == "hub.example"


def test_the_highest_file_names_the_address(tmp_path: Path, write: Write) -> None:
    common = "ingress: {hosts: [low.example]}\nhub: {}\n"
    write(tmp_path, {"common.yaml": common, "prod.yaml": "ingress: {hosts: [high.example]}\n"})
    assert _load(None, tmp_path / "common.yaml", tmp_path / "prod.yaml").entry.domain == "high.example"


def test_encrypted_locked_and_computed_files(tmp_path: Path, write: Write, secret: str) -> None:
    write(
        tmp_path,
        {
            "sops.yaml": secret,
            "locked.yaml": b"\0GITCRYPT\0\x8d\xff\x00",
            "computed.jsonnet": "{ jupyterhub: { hub: { x: (import 'lib/x.libsonnet') } } }",
            "lib/x.libsonnet": "42",
        },
    )
    configuration = _load(None, *(tmp_path / name for name in ("sops.yaml", "locked.yaml", "computed.jsonnet")))
    assert [layer.kind for layer in configuration.layers[1:]] == ["secret", "secret", "jsonnet"]
    assert configuration.layers[2].faults[0].code == "locked"
    assert {path[-1] for path in configuration.encrypted} == {"client_id", "client_secret"}
    assert to_data(configuration.layers[3].values) == {"jupyterhub": {"hub": {"x": 42}}}


def test_a_hub_may_be_named(tmp_path: Path, write: Write) -> None:
    write(tmp_path, {"config.yaml": "hub: {}\n"})
    file = str(tmp_path / "config.yaml")
    assert open_chart(None, [file]).hubs()[0].name == "hub"
    assert open_chart(None, [file], name="dunes").hubs()[0].name == "dunes"


def test_every_file_that_is_missing_is_told_at_once(tmp_path: Path, write: Write) -> None:
    write(tmp_path, {"list.yaml": "- a\n"})
    with pytest.raises(ValuesError) as caught:
        _load(None, tmp_path / "no.yaml", tmp_path, tmp_path / "list.yaml")
    assert len(caught.value.faults) == 3


@pytest.mark.parametrize("name", ["nothing", "empty", "text.tgz", "no-chart.tgz"])
def test_what_is_no_chart(tmp_path: Path, write: Write, name: str) -> None:
    write(tmp_path, {"text.tgz": "no archive", "no-chart.tgz": _tgz({"a/b": "c"})})
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError) as caught:
        _load(tmp_path / name)
    assert caught.value.hint


def test_nothing_at_all() -> None:
    with pytest.raises(OptionError):
        open_chart(None, [])


def test_a_chart_that_needs_itself_is_read_once_more_and_no_further(tmp_path: Path, write: Write) -> None:
    chart = "apiVersion: v2\nname: loop\nversion: 1\ndependencies:\n- name: loop\n  repository: file://../loop\n"
    write(tmp_path, {"loop/Chart.yaml": chart})
    assert _load(tmp_path / "loop").jupyterhub == ()


def test_an_archive_that_links_out_of_itself(tmp_path: Path, write: Write) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, target in {"c/Chart.yaml": "", "c/values.yaml": "../../../etc/hostname"}.items():
            member = tarfile.TarInfo(name)
            if target:
                member.type, member.linkname = tarfile.SYMTYPE, target
                archive.addfile(member)
            else:
                member.size = len(UMBRELLA)
                archive.addfile(member, io.BytesIO(UMBRELLA.encode()))
    write(tmp_path, {"c.tgz": buffer.getvalue()})
    with pytest.raises(SourceError, match="leads out of the source"):
        _load(tmp_path / "c.tgz")


def test_guessing_looks_at_all_documents_together() -> None:
    documents = [{"a": {"hub": {}}}, {"b": {"singleuser": {}, "proxy": {}}}, {"a": {"singleuser": {}, "cull": {}}}]
    nodes = [from_data(document) for document in documents]  # type: ignore[arg-type]
    assert guess_jupyterhub(nodes) == ("a",)  # type: ignore[arg-type]


def test_a_deployment_is_called_as_it_was_typed(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"campus/Chart.yaml": UMBRELLA, "config.yaml": "hub: {}\n"})
    monkeypatch.chdir(tmp_path)
    assert open_chart(None, ["config.yaml"]).label == "config.yaml"
    assert open_chart("campus", ["config.yaml"]).label == "campus"
