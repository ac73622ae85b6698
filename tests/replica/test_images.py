from collections.abc import Callable
from pathlib import Path

import pytest

from takeout.errors import OptionError
from takeout.replica.images import ImageList, images
from takeout.replica.model import Replica
from takeout.replica.write import write
from takeout.values.node import to_data
from takeout.values.read import read_yaml

MakeReplica = Callable[..., Replica]

PROFILES = """\
jupyterhub:
  hub:
    initContainers:
      - name: first
        image: busybox
  singleuser:
    profileList:
      - display_name: Small
        kubespawner_override: {image: "quay.io/jupyter/scipy-notebook:2026-01-05"}
      - display_name: Choice
        profile_options:
          image:
            choices:
              r: {kubespawner_override: {image: "ghcr.io/jupyter/scipy-notebook:r"}}
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: hub}
spec:
  template:
    spec:
      containers:
        - name: hub
          image: "{{ .Values.hub.image.name }}:{{ .Values.hub.image.tag }}"
"""
DEFAULTS = """\
hub:
  image: {name: quay.io/jupyterhub/k8s-hub, tag: 4.3.3}
unused:
  image: {name: quay.io/jupyterhub/unused, tag: 4.3.3}
"""


@pytest.fixture
def directory(make_replica: MakeReplica, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("TAKEOUT_CHARTS", "XDG_CACHE_HOME", "HELM_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    write(make_replica(PROFILES), tmp_path / "replica")
    return tmp_path / "replica"


def references(listed: ImageList) -> list[str]:
    return [str(image.use.image) for image in listed.images]


def test_every_image_is_listed_with_its_places(directory: Path) -> None:
    listed = images(directory, offline=True)

    assert references(listed) == [
        "docker.io/library/busybox:latest",
        "ghcr.io/jupyter/scipy-notebook:r",
        "quay.io/jupyter/base-notebook:2026-01-05",
        "quay.io/jupyter/scipy-notebook:2026-01-05",
    ]
    assert listed.images[1].use.places == (
        "singleuser.profileList[1].profile_options.image.choices.r.kubespawner_override.image",
    )
    assert "jupyterhub 4.3.3" in listed.notes[0]
    assert listed.override == ""


def test_the_charts_own_images_are_listed_where_they_are_used(
    directory: Path, write_chart: Callable[..., Path], tmp_path: Path
) -> None:
    chart = write_chart(tmp_path / "jupyterhub", {"hub.yaml": DEPLOYMENT}, values=DEFAULTS)

    listed = images(directory, chart=chart, offline=True)

    assert "quay.io/jupyterhub/k8s-hub:4.3.3" in references(listed)
    assert not any("unused" in reference for reference in references(listed))
    assert listed.notes == ()


def test_a_mirror_gets_commands_and_values(
    directory: Path, write_chart: Callable[..., Path], tmp_path: Path
) -> None:
    chart = write_chart(tmp_path / "jupyterhub", {"hub.yaml": DEPLOYMENT}, values=DEFAULTS)

    listed = images(directory, mirror="registry.example.edu/hub", chart=chart, offline=True)

    commands = [image.copy_command for image in listed.images]
    assert (
        "skopeo copy --all --preserve-digests docker://docker.io/library/busybox:latest "
        "docker://registry.example.edu/hub/library/busybox:latest"
    ) in commands
    override = to_data(read_yaml(listed.override, "override").values)
    assert override == {
        "hub": {
            "image": {"name": "registry.example.edu/hub/jupyterhub/k8s-hub"},
            "initContainers": [{"name": "first", "image": "registry.example.edu/hub/library/busybox:latest"}],
        },
        "singleuser": {
            "image": {"name": "registry.example.edu/hub/jupyter/base-notebook"},
            "profileList": [
                {
                    "display_name": "Small",
                    "kubespawner_override": {
                        # two registries have an image of this name
                        "image": "registry.example.edu/hub/quay.io/jupyter/scipy-notebook:2026-01-05"
                    },
                },
                {
                    "display_name": "Choice",
                    "profile_options": {
                        "image": {
                            "choices": {
                                "r": {
                                    "kubespawner_override": {
                                        "image": "registry.example.edu/hub/ghcr.io/jupyter/scipy-notebook:r"
                                    }
                                }
                            }
                        }
                    },
                },
            ],
        },
    }


def test_the_values_of_a_mirror_leave_nothing_outside_it(directory: Path) -> None:
    listed = images(directory, mirror="registry.example.edu", offline=True)
    (directory / "local.values.yaml").write_text(listed.override)

    again = images(directory, offline=True)

    assert {image.use.image.registry for image in again.images} == {"registry.example.edu"}
    assert {str(image.mirrored) for image in listed.images} == set(references(again))


def test_a_copy_does_not_name_the_origin(make_replica: MakeReplica, tmp_path: Path) -> None:
    own = "jupyterhub: {hub: {image: {name: quay.io/tidewater.example/team/hub, tag: '1'}}}\n"
    write(make_replica(own), tmp_path / "origin")

    listed = images(tmp_path / "origin", mirror="r.example.edu/x", offline=True)

    assert "r.example.edu/x/team/hub:1" in [str(image.mirrored) for image in listed.images]


def test_an_image_with_a_digest_is_copied_by_it(make_replica: MakeReplica, tmp_path: Path) -> None:
    digest = "sha256:" + "a" * 64
    own = f"jupyterhub: {{hub: {{extraContainers: [{{name: x, image: 'quay.io/a/b:1@{digest}'}}]}}}}\n"
    write(make_replica(own), tmp_path / "pinned")

    listed = images(tmp_path / "pinned", mirror="r.example.edu", offline=True)

    (command,) = [image.copy_command for image in listed.images if image.use.image.digest]
    assert command.endswith(f"docker://quay.io/a/b@{digest} docker://r.example.edu/a/b:1")


@pytest.mark.parametrize("mirror", ["https://registry.example.edu", "Registry", "a b", "r.example.edu/x:1", "-x"])
def test_what_is_no_registry_is_refused(directory: Path, mirror: str) -> None:
    with pytest.raises(OptionError, match="not a registry"):
        images(directory, mirror=mirror)
