"""Helm's record of a release, as the cluster keeps it: read it whole, and mend what an interruption left."""

from __future__ import annotations

import base64
import gzip
import json
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from takeout.cluster.api import Cluster
from takeout.cluster.store import Object
from takeout.errors import ClusterError, OptionError

Driver = Literal["secret", "configmap", "sql", "memory"]

_DRIVERS: dict[str, Driver] = {
    "": "secret",
    "secret": "secret",
    "secrets": "secret",
    "configmap": "configmap",
    "configmaps": "configmap",
    "sql": "sql",
    "memory": "memory",
}
_KINDS = {"secret": "Secret", "configmap": "ConfigMap"}
_GZIP = b"\x1f\x8b"
_SIZE_MAX = 256 << 20
"""Bytes of a record unpacked; the cluster itself takes about one MiB packed."""
_SELECTOR = "owner=helm"


@dataclass(frozen=True, slots=True)
class Record:
    """One revision of a release.

    Attributes:
        holder: The Secret or ConfigMap that holds it.
        release: The record as Helm writes it: ``name``, ``version``, ``info``, ``chart``, ``config``…
    """

    holder: Object
    release: dict[str, Any]

    @property
    def revision(self) -> int:
        """The revision's number."""
        return int(self.release.get("version") or 0)

    @property
    def status(self) -> str:
        """Helm's word: ``deployed``, ``failed``, ``uninstalling``, ``pending-upgrade`` or another."""
        return str((self.release.get("info") or {}).get("status") or "")

    @property
    def changed(self) -> str:
        """When it was last worked on."""
        return str((self.release.get("info") or {}).get("last_deployed") or "")

    @property
    def chart(self) -> tuple[str, str]:
        """The chart's name and version."""
        metadata = (self.release.get("chart") or {}).get("metadata") or {}
        return str(metadata.get("name", "")), str(metadata.get("version", ""))


def storage_driver(name: str | None = None) -> Driver:
    """Return the driver that ``HELM_DRIVER`` names, as Helm itself reads it.

    Raises:
        OptionError: When Helm has no such driver.
    """
    given = os.environ.get("HELM_DRIVER", "") if name is None else name
    if given not in _DRIVERS:
        raise OptionError(f"Helm has no storage driver {given!r}", hint="HELM_DRIVER is secret, configmap or sql")
    return _DRIVERS[given]


def read_records(cluster: Cluster, namespace: str, name: str = "", *, driver: Driver = "secret") -> list[Record]:
    """Return the revisions of a release, or of every release of a namespace, the oldest first.

    Args:
        cluster: The cluster.
        namespace: The namespace; all of them where empty.
        name: The release; every one where empty.
        driver: Where Helm keeps its records; ``sql`` and ``memory`` are not in the cluster.

    Raises:
        ClusterError: When a record cannot be understood.
    """
    kind = _KINDS.get(driver)
    if kind is None:
        return []
    labels = _SELECTOR + (f",name={name}" if name else "")
    found = [Record(item, _decoded(item)) for item in cluster.list(kind, namespace, labels=labels)]
    return sorted(found, key=lambda record: (str(record.release.get("name")), record.revision))


def rewrite(cluster: Cluster, record: Record, release: dict[str, Any]) -> None:
    """Write a record's release anew; nobody else may have changed it meanwhile."""
    holder = record.holder
    status = str((release.get("info") or {}).get("status", ""))
    packed = base64.b64encode(gzip.compress(json.dumps(release).encode(), 9))
    text = base64.b64encode(packed).decode() if holder["kind"] == "Secret" else packed.decode()
    metadata = {**holder["metadata"], "labels": {**holder["metadata"].get("labels", {}), "status": status}}
    metadata.pop("managedFields", None)
    cluster.replace({**holder, "metadata": metadata, "data": {**holder["data"], "release": text}})


def documents(manifest: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the objects of a record's manifest, each with its text."""
    import yaml  # noqa: PLC0415 - only where a manifest is read

    for text in ("\n" + manifest).split("\n---"):
        data = yaml.load(text, Loader=yaml.CSafeLoader)
        if isinstance(data, dict) and data.get("kind"):
            yield text, data


def _decoded(item: Object) -> dict[str, Any]:
    name = f"{item['kind']}/{item['metadata']['name']}"
    try:
        packed = base64.b64decode((item.get("data") or {})["release"])
        if item["kind"] == "Secret":  # Kubernetes' own base64 around Helm's
            packed = base64.b64decode(packed)
        # Records of Helm's first versions are not packed.
        release = json.loads(_unpacked(packed) if packed.startswith(_GZIP) else packed)
    except (KeyError, ValueError, zlib.error, EOFError) as error:
        raise ClusterError(
            f"Helm's record {name} cannot be read: {error}", hint="`helm history` must show the release"
        ) from error
    return release if isinstance(release, dict) else {}


def _unpacked(packed: bytes) -> bytes:
    machine = zlib.decompressobj(wbits=31)
    content = machine.decompress(packed, _SIZE_MAX)
    if machine.unconsumed_tail:
        raise ValueError(f"it is larger than {_SIZE_MAX >> 20} MiB")
    return content
