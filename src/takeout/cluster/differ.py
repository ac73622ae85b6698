"""What a deployment would change against the running release: in values, and in objects."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any

import yaml

from takeout.cluster.api import Cluster
from takeout.cluster.plan import Plan
from takeout.cluster.records import documents
from takeout.cluster.releases import Releases
from takeout.cluster.store import Object
from takeout.replica.model import SECRETS
from takeout.replica.shorten import difference, is_secret, short_data
from takeout.source.conceal import conceal
from takeout.values.node import Mapping as Document
from takeout.values.node import from_data, leaves
from takeout.values.path import Path, format_path

_KEY = secrets.token_bytes(32)
"""Another one in every run: what is printed of a secret says nothing to whoever guesses."""


@dataclass(frozen=True, slots=True)
class ValueChange:
    """A value that differs.

    Attributes:
        path: Dotted path.
        before: The running release's value, short; None where it has none.
        after: The replica's value, short; None where it has none.
        lines: What changed inside a list or a long text.
    """

    path: str
    before: str | None
    after: str | None
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """An object that differs.

    Attributes:
        object: ``Kind/name``.
        change: ``new``, ``gone`` or ``changed``.
        lines: The difference of its text; values of Secrets are never in it.
    """

    object: str
    change: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """What would change.

    Attributes:
        revision: The running revision; 0 where there is none.
        values: Values that differ.
        objects: Objects that differ.
    """

    revision: int
    values: tuple[ValueChange, ...]
    objects: tuple[ObjectChange, ...]


def differ(plan: Plan, cluster: Cluster) -> Difference:
    """Return what deploying ``plan`` would change.

    Raises:
        ClusterError: When the release cannot be read.
        ValuesError: When the chart cannot be rendered.
    """
    with Releases(cluster, plan.namespace) as releases:
        history = releases.history(plan.release)
        running = next((r.number for r in history[::-1] if r.status in ("deployed", "failed")), 0)
        values = releases.values(plan.release, revision=running) if running else {}
        manifest = releases.manifest(plan.release, revision=running) if running else ""
        rendered = releases.render(plan.chart, plan.values, plan.release, upgrade=bool(running))
    texts = (text for name, text in rendered.items() if not name.endswith("NOTES.txt"))
    after = [item for text in texts for item in _objects(text) if not _is_hook(item)]
    own = [item for item in plan.manifests if cluster.has(f"{item['apiVersion']}/{item['kind']}")]
    there = [_bare(found, item) for item in own if (found := _found(cluster, item, plan.namespace)) is not None]
    return Difference(
        running,
        tuple(_values(values, plan.values, plan.files.values.get(SECRETS))),
        tuple(_changes([*_objects(manifest), *there], [*after, *own])),
    )


def _values(before: Mapping[str, Any], after: Mapping[str, Any], own: Document | None) -> Iterator[ValueChange]:
    known = frozenset(path for path, _ in leaves(own)) if own is not None else frozenset()
    old, new = _flat(before), _flat(after)
    old_shown, new_shown = (_flat(conceal(values, "").values) for values in (before, after))
    for path in sorted({*old, *new}, key=format_path):
        if path in old and path in new and old[path] == new[path]:
            continue
        if is_secret(path, from_data(new.get(path, old.get(path))), known) or _same(path, old_shown, new_shown):
            was, now = ("(secret)" if path in old else None), ("(another secret)" if path in new else None)
            yield ValueChange(format_path(path), was, now)
            continue
        lines = difference(_text(old_shown.get(path)), _text(new_shown.get(path)))
        yield ValueChange(
            format_path(path),
            short_data(old_shown[path]) if path in old_shown else None,
            short_data(new_shown[path]) if path in new_shown else None,
            tuple(lines) if path in old and path in new and "\n" in _text(new_shown[path]).strip() else (),
        )


def _same(path: Path, old: Mapping[Path, Any], new: Mapping[Path, Any]) -> bool:
    """Whether two values that differ look the same once their secrets are taken out."""
    return path in old and path in new and old[path] == new[path]


def _text(data: Any) -> str:
    if isinstance(data, str):
        return data
    return "" if data is None else str(yaml.safe_dump(data, sort_keys=True))


def _flat(data: Mapping[str, Any], path: Path = ()) -> dict[Path, Any]:
    """Return the leaves by path; a list is a leaf, for Helm replaces it whole."""
    found: dict[Path, Any] = {}
    for key, value in data.items():
        if isinstance(value, Mapping) and value:
            found |= _flat(value, (*path, str(key)))
        else:
            found[(*path, str(key))] = value
    return found


def _changes(before: list[Object], after: list[Object]) -> Iterator[ObjectChange]:
    old, new = _texts(before), _texts(after)
    for title in sorted({*old, *new}):
        if title not in old:
            yield ObjectChange(title, "new")
        elif title not in new:
            yield ObjectChange(title, "gone")
        elif old[title] != new[title]:
            lines = unified_diff(old[title].splitlines(), new[title].splitlines(), lineterm="", n=2)
            yield ObjectChange(title, "changed", tuple(lines)[2:])


def _texts(items: list[Object]) -> dict[str, str]:
    return {
        f"{item.get('kind')}/{(item.get('metadata') or {}).get('name')}": yaml.safe_dump(
            _masked(item), sort_keys=True
        )
        for item in items
    }


def _masked(item: Object) -> Object:
    """Return an object without what may be secret: a Secret's values are told apart by a part of their hash."""
    if item.get("kind") != "Secret":
        return item
    return {
        key: {name: f"(secret {_mark(inner)})" for name, inner in value.items()}
        if key in ("data", "stringData") and isinstance(value, Mapping)
        else value
        for key, value in item.items()
    }


def _mark(value: Any) -> str:
    """Return what tells two secrets apart and does not help to guess one."""
    return hashlib.blake2b(json.dumps(value, default=str).encode(), digest_size=3, key=_KEY).hexdigest()


def _objects(text: str) -> list[Object]:
    return [item for _, item in documents(text)]


def _is_hook(item: Object) -> bool:
    return "helm.sh/hook" in ((item.get("metadata") or {}).get("annotations") or {})


def _found(cluster: Cluster, item: Object, namespace: str) -> Object | None:
    return cluster.find(f"{item['apiVersion']}/{item['kind']}", str(item["metadata"]["name"]), namespace)


def _bare(found: Any, like: Any) -> Any:
    """Return of ``found`` only what ``like`` speaks of: the cluster fills in much that nobody wrote."""
    if isinstance(like, Mapping) and isinstance(found, Mapping):
        return {key: _bare(found[key], value) for key, value in like.items() if key in found}
    if isinstance(like, list) and isinstance(found, list) and len(like) == len(found):
        return [_bare(one, other) for one, other in zip(found, like, strict=True)]
    return found
