"""The objects that a fragment of configuration names, whosever chart it is.

Charts, KubeSpawner and Kubernetes write the same things in camel case or snake case, so keys are compared without
regard to either. A name with a brace in it is a template that is filled in for each user; such an object is made
when it is needed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from takeout.values.path import Path


@dataclass(frozen=True, slots=True)
class Reference:
    """An object that something names.

    Attributes:
        kind: The object's kind.
        name: Its name; for a service of another namespace ``name.namespace``.
        key: The key in a ConfigMap or Secret that is asked for; empty where all or none is.
    """

    kind: str
    name: str
    key: str = ""

    def __str__(self) -> str:
        """Return ``Kind/name``, the form of the references net's subjects."""
        return f"{self.kind}/{self.name}"


Found = Iterator[Reference]

# A host in an address whose scheme is one that services in a cluster speak.
_ADDRESS = re.compile(
    r"\b(?:https?|wss?|rediss?|postgres(?:ql)?(?:\+\w+)?|mysql(?:\+\w+)?|mongodb|nats|tcp|tls|grpc|amqps?|ldaps?|nfs)"
    r"://(?:[^/@\s\"']*@)?(?P<host>[a-z0-9][a-z0-9.-]*)(?=[:/\s\"'`,)?#]|$)",
    re.IGNORECASE,
)
_CLUSTER_HOST = re.compile(
    # cluster.local by default; whatever else stands behind it is a host of the internet with a part called svc
    r"(?<![\w.{}$-])(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)+?\.svc)(?:(?:\.[a-z0-9-]+)+\.(?:local|internal))?"
    r"(?![\w-]|\.[a-z0-9])",
    re.IGNORECASE,
)
_NAMESPACE_LABELS = ("kubernetes.io/metadata.name", "name")


def named(path: Path, value: Any, parent: Any) -> Found:
    """Yield what ``value``, standing at ``path`` in ``parent``, names."""
    key = path[-1]
    if isinstance(key, str):
        find = _KEYS.get(_folded(key))
        if find is not None:
            yield from find(value, parent)
    if isinstance(value, str) and ("://" in value or ".svc" in value):
        yield from services(value)


def services(text: str) -> Found:
    """Yield the Kubernetes services whose hosts ``text`` names, each once."""
    seen: set[str] = set()
    if "://" in text:
        for match in _ADDRESS.finditer(text):
            host = match["host"].lower().rstrip(".")
            if "." not in host and host not in seen and host != "localhost" and not host.isdigit():
                seen.add(host)
                yield Reference("Service", host)
    if ".svc" in text:
        for match in _CLUSTER_HOST.finditer(text):
            labels = match["host"].lower().split(".")[:-1]
            host = ".".join(labels[-2:])  # what stands before is a pod of a headless service
            if host not in seen:
                seen.add(host)
                yield Reference("Service", host)


@lru_cache(maxsize=4096)
def _folded(key: str) -> str:
    return key.replace("_", "").lower()


def _text(value: Any) -> str:
    return value if isinstance(value, str) and "{" not in value else ""


def _string(kind: str) -> Callable[[Any, Any], Found]:
    def find(value: Any, _parent: Any) -> Found:
        if name := _text(value):
            yield Reference(kind, name)

    return find


def _reference(kind: str) -> Callable[[Any, Any], Found]:
    """``{name: x}``, with or without ``key``; what is optional need not be there."""

    def find(value: Any, _parent: Any) -> Found:
        if isinstance(value, dict) and value.get("optional") is not True and (name := _text(value.get("name"))):
            yield Reference(kind, name, _text(value.get("key")))

    return find


_VOLUME_SOURCE = frozenset(
    {"name", "secretName", "secret_name", "items", "defaultMode", "default_mode", "optional"}
)


def _volume(kind: str) -> Callable[[Any, Any], Found]:
    """A volume's source: only what Kubernetes knows of one is in it, so that charts' own keys are left alone."""

    def find(value: Any, _parent: Any) -> Found:
        if not isinstance(value, dict) or not value.keys() <= _VOLUME_SOURCE or value.get("optional") is True:
            return
        name = _text(value.get("secretName") or value.get("secret_name") or value.get("name"))
        items = value.get("items")
        keys = (
            [_text(item.get("key")) for item in items if isinstance(item, dict)] if isinstance(items, list) else []
        )
        if name:
            for key in keys or [""]:
                yield Reference(kind, name, key)

    return find


