"""Image references, and where hubs name them."""

from __future__ import annotations

import base64

import pytest
import yaml

from takeout.chart.images import Image, list_images, parse_image

DIGEST = "sha256:" + "0a" * 32


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("busybox", "docker.io/library/busybox:latest"),
        ("alpine/git:2.40.1", "docker.io/alpine/git:2.40.1"),
        ("docker.io/busybox:1", "docker.io/library/busybox:1"),
        ("index.docker.io/a/b:1", "docker.io/a/b:1"),
        ("quay.io/a/b/c:v1.2-x", "quay.io/a/b/c:v1.2-x"),
        ("localhost:5000/x:1", "localhost:5000/x:1"),
        ("registry:5000/a/b", "registry:5000/a/b:latest"),
        (f"quay.io/a/b@{DIGEST}", f"quay.io/a/b@{DIGEST}"),
        (f"quay.io/a/b:1@{DIGEST}", f"quay.io/a/b:1@{DIGEST}"),
    ],
)
def test_references_are_completed(text: str, whole: str) -> None:
    image = parse_image(text)
    assert image is not None
    assert str(image) == whole
    assert parse_image(whole) == image


@pytest.mark.parametrize("text", ["", "A Sentence", "quay.io/", "UPPER/case", "a:b:c", "https://quay.io/a/b"])
def test_what_is_no_reference(text: str) -> None:
    assert parse_image(text) is None


VALUES = """
jupyterhub:
  hub:
    image: {name: quay.io/jupyterhub/k8s-hub, tag: 4.3.3}
    initContainers: [{name: i, image: alpine/git:2}]
    config: {KubeSpawner: {image: spawned:1}}
  singleuser:
    image: {name: base, tag: "2024-03-18"}
    networkTools: {image: {name: tools, tag: null}}
    profileList:
      - kubespawner_override: {image: gpu:1}
        profile_options:
          image:
            display_name: Image
            unlisted_choice: {enabled: true, kubespawner_override: {image: "{value}"}}
            choices:
              a: {display_name: A, kubespawner_override: {image: base:2024-03-18}}
              b: {kubespawner_override: {extra_containers: [{image: side:1}], init_containers: [{image: side:2}]}}
  prePuller:
    pause: {image: {registry: registry.k8s.io, name: pause, tag: "3.10"}}
dask:
  image: old-style
  tag: 7
binder:
  config: {KubernetesBuildExecutor: {build_image: builder:1}}
  text: {image: a picture of a hub}
"""


def test_images_of_values_with_their_places() -> None:
    found = {str(use.image): use.places for use in list_images(yaml.safe_load(VALUES))}
    hub = "jupyterhub.singleuser.profileList[0]"
    assert found == {
        "docker.io/alpine/git:2": ("jupyterhub.hub.initContainers[0].image",),
        "docker.io/library/base:2024-03-18": (
            "jupyterhub.singleuser.image",
            f"{hub}.profile_options.image.choices.a.kubespawner_override.image",
        ),
        "docker.io/library/builder:1": ("binder.config.KubernetesBuildExecutor.build_image",),
        "docker.io/library/gpu:1": (f"{hub}.kubespawner_override.image",),
        "docker.io/library/old-style:7": ("dask.image",),
        "docker.io/library/side:1": (
            f"{hub}.profile_options.image.choices.b.kubespawner_override.extra_containers[0].image",
        ),
        "docker.io/library/side:2": (
            f"{hub}.profile_options.image.choices.b.kubespawner_override.init_containers[0].image",
        ),
        "docker.io/library/spawned:1": ("jupyterhub.hub.config.KubeSpawner.image",),
        "docker.io/library/tools:latest": ("jupyterhub.singleuser.networkTools.image",),
        "quay.io/jupyterhub/k8s-hub:4.3.3": ("jupyterhub.hub.image",),
        "registry.k8s.io/pause:3.10": ("jupyterhub.prePuller.pause.image",),
    }


def test_rendered_objects_add_what_the_chart_brings() -> None:
    values = "singleuser: {image: {name: quay.io/x/hidden, tag: '1'}}"
    objects = [
        {
            "kind": "Deployment",
            "metadata": {"name": "proxy"},
            "spec": {
                "template": {"spec": {"containers": [{"image": "quay.io/x/chp:5", "imagePullPolicy": "Always"}]}}
            },
        },
        {
            "kind": "Secret",
            "metadata": {"name": "hub"},
            "data": {"values.yaml": base64.b64encode(values.encode()).decode()},
        },
        {"kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"x.yaml": "image: not/an-object"}},
    ]
    uses = list_images({"image": "quay.io/x/chp:5"}, objects)
    assert [(use.image, use.places, use.written) for use in uses] == [
        (Image("quay.io", "x/chp", "5"), ("Deployment/proxy", "image"), "quay.io/x/chp:5"),
        (Image("quay.io", "x/hidden", "1"), ("Secret/hub",), "quay.io/x/hidden:1"),
    ]
