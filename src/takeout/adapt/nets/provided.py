"""The objects that are there: made by the charts, by the replica, or by every cluster.

What a chart makes is known for sure only when it is rendered. On values alone it is told here, for the charts that
hubs are made of.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from takeout.adapt.context import Context
from takeout.adapt.nets.live import is_off
from takeout.adapt.nets.named import Reference

_EVERYWHERE: dict[str, frozenset[str]] = {
    "ConfigMap": frozenset({"kube-root-ca.crt"}),
    "Namespace": frozenset({"default", "kube-system", "kube-public"}),
    "PriorityClass": frozenset({"system-cluster-critical", "system-node-critical"}),
    "Scheduler": frozenset({"default-scheduler"}),
    "Service": frozenset({"kubernetes.default", "kube-dns.kube-system"}),
    "ServiceAccount": frozenset({"default"}),
}

# By the chart's own name; {release} and {prefix} (the full name and a dash) are filled in. Read off the charts'
# templates: z2jh 4.3, dask-gateway 2026.3, binderhub-service 0.1.0, jupyterhub-home-nfs 1.2.
_MADE: dict[str, dict[str, tuple[str, ...]]] = {
    "jupyterhub": {
        "ConfigMap": ("{prefix}hub", "{prefix}user-scheduler", "{prefix}autohttps"),
        "PersistentVolumeClaim": ("{prefix}hub-db-dir",),
        "PriorityClass": ("{release}-default-priority", "{release}-user-placeholder-priority"),
        "Secret": (
            "{prefix}hub",
            "{prefix}singleuser",
            "{prefix}proxy-public-tls-acme",
            "{prefix}proxy-public-manual-tls",
        ),
        "Service": ("{prefix}hub", "{prefix}proxy-api", "{prefix}proxy-public", "{prefix}proxy-http"),
        "ServiceAccount": (
            "{prefix}hub",
            "{prefix}autohttps",
            "{prefix}user-scheduler",
            "{prefix}continuous-image-puller",
            "{prefix}hook-image-puller",
        ),
    },
    "dask-gateway": {
        "ConfigMap": ("api-{release}-dask-gateway", "controller-{release}-dask-gateway"),
        "Secret": ("api-{release}-dask-gateway",),
        "Service": ("api-{release}-dask-gateway", "traefik-{release}-dask-gateway"),
        "ServiceAccount": (
            "api-{release}-dask-gateway",
            "controller-{release}-dask-gateway",
            "traefik-{release}-dask-gateway",
        ),
    },
    "binderhub-service": {
        "Secret": ("{prefix}binderhub", "{prefix}build-pods-docker-config"),
        "Service": ("{prefix}binderhub",),
        "ServiceAccount": ("{prefix}binderhub",),
    },
    "jupyterhub-home-nfs": {
        "ConfigMap": ("{prefix}home-nfs-ganesha-config",),
        "PersistentVolume": ("{release}-{prefix}home-nfs",),
        "PersistentVolumeClaim": ("{prefix}home-nfs",),
        "Secret": ("{prefix}home-nfs",),
        "Service": ("{prefix}home-nfs", "{prefix}home-nfs-metrics", "{prefix}node-exporter-metrics"),
    },
}

# Before its 255th commit, binderhub-service named its objects after the release, in the way of `helm create`.
# Source: https://github.com/2i2c-org/binderhub-service/commit/7580133
_MADE_AFTER_RELEASE: dict[str, tuple[int, dict[str, tuple[str, ...]]]] = {
    "binderhub-service": (
        255,
        {
            "Secret": ("{full}", "{full}-build-pods-docker-config"),
            "Service": ("{full}",),
            "ServiceAccount": ("{full}",),
        },
    ),
}
_COMMITS = re.compile(r"\.git\.(\d+)\.")


class Provided:
    """What is there to be named, by kind."""

    def __init__(self, context: Context) -> None:
        self._own = frozenset({context.hub.name})
        self._names: dict[str, set[str]] = {kind: set(names) for kind, names in _EVERYWHERE.items()}
        self._keys: dict[tuple[str, str], set[str]] = {}
        target = context.target
        self.add("Namespace", context.hub.name)
        # z2jh's own, which it names itself where it is on
        self.add("Scheduler", f"{context.hub.name}-user-scheduler")
        for storage_class in target.storage_classes:
            self.add("StorageClass", storage_class.name)
        if target.ingress is not None:
            self.add("IngressClass", target.ingress.class_name)
            self.add("ClusterIssuer", target.ingress.issuer)
            self.add("Namespace", target.ingress.namespace)

    def add(self, kind: str, name: str, keys: Iterable[str] | None = None) -> None:
        """Take note of an object; ``keys`` are those of a ConfigMap or Secret, where they are known."""
        self._names.setdefault(kind, set()).add(name)
        if keys is not None:
            self._keys.setdefault((kind, name), set()).update(keys)

    def lacks(self, reference: Reference) -> str:
        """Return the subject that is missing, or an empty text when all is there."""
        kind, name = reference.kind, reference.name
        if kind == "Service":
            host, _, namespace = name.partition(".")
            if namespace in self._own:
                name = host
        if name not in self._names.get(kind, ()):
            return f"{kind}/{name}"
        keys = self._keys.get((kind, name))
        if reference.key and keys is not None and reference.key not in keys:
            return f"{kind}/{name}/{reference.key}"
        return ""


def provided_by_objects(objects: Iterable[Mapping[str, Any]], provided: Provided) -> None:
    """Take note of Kubernetes objects; a certificate stands for the Secret that comes of it."""
    for item in objects:
        metadata = item.get("metadata") or {}
        kind, name = str(item.get("kind", "")), str(metadata.get("name", ""))
        keys: set[str] | None = None
        if kind in ("ConfigMap", "Secret"):
            keys = {*(item.get("data") or ()), *(item.get("stringData") or ()), *(item.get("binaryData") or ())}
        provided.add(kind, name, keys)
        spec = item.get("spec")
        if kind == "Certificate" and isinstance(spec, Mapping):
            provided.add("Secret", str(spec.get("secretName", "")))


def provided_by_charts(values: Mapping[str, Any], context: Context, provided: Provided) -> None:
    """Take note of what the charts make out of ``values``."""
    release = context.hub.name
    for key, part in values.items():
        if not isinstance(part, Mapping):
            continue
        dependency = context.hub.dependencies.get(key)
        chart = dependency.chart if dependency else key
        if part.get("enabled") is False or (dependency and is_off(values, dependency.condition)):
            continue
        prefix = f"{part['fullnameOverride']}-" if part.get("fullnameOverride") else ""
        version = dependency.version if dependency else ""
        for kind, name in made_by_chart(chart, release=release, prefix=prefix, version=version):
            provided.add(kind, name)
    hub = values.get("jupyterhub")
    if isinstance(hub, Mapping):
        _provided_by_z2jh(hub, provided)


def made_by_chart(chart: str, *, release: str, prefix: str, version: str = "") -> set[tuple[str, str]]:
    """Return what is told here of the objects of ``chart``, as kinds and names.

    Args:
        chart: The chart's own name.
        release: The release's name.
        prefix: What the chart puts in front of its names.
        version: The chart's version, for charts whose names changed; empty for a new one.
    """
    made = _MADE.get(chart, {})
    commits = _COMMITS.search(version)
    if commits and chart in _MADE_AFTER_RELEASE and int(commits[1]) < _MADE_AFTER_RELEASE[chart][0]:
        made = _MADE_AFTER_RELEASE[chart][1]
    full = prefix.removesuffix("-") or (release if chart in release else f"{release}-{chart}")
    return {
        (kind, name.format(release=release, prefix=prefix, full=full))
        for kind, names in made.items()
        for name in names
    }


def _provided_by_z2jh(hub: Mapping[str, Any], provided: Provided) -> None:
    pull_secret = hub.get("imagePullSecret")
    if isinstance(pull_secret, Mapping) and pull_secret.get("create"):
        provided.add("Secret", "image-pull-secret")
    parts = hub.get("hub")
    services = parts.get("services") if isinstance(parts, Mapping) else None
    tokens = {f"hub.services.{name}.apiToken" for name in (services if isinstance(services, Mapping) else ())}
    # The Secret's other keys are the chart's own and always there; only tokens come and go with their services.
    extra_files = parts.get("extraFiles") if isinstance(parts, Mapping) else None
    files = set(extra_files) if isinstance(extra_files, Mapping) else set()
    provided.add("Secret", "hub", tokens | files | _HUB_KEYS)


_HUB_KEYS = frozenset(
    {
        "values.yaml",
        "hub.config.ConfigurableHTTPProxy.auth_token",
        "hub.config.CryptKeeper.keys",
        "hub.config.JupyterHub.cookie_secret",
        "hub.db.password",
    }
)
