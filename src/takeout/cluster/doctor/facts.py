"""What a hub's release says of it, as far as a diagnosis needs it: names, addresses and switches, no secret."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from takeout.adapt.nets.live import every
from takeout.adapt.nets.named import named
from takeout.cluster.doctor.pods import Reference
from takeout.values.path import format_path

_DEEPEST = 3
_ENDING = re.compile(r"(?:o?authenticator|oauth)$")
_MOUNTED = ("ConfigMap", "Secret", "PersistentVolumeClaim", "ServiceAccount")
_OPEN = ("dummy", "null", "tmp", "shared-password")
"""Logins that let everybody in who comes as far, unless they are told otherwise."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the release says.

    Attributes:
        release: Its name.
        chart: The chart's name.
        chart_version: The chart's version.
        revision: How often it was installed or upgraded.
        status: Helm's word: ``deployed``, ``failed``, ``pending-upgrade``.
        description: Helm's sentence to that.
        updated: When it was last changed.
        known: Whether its values could be read; what follows says nothing otherwise.
        prefix: The dotted path of Zero to JupyterHub's values in the release's, with a dot at its end.
        culling: Whether servers that nobody uses are stopped.
        login: The authenticator, as it is written.
        login_section: The section of ``hub.config`` that configures it; empty where there is none of its own.
        admits: The names of the settings that let people in.
        callback: The address that the login comes back to, where it is set.
        hosts: The hub's host names.
        https: Whether the hub is meant to be reached by https.
        base_url: The path that the hub lives under, with a slash at its end.
        start_seconds: How long a server may take to start.
        snippets: Names in ``hub.extraConfig``.
        users_need: What a user's pod refers to.
        home: Where homes are mounted; empty where it is the image's business.
    """

    release: str = ""
    chart: str = ""
    chart_version: str = ""
    revision: int = 0
    status: str = ""
    description: str = ""
    updated: datetime | None = None
    known: bool = False
    prefix: str = ""
    culling: bool = True
    login: str = ""
    login_section: str = ""
    admits: tuple[str, ...] = ()
    callback: str = ""
    hosts: tuple[str, ...] = ()
    https: bool = False
    base_url: str = "/"
    start_seconds: int = 300
    snippets: tuple[str, ...] = ()
    users_need: tuple[Reference, ...] = ()
    home: str = ""

    @property
    def address(self) -> str:
        """The hub's address in a browser; empty where no host is known."""
        return f"http{'s' if self.https else ''}://{self.hosts[0]}{self.base_url}" if self.hosts else ""

    @property
    def is_open(self) -> bool:
        """Whether the login is one that lets everybody in unless told otherwise."""
        return _plain_name(self.login) in {_plain_name(name) for name in _OPEN}

    def key(self, path: str) -> str:
        """Return where one of Zero to JupyterHub's values stands in the release's."""
        return self.prefix + path


def with_values(facts: Facts, values: Mapping[str, Any]) -> Facts:
    """Return ``facts`` with what a release's merged values say; nothing of a secret's value is kept."""
    prefix, hub = _hub_values(values)
    config = _map(_map(hub, "hub"), "config")
    login = str(_map(config, "JupyterHub").get("authenticator_class") or "dummy")
    sections = [_map(config, name) for name in config if _configures(str(name), login)]
    callbacks = [str(section.get("oauth_callback_url") or "") for section in sections]
    timeouts = (_map(hub, "singleuser").get("startTimeout"), _map(config, "KubeSpawner").get("start_timeout"))
    return replace(
        facts,
        known=True,
        prefix=prefix,
        culling=_map(hub, "cull").get("enabled") is not False,
        login=login,
        login_section=next((str(name) for name in config if _plain_name(str(name)) == _plain_name(login)), ""),
        admits=tuple(sorted({name for section in sections for name in _admitting(section)})),
        callback=next(filter(None, callbacks), ""),
        hosts=_hosts(hub),
        https=_is_https(hub),
        base_url=f"/{str(_map(hub, 'hub').get('baseUrl') or '').strip('/')}/".replace("//", "/"),
        start_seconds=next((int(t) for t in timeouts if isinstance(t, int | float) and t), 300),
        snippets=tuple(sorted(str(name) for name in _map(_map(hub, "hub"), "extraConfig"))),
        users_need=tuple(dict.fromkeys(_references(_map(hub, "singleuser")))),
        home=str(_map(_map(hub, "singleuser"), "storage").get("homeMountPath") or ""),
    )


