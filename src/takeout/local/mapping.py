"""What z2jh's values mean for JupyterHub, where it takes more than a copy: see ``table`` for the rest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from takeout.local.grouped import Get, Trait, services_and_roles, storage
from takeout.local.table import ROWS, defaults

_RESERVED = {
    "JupyterHub": {"proxy_auth_token", "cookie_secret", "services"},
    "ConfigurableHTTPProxy": {"auth_token"},
    "CryptKeeper": {"keys"},
}
"""What the chart hands over as secrets, not as configuration."""


@dataclass(frozen=True, slots=True)
class Release:
    """What the values cannot say about themselves.

    Attributes:
        name: The release's name.
        namespace: Its namespace.
        chart_version: The version of the jupyterhub chart.
    """

    name: str
    namespace: str
    chart_version: str


def with_defaults(values: dict[str, Any]) -> dict[str, Any]:
    """Return ``values`` over the chart's defaults; a null takes a default away and stays otherwise, as in Helm.

    Keys are in the order in which the hub gets them: Helm writes them into its Secret sorted, and so the choices
    of a profile are shown.
    """
    merged: dict[str, Any] = _sorted(_over(defaults(), values))
    return merged


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def _over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        if value is None and key in merged:
            del merged[key]
        elif isinstance(value, dict):
            merged[key] = _over(below[key] if isinstance(below.get(key), dict) else {}, value)
        else:
            merged[key] = value
    return merged


def getter(values: dict[str, Any]) -> Get:
    """Return a function that answers a dotted key, or the default that it is given."""

    def get(key: str, default: Any = None) -> Any:
        value: Any = values
        for step in key.split("."):
            if not isinstance(value, dict) or step not in value:
                return default
            value = value[step]
        return default if value is None else value

    return get


def names_of(values: dict[str, Any], release: Release) -> dict[str, str]:
    """Return the names of the release's objects by what they are.

    Source: https://z2jh.jupyter.org/en/stable/administrator/advanced.html#referencing-resources-from-a-parent-helm-chart-s-templates
    """
    prefix = getter(values)("fullnameOverride", "")
    dash = f"{prefix}-" if prefix else ""
    known = ("hub", "proxy", "proxy-api", "proxy-http", "proxy-public", "singleuser", "image-pull-secret")
    names = {name: f"{dash}{name}" for name in known}
    # These are objects of the whole cluster, so a release without a prefix puts its own name before them.
    for name, full in (("user-scheduler", "user-scheduler"), ("priority", "default-priority")):
        names[name] = f"{dash or release.name + '-'}{'priority' if dash and name == 'priority' else full}"
    return names


def traits_of(values: dict[str, Any], release: Release, secrets: dict[str, str]) -> list[Trait]:
    """Return what ``values`` mean, in the order in which it is to be set.

    Args:
        values: The values with the chart's defaults.
        release: What they do not say.
        secrets: The hub's secrets by their keys, such as ``hub.services.x.apiToken``.
    """
    get = getter(values)
    names = names_of(values, release)
    traits = list(_fixed(release))
    traits += _copied(values)
    traits += _labels(get, release)
    traits += _image(get, names)
    traits += _scheduling(get, names)
    traits += storage(get, names)
    traits += _block_cloud_metadata(get)
    traits += services_and_roles(get, secrets)
    traits += _database(get)
    if get("debug.enabled"):
        traits += [("JupyterHub", "log_level", "DEBUG"), ("Spawner", "debug", True)]
    traits += [
        ("JupyterHub", "cookie_secret", secrets["hub.config.JupyterHub.cookie_secret"]),
        ("CryptKeeper", "keys", secrets["hub.config.CryptKeeper.keys"].split(";")),
    ]
    return traits + list(_passed_through(get("hub.config", {})))


def _fixed(release: Release) -> Iterable[Trait]:
    """Yield what the chart sets whatever the values say, and that means something here too."""
    yield "JupyterHub", "spawner_class", "kubespawner.KubeSpawner"
    yield "JupyterHub", "last_activity_interval", 60
    yield "JupyterHub", "tornado_settings", {"slow_spawn_timeout": 0}
    yield "KubeSpawner", "namespace", release.namespace


def _copied(values: dict[str, Any]) -> Iterable[Trait]:
    missing = object()
    for row in ROWS:
        value: Any = values
        for step in row.key.split("."):
            value = value.get(step, missing) if isinstance(value, dict) else missing
        if row.null:
            yield row.section, row.trait, None if value is missing else value
        elif value is not missing and value is not None:
            yield row.section, row.trait, value


def _labels(get: Get, release: Release) -> Iterable[Trait]:
    """Source: https://z2jh.jupyter.org/en/stable/administrator/upgrading (labels of version 4)."""
    name = get("nameOverride", "jupyterhub")
    chart = f"jupyterhub-{release.chart_version.replace('+', '_')}"
    yield (
        "KubeSpawner",
        "common_labels",
        {
            "app.kubernetes.io/name": name,
            "app": name,
            "app.kubernetes.io/instance": release.name,
            "release": release.name,
            "helm.sh/chart": chart,
            "chart": chart,
            "app.kubernetes.io/managed-by": "kubespawner",
        },
    )


