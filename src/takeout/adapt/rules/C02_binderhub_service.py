"""binderhub-service: kept as a companion where it is on, with a registry of the owners'; gone where it is off."""

from __future__ import annotations

import re

from takeout.adapt.context import Dependency
from takeout.adapt.pods import is_off, is_on
from takeout.adapt.rule import Action, Case, Draft, Rule, Secret
from takeout.adapt.services import drop_service
from takeout.values.path import Path

_NAME = "binderhub-service"
_IMAGE = "quay.io/2i2c/binderhub-service"
_CONFIG: Path = (_NAME, "config")
_API = re.compile(r"http://hub\.[a-z0-9-]+(\.svc(\.cluster\.local)?)?:8081")
_REGISTRY = "registry.example.org/your-organisation/"
_PASSWORDS = (
    (_NAME, "config", "DockerRegistry", "password"),
    (_NAME, "buildPodsRegistryCredentials", "password"),
)


def change(draft: Draft) -> None:
    """Drop what serves BinderHub where it is off; give it the replica's hub and a new registry where it is on."""
    if is_off(draft, _NAME):
        draft.remove(_NAME, why="binderhub-service is off in this hub")
        drop_service(draft, "binder", why="binderhub-service is off in this hub")
    elif is_on(draft, _NAME):
        _point_at_hub(draft)
        _change_registry(draft)
        if not draft.has((_NAME, "image", "name")):
            draft.keep(
                "origin", f"{_IMAGE}:*", "the chart's own image, which is public; `takeout hub images` lists it"
            )
        draft.keep(
            "origin",
            "*",
            "people may launch these public repositories, whoever owns them",
            path=f"{_NAME}.config.GitHubRepoProvider.allowed_specs",
        )


def _point_at_hub(draft: Draft) -> None:
    for index, variable in enumerate(draft.get_list((_NAME, "extraEnv"))):
        value = variable.get("value") if isinstance(variable, dict) else None
        if isinstance(value, str) and _API.match(value):
            path = (_NAME, "extraEnv", index, "value")
            draft.set(path, _API.sub("http://hub:8081", value), why="the namespace of the replica may be another")


def _change_registry(draft: Draft) -> None:
    prefix = draft.get((*_CONFIG, "BinderHub", "image_prefix"))
    registry = draft.get_map((*_CONFIG, "DockerRegistry"))
    if not isinstance(prefix, str):
        return
    name = prefix.rstrip("-").rpartition("/")[2]
    if not name or draft.context.mentions_origin(name):
        name = draft.context.hub.name
    why = "images that people build would be pushed into the origin's registry"
    draft.set((*_CONFIG, "BinderHub", "image_prefix"), f"{_REGISTRY}{name}-", why=why)
    if "url" in registry:
        draft.set((*_CONFIG, "DockerRegistry", "url"), "https://registry.example.org", why=why)
    if "username" in registry:
        draft.set((*_CONFIG, "DockerRegistry", "username"), "your-registry-user", why=why)
    for key, value in (("server", "https://registry.example.org"), ("username", "your-registry-user")):
        if draft.has((_NAME, "buildPodsRegistryCredentials", key)):
            draft.set((_NAME, "buildPodsRegistryCredentials", key), value, why=why)
    for path in _PASSWORDS:
        if draft.has(path) or draft.has(path[:-1]):
            draft.need(Secret(".".join(path), "The password, or robot token, that pushes images to the registry."))
    _share_pull_secret(draft, str(registry.get("url", "")), why)
    draft.ask(
        Action(
            "image-registry",
            "Give BinderHub a registry to push to",
            "BinderHub pushes every image that it builds to a registry, and user pods pull it from there. The "
            f"origin used `{prefix}`. Make a repository or organisation at a registry of yours (quay.io, ghcr.io, "
            "Artifact Registry, ECR, ACR), and a robot account that may push there; put the addresses into "
            "`local.values.yaml` (`config.BinderHub.image_prefix`, `config.DockerRegistry`, "
            "`buildPodsRegistryCredentials` below `binderhub-service`) and the token into `secrets.yaml`.",
            verify="Build a repository from the hub's binder page: the image appears in the registry.",
            stage="images",
        )
    )


def _share_pull_secret(draft: Draft, registry: str, why: str) -> None:
    """The secret that pulls what was built names the same registry, in z2jh's own words."""
    pull: Path = ("jupyterhub", "imagePullSecret")
    if not registry or draft.get((*pull, "registry")) != registry:
        return
    draft.set((*pull, "registry"), "https://registry.example.org", why=why)
    draft.set((*pull, "username"), "your-registry-user", why=why)
    draft.need(
        Secret(
            "jupyterhub.imagePullSecret.password",
            "The password, or robot token, that pulls images that were built.",
        )
    )


_DEPENDENCIES = {
    _NAME: Dependency(_NAME, _NAME, "0.1.0", "https://2i2c.org/binderhub-service/", "binderhub-service.enabled"),
}

RULE = Rule(
    id="C02",
    title="Give binderhub-service a registry of the owners', or take it out where it is off",
    why=(
        "BinderHub would push images into the origin's registry, with a password that stays there, and call the "
        "hub's interface in the origin's namespace. Where it is off, its service entry would stay without a "
        "service."
    ),
    source="https://github.com/2i2c-org/binderhub-service",
    safety="ask",
    change=change,
    cases=(
        Case(
            "off: values and service go",
            """
binderhub-service: {enabled: false}
jupyterhub: {hub: {services: {binder: {url: 'http://binderhub:8090'}, mine: {}}}}
""",
            "jupyterhub: {hub: {services: {mine: {}}}}",
            hub={"dependencies": _DEPENDENCIES},
        ),
        Case(
            "on: registry, password and namespace are the owners'",
            """
binderhub-service:
  enabled: true
  config:
    BinderHub: {base_url: /, image_prefix: quay.io/someone/lagoon-}
    DockerRegistry: {url: https://quay.io, username: robot, password: '<secret>'}
  buildPodsRegistryCredentials: {server: https://quay.io, username: robot, password: '<secret>'}
  extraEnv:
    - {name: JUPYTERHUB_API_URL, value: 'http://hub.lagoon.svc.cluster.local:8081/hub/api'}
    - {name: JUPYTERHUB_CLIENT_ID, value: service-binder}
jupyterhub: {imagePullSecret: {create: true, registry: https://quay.io, username: robot, password: '<secret>'}}
""",
            """
binderhub-service:
  enabled: true
  config:
    BinderHub: {base_url: /, image_prefix: registry.example.org/your-organisation/lagoon-}
    DockerRegistry: {url: https://registry.example.org, username: your-registry-user}
  buildPodsRegistryCredentials: {server: https://registry.example.org, username: your-registry-user}
  extraEnv:
    - {name: JUPYTERHUB_API_URL, value: 'http://hub:8081/hub/api'}
    - {name: JUPYTERHUB_CLIENT_ID, value: service-binder}
jupyterhub: {imagePullSecret: {create: true, registry: https://registry.example.org, username: your-registry-user}}
""",
            hub={"name": "lagoon", "dependencies": _DEPENDENCIES},
            actions=("image-registry",),
            secrets=(
                "binderhub-service.config.DockerRegistry.password",
                "binderhub-service.buildPodsRegistryCredentials.password",
                "jupyterhub.imagePullSecret.password",
            ),
        ),
        Case("no such chart: left alone", "jupyterhub: {hub: {services: {binder: {url: 'http://binder'}}}}"),
    ),
)
