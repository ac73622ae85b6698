"""``takeout.json``: what the replica was made from, so that it can be updated, explained and checked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from collections.abc import Mapping as MappingABC
from pathlib import Path as FilePath
from typing import Any

from takeout import __version__
from takeout.adapt.context import Context, Dependency
from takeout.adapt.engine import Adaptation
from takeout.adapt.rule import Action, Change, Cover, Rule
from takeout.errors import DirectoryError, DiskError, Where
from takeout.replica.model import LOCK, Layout, SecretEntry
from takeout.replica.options import format_storage
from takeout.replica.provenance import Layers, provenance, removals
from takeout.replica.shorten import difference, shown
from takeout.source.model import Configuration
from takeout.values.node import Mapping, Node, Scalar
from takeout.values.path import Path, format_path

FORMAT = "takeout-replica"
SCHEMA = 1
"""Raised when a reader of an older schema would go wrong."""

_LINE_BY_LINE = ("provenance", "removed", "changes", "files")
"""Sections whose entries stand one on a line, so that a difference between two locks can be read."""


def make_lock(
    configuration: Configuration,
    context: Context,
    adaptation: Adaptation,
    values: Mapping,
    *,
    layout: Layout,
    rules: Iterable[Rule],
    secrets: Iterable[SecretEntry],
    label: str,
) -> dict[str, object]:
    """Return the lock of a replica without the hashes of its files; no secret is in it."""
    secrets = tuple(secrets)
    known = frozenset(secret.path for secret in secrets)
    layers = Layers()
    for layer in configuration.layers:
        layers.number(layer.file)
    changed = {change.rule for change in adaptation.changes}
    asked = {action.rule for action in adaptation.actions} | {keep.rule for keep in adaptation.keeps}
    return {
        "format": FORMAT,
        "schema": SCHEMA,
        "takeout": __version__,
        "source": {"label": label, "revision": configuration.revision, "era": configuration.era},
        "hub": _hub(configuration),
        "target": context.target.name,
        "options": {
            "domain": context.options.domain,
            "storage": format_storage(context.options.storage),
            "auth": context.options.auth,
        },
        "umbrella": layout.umbrella,
        "chart": dependency_to_json(layout.jupyterhub),
        "companions": [dependency_to_json(companion) for companion in layout.companions],
        # People's names and ids stay out: the community's repository is no place for them.
        "origin": [[term.text, term.kind, term.told_by] for term in context.terms if term.kind != "person"],
        "files": {},
        "rules": {rule.id: {"title": rule.title, "why": rule.why} for rule in rules if rule.id in changed | asked},
        "changes": [_change(change, layout, known) for change in adaptation.changes],
        "actions": [action_to_json(action) for action in adaptation.actions],
        "keeps": [
            {"cover": _cover(keep.cover), "reason": keep.reason, "rule": keep.rule} for keep in adaptation.keeps
        ],
        "secrets": [
            {
                "path": format_path(secret.path),
                "purpose": secret.purpose,
                "generate": secret.generate,
                "blocking": secret.blocking,
            }
            for secret in secrets
        ],
        "provenance": provenance(values, layers, known),
        "removed": removals(values, layers, known),
        "layers": layers.names,
    }


def dump_lock(lock: MappingABC[str, object]) -> str:
    """Return the lock's text: sections in their order, long ones with one entry on a line."""
    sections = []
    for key, value in lock.items():
        if key in _LINE_BY_LINE and value:
            text = _lines(value)
        else:
            text = json.dumps(value, ensure_ascii=False, indent=1).replace("\n", "\n ")
        sections.append(f" {json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(sections) + "\n}\n"


def read_lock(directory: FilePath) -> dict[str, Any]:
    """Return the lock of the replica in ``directory``.

    Raises:
        DirectoryError: When there is no replica, or one of a newer schema, or its lock is broken.
        DiskError: When the lock cannot be read.
    """
    file = directory / LOCK
    where = Where(str(file))
    try:
        lock = json.loads(file.read_bytes())
    except (FileNotFoundError, NotADirectoryError) as error:
        if not directory.exists():
            raise DirectoryError("there is no such directory", where=Where(str(directory))) from error
        raise DirectoryError(
            f"not a replica: it has no {LOCK}",
            where=Where(str(directory)),
            hint="`takeout hub replicate QUERY --to DIR` writes one",
        ) from error
    except ValueError as error:
        hint = "restore the file, or replicate into a new directory and move your own files there"
        raise DirectoryError(f"the lock cannot be read: {error}", where=where, hint=hint) from error
    except OSError as error:
        raise DiskError(f"the lock cannot be read: {error.strerror}", where=where) from error
    if not isinstance(lock, dict) or lock.get("format") != FORMAT:
        raise DirectoryError(f"not a replica: its {LOCK} is of something else", where=where)
    if not isinstance(lock.get("schema"), int) or lock["schema"] > SCHEMA:
        raise DirectoryError(
            f"written by a newer Takeout ({lock.get('takeout')})",
            where=where,
            hint="pip install -U jupyterhub-takeout",
        )
    return lock


def hash_of(content: bytes) -> str:
    """Return the hash by which the lock knows a file."""
    return hashlib.sha256(content).hexdigest()


def dependency_to_json(dependency: Dependency) -> dict[str, str]:
    """Return a chart's name, version and repository."""
    fields = ("name", "chart", "version", "repository", "condition")
    return {field: getattr(dependency, field) for field in fields}


def action_to_json(action: Action) -> dict[str, object]:
    """Return an action's fields; its covers keep the rules' own paths, which are those of findings."""
    return {
        "id": action.id,
        "title": action.title,
        "text": action.text,
        "commands": list(action.commands),
        "verify": action.verify,
        "stage": action.stage,
        "blocking": action.blocking,
        "covers": [_cover(cover) for cover in action.covers],
        "rule": action.rule,
    }


def _cover(cover: Cover) -> list[str]:
    return [cover.net, cover.subject, cover.path]


def _hub(configuration: Configuration) -> dict[str, object]:
    entry = configuration.entry
    return {
        "id": entry.id,
        "cluster": entry.cluster,
        "name": entry.name,
        "title": entry.title,
        "domain": entry.domain or configuration.facts.domain,
        "provider": entry.provider or configuration.facts.provider,
        "chart": configuration.facts.chart,
        "file": entry.file,
        "line": entry.line,
    }


def _change(change: Change, layout: Layout, known: frozenset[Path]) -> list[object]:
    path = layout.outer(change.path)
    before, after = shown(path, change.before, known), shown(path, change.after, known)
    entry: list[object] = [change.rule, format_path(path), change.kind, before, after, change.why]
    lines = text_difference(change.before, change.after, path, known)
    return [*entry, lines] if lines else entry


def text_difference(before: Node | None, after: Node | None, path: Path, known: frozenset[Path]) -> list[str]:
    """Return what changed inside a long text; empty where the value is no long text, or a secret."""
    match before, after:
        case Scalar(value=str() as old), Scalar(value=str() as new) if "\n" in old.strip():
            if shown(path, before, known) != "(secret)":
                return difference(old, new)
    return []


def _lines(value: object) -> str:
    if isinstance(value, MappingABC):
        entries = [f"{json.dumps(key, ensure_ascii=False)}: {_compact(item)}" for key, item in value.items()]
        return "{\n  " + ",\n  ".join(entries) + "\n }"
    assert isinstance(value, list)  # noqa: S101 - the sections are ours
    return "[\n  " + ",\n  ".join(_compact(item) for item in value) + "\n ]"


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