def same_host(address: str, hosts: tuple[str, ...]) -> bool:
    """Whether an address is at one of the hosts."""
    return (urlsplit(address).hostname or "") in {host.lower() for host in hosts}


def _hub_values(values: Mapping[str, Any], prefix: str = "", depth: int = 0) -> tuple[str, Mapping[str, Any]]:
    """Return where Zero to JupyterHub's values stand, and them: an umbrella has them below a chart's name."""
    if isinstance(values.get("hub"), Mapping) and {"singleuser", "proxy"} & values.keys():
        return prefix, values
    if depth < _DEEPEST:
        for name, below in values.items():
            if isinstance(below, Mapping):
                found = _hub_values(below, f"{prefix}{format_path((str(name),))}.", depth + 1)
                if found[1]:
                    return found
    if not depth and isinstance(values.get("jupyterhub"), Mapping):
        return "jupyterhub.", values["jupyterhub"]
    return ("", values) if not depth else (prefix, {})


def _configures(section: str, login: str) -> bool:
    """Whether a section of ``hub.config`` configures the login, which is a short name or a class."""
    if section in ("Authenticator", "OAuthenticator"):
        return True
    return _plain_name(section) == _plain_name(login)


def _plain_name(name: str) -> str:
    """Return the part of a login's name that its short name and its class have in common."""
    short = name.rpartition(".")[2].lower().replace("-", "").replace("_", "")
    return _ENDING.sub("", short)


def _admitting(section: Mapping[str, Any]) -> Iterator[str]:
    for name, value in section.items():
        if value and (name.startswith("allow") or name in ("admin_users", "hosted_domain", "admin_groups")):
            yield str(name)


def _hosts(hub: Mapping[str, Any]) -> tuple[str, ...]:
    ingress, https = _map(hub, "ingress"), _map(_map(hub, "proxy"), "https")
    route = _map(hub, "httpRoute")
    hosts: list[Any] = []
    for part, key in ((ingress, "hosts"), (route, "hostnames")):
        hosts += _list(part, key) if part.get("enabled") else []
    hosts += _list(https, "hosts") if https.get("enabled") is not False else []
    return tuple(dict.fromkeys(str(host).lower() for host in hosts if host))


def _is_https(hub: Mapping[str, Any]) -> bool:
    ingress, https = _map(hub, "ingress"), _map(_map(hub, "proxy"), "https")
    offered = https.get("enabled") is True and (https.get("type") != "letsencrypt" or bool(https.get("hosts")))
    return offered or bool(ingress.get("enabled") and ingress.get("tls"))


def _references(servers: Mapping[str, Any]) -> Iterator[Reference]:
    is_static = _map(servers, "storage").get("type") == "static"
    for path, value, parent in every(dict(servers)):
        # A profile's objects are needed by those who choose it, a secret for pulling where pulling fails.
        if path[0] == "profileList" or "ullSecrets" in str(path[-1]):
            continue
        if path[:2] == ("storage", "static") and not is_static:
            continue
        for found in named(path, value, parent):
            if found.kind in _MOUNTED and "{" not in found.name and not _is_optional(value, parent):
                yield Reference(found.kind, found.name, found.key, f"singleuser.{'.'.join(map(str, path))}")
    claim = _map(_map(servers, "storage"), "static").get("pvcName") if is_static else None
    if isinstance(claim, str) and claim and "{" not in claim:
        yield Reference("PersistentVolumeClaim", claim, "", "singleuser.storage.static.pvcName")


def _is_optional(value: Any, parent: Any) -> bool:
    return any(isinstance(part, Mapping) and part.get("optional") is True for part in (value, parent))


def _map(parent: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = parent.get(key)
    return found if isinstance(found, Mapping) else {}


def _list(parent: Mapping[str, Any], key: str) -> list[Any]:
    found = parent.get(key)
    return list(found) if isinstance(found, list | tuple) else []
