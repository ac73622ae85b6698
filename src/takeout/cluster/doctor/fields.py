"""Fields of objects of the Kubernetes API, whatever is in them: nobody vouches for what a cluster keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any


def labels_of(metadata: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return an object's labels."""
    return tuple((str(key), str(value)) for key, value in map_of(metadata, "labels").items())


def moment(value: Any) -> datetime | None:
    """Return a time of the Kubernetes API; None for what is none."""
    if isinstance(value, datetime):  # YAML reads times by itself
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        return datetime.fromisoformat(str(value)) if value else None
    except ValueError:
        return None


def map_of(item: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return the mapping at ``key``; empty where there is none."""
    found = item.get(key)
    return found if isinstance(found, Mapping) else {}


def maps_of(item: Mapping[str, Any], key: str) -> Sequence[Mapping[str, Any]]:
    """Return the mappings in the list at ``key``."""
    found = item.get(key)
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list | tuple) else []


def text(item: Mapping[str, Any], key: str) -> str:
    """Return the text at ``key``; empty where there is none."""
    found = item.get(key)
    return "" if found is None else str(found)


def texts(item: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """Return the texts in the list at ``key``."""
    found = item.get(key)
    return tuple(str(each) for each in found) if isinstance(found, list | tuple) else ()


def number(item: Mapping[str, Any], key: str) -> int:
    """Return the number at ``key``; 0 where there is none."""
    try:
        return int(item.get(key) or 0)
    except (OverflowError, TypeError, ValueError):
        return 0