def _image(get: Get, names: dict[str, str]) -> Iterable[Trait]:
    """Source: reference.html#singleuser-image, #imagepullsecret, #imagepullsecrets."""
    name, tag = get("singleuser.image.name"), get("singleuser.image.tag")
    if name:
        yield "KubeSpawner", "image", f"{name}:{tag}" if tag else name
    own = get("imagePullSecret.create") and get("imagePullSecret.automaticReferenceInjection")
    pull_secrets = [
        *([names["image-pull-secret"]] if own else []),
        *get("imagePullSecrets", []),
        *get("singleuser.image.pullSecrets", []),
    ]
    if pull_secrets:
        yield "KubeSpawner", "image_pull_secrets", pull_secrets


def _scheduling(get: Get, names: dict[str, str]) -> Iterable[Trait]:
    """Source: reference.html#scheduling, #singleuser-extratolerations."""
    if get("scheduling.userScheduler.enabled"):
        yield "KubeSpawner", "scheduler_name", names["user-scheduler"]
    if get("scheduling.podPriority.enabled"):
        yield "KubeSpawner", "priority_class_name", names["priority"]
    match = {"matchExpressions": [{"key": "hub.jupyter.org/node-purpose", "operator": "In", "values": ["user"]}]}
    purpose = get("scheduling.userPods.nodeAffinity.matchNodePurpose")
    if purpose == "prefer":
        wished = [*get("singleuser.extraNodeAffinity.preferred", []), {"weight": 100, "preference": match}]
        yield "KubeSpawner", "node_affinity_preferred", wished
    elif purpose == "require":
        needed = [*get("singleuser.extraNodeAffinity.required", []), match]
        yield "KubeSpawner", "node_affinity_required", needed
    tolerations = [*get("scheduling.userPods.tolerations", []), *get("singleuser.extraTolerations", [])]
    if tolerations:
        yield "KubeSpawner", "tolerations", tolerations


def _block_cloud_metadata(get: Get) -> Iterable[Trait]:
    """Source: reference.html#singleuser-cloudmetadata, administrator/security.html (audit cloud metadata)."""
    if not get("singleuser.cloudMetadata.blockWithIptables"):
        return
    image = f"{get('singleuser.networkTools.image.name')}:{get('singleuser.networkTools.image.tag')}"
    rule = f"--append OUTPUT --protocol tcp --destination {get('singleuser.cloudMetadata.ip')}"
    container = {
        "name": "block-cloud-metadata",
        "image": image,
        "command": ["iptables", *rule.split(), "--destination-port", "80", "--jump", "DROP"],
        "securityContext": {"privileged": True, "runAsUser": 0, "capabilities": {"add": ["NET_ADMIN"]}},
        "resources": get("singleuser.networkTools.resources", {}),
    }
    own = get("singleuser.initContainers", [])
    merged = {**own, "block-cloud-metadata": container} if isinstance(own, dict) else [*own, container]
    yield "KubeSpawner", "init_containers", merged


def _database(get: Get) -> Iterable[Trait]:
    """Source: reference.html#hub-db-type; a try has a database of its own whatever is said here."""
    fixed = {"sqlite-pvc": "sqlite:///jupyterhub.sqlite", "sqlite-memory": "sqlite://"}
    url = fixed.get(get("hub.db.type", ""), get("hub.db.url"))
    if url is not None:
        yield "JupyterHub", "db_url", url


def _passed_through(sections: dict[str, Any]) -> Iterable[Trait]:
    """Source: reference.html#hub-config: class, trait, value."""
    for section, traits in sections.items():
        for trait, value in (traits or {}).items():
            if trait not in _RESERVED.get(section, ()):
                yield section, trait, value
