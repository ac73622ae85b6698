"""What the cluster of the tests is made with, as far as it needs no machine of its own."""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from cluster.machine import main, rights
from cluster.machine.images import full_name, guess_kind
from cluster.machine.layout import Layout, Recipe
from cluster.machine.places import Places
from cluster.machine.run import run
from cluster.machine.trouble import Trouble


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("traefik:v3", "docker.io/library/traefik:v3"),
        ("alpine/git", "docker.io/alpine/git:latest"),
        ("docker.io/traefik:3", "docker.io/library/traefik:3"),
        ("localhost/a:1", "localhost/a:1"),
        ("registry.example.edu:5000/lab", "registry.example.edu:5000/lab:latest"),
        ("quay.io/a/b@sha256:00", "quay.io/a/b@sha256:00"),
    ],
)
def test_an_image_has_its_full_name(name: str, full: str) -> None:
    assert full_name(name) == full


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("quay.io/jupyterhub/k8s-hub:4.3.3", "hub"),
        ("quay.io/2i2c/pilot-hub:0.0.1-0.dev.git.16609.hb23fbd448", "hub"),
        ("quay.io/jupyterhub/configurable-http-proxy:5.2.0", "proxy"),
        ("alpine/git:2.40.1", "git"),
        ("busybox", "shell"),
        ("docker.io/traefik:3.3.5", "traefik"),
        ("quay.io/jupyter/scipy-notebook:2024-03-18", "user"),
        ("registry.example.edu:5000/hub-lab@sha256:00", "user"),
    ],
)
def test_an_image_of_ours_stands_for_one_by_its_name(name: str, kind: str) -> None:
    assert guess_kind(name) == kind


def test_the_same_tree_gives_the_same_layer_whenever_it_was_made(tmp_path: Path) -> None:
    layers = []
    for name in ("one", "other"):
        tree = tmp_path / name
        (tree / "bin").mkdir(parents=True)
        (tree / "bin" / "tool").write_text("#!/bin/sh\n")
        (tree / "bin" / "tool").chmod(0o755)
        (tree / "sbin").symlink_to("bin")
        os.utime(tree / "bin" / "tool", (len(layers), 1_000_000 + len(layers)))
        layers.append(Layout(tmp_path / f"{name}.layout").write_layer(tree))
    assert layers[0] == layers[1]
    with tarfile.open(Layout(tmp_path / "one.layout").path(layers[0])) as tar:
        assert [(entry.name, entry.mode & 0o777) for entry in tar if entry.isfile()] == [("bin/tool", 0o755)]
        assert tar.getmember("sbin").linkname == "bin"


def test_an_archive_has_what_images_share_once(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "file").write_text("x")
    layout = Layout(tmp_path / "layout")
    layers = {"base": layout.write_layer(tree)}
    images = {
        "docker.io/library/one:1": layout.write_image(Recipe(layers=("base",), entrypoint=("/a",)), layers),
        "docker.io/library/two:1": layout.write_image(Recipe(layers=("base",), user="1000"), layers),
    }
    archive = io.BytesIO()
    layout.export(images, archive)
    archive.seek(0)
    with tarfile.open(fileobj=archive) as tar:
        names = tar.getnames()
        index = json.load(tar.extractfile("index.json") or io.BytesIO())
    assert len(names) == len(set(names)) == 2 + 1 + 2 * len(images)
    assert {entry["annotations"]["io.containerd.image.name"] for entry in index["manifests"]} == set(images)


@pytest.fixture
def empty_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """A cache in which nothing was built, on a machine that has every program."""
    monkeypatch.setattr(main, "find_places", lambda: Places(tmp_path))
    monkeypatch.setattr(main.os, "geteuid", lambda: 0)
    monkeypatch.setattr(main.shutil, "which", lambda program: f"/bin/{program}")
    monkeypatch.setattr(main, "has_network_plugins", lambda: True)
    monkeypatch.setattr(main, "refuse_another", lambda _: None)
    monkeypatch.setattr(main, "in_the_way", lambda _: [])
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("PATH", os.environ["PATH"])
    return Places(tmp_path)


@pytest.mark.usefixtures("empty_places")
def test_a_machine_without_root_and_programs_is_told_all_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(main.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(main.shutil, "which", lambda program: None if program == "etcd" else f"/bin/{program}")
    monkeypatch.setattr(main, "has_network_plugins", lambda: False)
    assert main.up(control_plane_only=False, images=()) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert "only root can start one" in said.err
    assert "apt-get install containernetworking-plugins etcd-server" in said.err


def test_a_machine_that_allows_nothing_is_told_before_anything_is_built(
    empty_places: Places, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(words: Sequence[str | Path], **_: object) -> str:
        raise Trouble(f"{words[0]}: Operation not permitted")

    monkeypatch.setattr(rights, "run", refuse)
    monkeypatch.setattr(rights, "tried", lambda *_, **__: "")
    monkeypatch.setattr(rights, "_CGROUPS", empty_places.root / "cgroup")
    assert main.up(control_plane_only=False, images=()) == 3
    said = capsys.readouterr().err
    for words in ("interface: ip: Operation", "over each other: mount: Operation", "cgroups: there is no"):
        assert words in said
    assert not empty_places.bin.exists()
    assert [path.name for path in empty_places.root.iterdir()] == ["up.lock"]


def test_what_a_program_started_ends_with_it_when_its_time_is_up(tmp_path: Path) -> None:
    """A shell that waits for another program is ended; what holds its output open must not be waited for."""
    began = tmp_path / "began"
    with pytest.raises(Trouble, match="did not end within"):
        run(["sh", "-c", f"sleep 600 & echo $! > {began}; wait"], timeout_seconds=5)
    stat = Path(f"/proc/{began.read_text().strip()}/stat")
    assert not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"
