"""Kubernetes objects as the nets look at them."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

import yaml

# Secrets whose keys are configuration, not passwords, are read on as the documents they are.
_DOCUMENT = re.compile(r"\.(ya?ml|json)$")


def title(item: Mapping[str, Any]) -> str:
    """Return ``Kind/name``."""
    metadata = item.get("metadata")
    name = metadata.get("name", "") if isinstance(metadata, Mapping) else ""
    return f"{item.get('kind', '')}/{name}"


def clear(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``item`` with a Secret's data in clear, and documents in Secrets and ConfigMaps parsed.

    A value that is not text, or not base64, is None.
    """
    if item.get("kind") not in ("Secret", "ConfigMap"):
        return dict(item)
    data = dict(item.get("stringData") or {})
    encoded = item.get("data") or {}
    if item["kind"] == "ConfigMap":
        data.update(encoded)
    else:
        data.update({key: _decoded(value) for key, value in encoded.items()})
    return {**item, "data": {key: _parsed(key, value) for key, value in data.items()}, "stringData": None}


def _decoded(value: Any) -> str | None:
    try:
        return base64.b64decode(str(value), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def _parsed(key: str, value: Any) -> Any:
    if not isinstance(value, str) or not _DOCUMENT.search(key):
        return value
    try:
        return yaml.load(value, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        return value