def _claim(value: Any, _parent: Any) -> Found:
    if isinstance(value, dict) and (name := _text(value.get("claimName") or value.get("claim_name"))):
        yield Reference("PersistentVolumeClaim", name)


def _service_account(value: Any, _parent: Any) -> Found:
    if isinstance(value, dict):
        value = value.get("name") if value.get("create") is False else ""
    if name := _text(value):
        yield Reference("ServiceAccount", name)


def _pull_secrets(value: Any, _parent: Any) -> Found:
    for item in value if isinstance(value, list) else ():
        if name := _text(item.get("name") if isinstance(item, dict) else item):
            yield Reference("Secret", name)


_PARENT = frozenset({"name", "namespace", "group", "kind", "sectionName", "port"})


def _gateways(value: Any, _parent: Any) -> Found:
    """The gateway that a route hangs on, as z2jh and the Gateway API write it; charts call other things so too."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict) and item.keys() <= _PARENT and (name := _text(item.get("name"))):
            yield Reference(str(item.get("kind") or "Gateway"), name)


def _tls(value: Any, parent: Any) -> Found:
    """An ingress's certificates, unless an annotation beside them has them made."""
    annotations = parent.get("annotations") if isinstance(parent, dict) else None
    if isinstance(annotations, dict) and makes_certificates(annotations):
        return
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict) and (name := _text(item.get("secretName"))):
            yield Reference("Secret", name)


def makes_certificates(annotations: dict[str, Any]) -> bool:
    """Whether an ingress's annotations have somebody make the Secret of its certificate."""
    makers = {"cert-manager.io/cluster-issuer", "cert-manager.io/issuer", "kubernetes.io/tls-acme"}
    return bool(makers & annotations.keys())


def _namespaces(value: Any, _parent: Any) -> Found:
    if not isinstance(value, dict):
        return
    labels = value.get("matchLabels") or value.get("match_labels") or {}
    for label in _NAMESPACE_LABELS:
        if isinstance(labels, dict) and (name := _text(labels.get(label))):
            yield Reference("Namespace", name)
    for term in value.get("matchExpressions") or value.get("match_expressions") or ():
        if isinstance(term, dict) and term.get("key") in _NAMESPACE_LABELS and term.get("operator") == "In":
            for name in term.get("values") or ():
                yield Reference("Namespace", str(name))


_KEYS: dict[str, Callable[[Any, Any], Found]] = {
    "cert-manager.io/cluster-issuer": _string("ClusterIssuer"),
    "cert-manager.io/issuer": _string("Issuer"),
    "configmap": _volume("ConfigMap"),
    "configmapkeyref": _reference("ConfigMap"),
    "configmapref": _reference("ConfigMap"),
    "existingclaim": _string("PersistentVolumeClaim"),
    "existingsecret": _string("Secret"),
    "gateway": _gateways,
    "gatewayclassname": _string("GatewayClass"),
    "imagepullsecrets": _pull_secrets,
    "ingressclassname": _string("IngressClass"),
    "kubernetes.io/ingress.class": _string("IngressClass"),
    "namespaceselector": _namespaces,
    "nodepublishsecretref": _reference("Secret"),
    "parentrefs": _gateways,
    "persistentvolumeclaim": _claim,
    "priorityclassname": _string("PriorityClass"),
    "pvcname": _string("PersistentVolumeClaim"),
    "runtimeclassname": _string("RuntimeClass"),
    "schedulername": _string("Scheduler"),
    "secret": _volume("Secret"),
    "secretkeyref": _reference("Secret"),
    "secretproviderclass": _string("SecretProviderClass"),
    "secretref": _reference("Secret"),
    "serviceaccount": _service_account,
    "serviceaccountname": _service_account,
    "storageclass": _string("StorageClass"),
    "storageclassname": _string("StorageClass"),
    "tls": _tls,
    "volumename": _string("PersistentVolume"),
}
