"""What is still open in a replica: actions, secrets, edited files."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from takeout.errors import DiskError, Where
from takeout.replica.files import Files
from takeout.replica.lock import hash_of
from takeout.replica.model import IGNORE, LOCAL, README, SECRETS, VALUES
from takeout.replica.results import CheckResult, still_open
from takeout.replica.secrets import unfilled
from takeout.replica.ticks import ticked, without_ticks
from takeout.values.node import find
from takeout.values.path import format_path, parse_path


def closing_checks(files: Files) -> list[CheckResult]:
    """Return what is left to a person: secrets, placeholders, actions, edited files, and how secrets are kept."""
    return [
        still_open("secrets", _secrets(files)),
        still_open("placeholders", _placeholders(files)),
        still_open("actions", _actions(files), f"{len(files.lock['actions'])} in all; tick them in {README}"),
        still_open("edited files", _edited(files)),
        _privacy(files.directory),
    ]


def _secrets(files: Files) -> Iterator[str]:
    document = files.values.get(SECRETS)
    if document is None and files.lock["secrets"]:
        yield f"{SECRETS} is not here: bring your copy, or replicate again to have a new one made"
        return
    for path in unfilled(document) if document is not None else ():
        yield f"{SECRETS}: {format_path(path)} is to be filled in"
    for secret in files.lock["secrets"]:
        path = parse_path(secret["path"])
        if all(find(values, path) is None for values in files.values.values()):
            yield f"{SECRETS} lacks {secret['path']}: {secret['purpose'].splitlines()[0]}"


def _placeholders(files: Files) -> Iterator[str]:
    for name in (VALUES, LOCAL):
        document = files.values.get(name)
        for path in unfilled(document) if document is not None else ():
            if find(files.merged, path) is not None and path in unfilled(files.merged):
                yield f"{name}: {format_path(path)} is to be filled in"


def _actions(files: Files) -> Iterator[str]:
    readme = files.directory / README
    done = ticked(readme.read_text(encoding="utf-8", errors="replace")) if readme.is_file() else frozenset()
    for action in files.lock["actions"]:
        if action["id"] not in done:
            blocking = "blocking: " if action["blocking"] else ""
            yield f"{blocking}{action['title']} ({action['id']})"


def _edited(files: Files) -> Iterator[str]:
    for name, digest in files.lock["files"].items():
        file = files.directory / name
        if name.rpartition(".")[2].startswith("new"):
            if file.exists():
                yield f"{name} waits for you: take over what you want of it, then delete it"
            continue
        try:
            content = file.read_bytes()
        except FileNotFoundError:
            yield f"{name} is gone"
            continue
        except OSError as error:
            raise DiskError(f"cannot read the file: {error.strerror}", where=Where(str(file))) from error
        if name == README:
            content = without_ticks(content.decode(errors="replace")).encode()
        if hash_of(content) != digest:
            yield f"{name} was edited; your changes are safer in {LOCAL}"


def _privacy(directory: Path) -> CheckResult:
    items = []
    ignore = directory / IGNORE
    lines = ignore.read_text(encoding="utf-8", errors="replace").split() if ignore.is_file() else []
    if not {SECRETS, f"/{SECRETS}"} & set(lines):
        items.append(f"{IGNORE} does not name {SECRETS}: git would publish it")
    secrets = directory / SECRETS
    if secrets.exists() and secrets.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        items.append(f"{SECRETS} can be read by others: chmod 600 {SECRETS}")
    return CheckResult("privacy", "found" if items else "ok", tuple(items))
