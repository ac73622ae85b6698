"""Write a replica: anew, or over an older one without touching what is the owners'."""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from takeout.errors import DirectoryError, DiskError, Where
from takeout.replica.commit import create_directory, update_directory
from takeout.replica.hidden import Hidden, hidden_changes
from takeout.replica.lock import dump_lock, hash_of, read_lock
from takeout.replica.model import LOCAL, LOCK, README, SECRETS, VALUES, Replica
from takeout.replica.secrets import add_secrets, relay, secrets_file
from takeout.replica.ticks import ticked, with_ticks, without_ticks
from takeout.values.node import Mapping
from takeout.values.path import format_path
from takeout.values.read import read_yaml

_PRIVATE = frozenset({SECRETS})


@dataclass(frozen=True, slots=True)
class Written:
    """What writing a replica did.

    Attributes:
        directory: The replica.
        created: Files that were not there.
        updated: Files that were written anew.
        removed: Files of an older run that are not needed any more.
        beside: For each file that the owners edited, where the new version was put.
        abandoned: Files that are not needed any more and stay because the owners edited them.
        secrets_added: Paths of new entries in ``secrets.yaml``.
        hidden: Changes of the source that ``local.values.yaml`` hides.
        relaid: Whether z2jh's values moved below ``jupyterhub``, or out of it, since the last run.
    """

    directory: Path
    created: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    beside: MappingABC[str, str] = field(default_factory=dict)
    abandoned: tuple[str, ...] = ()
    secrets_added: tuple[str, ...] = ()
    hidden: tuple[Hidden, ...] = ()
    relaid: bool = False

    @property
    def changed(self) -> bool:
        """Whether any file was touched."""
        return bool(self.created or self.updated or self.removed)


@dataclass(slots=True)
class _Plan:
    """The files to write, and what will be said about it."""

    files: dict[str, bytes] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    beside: dict[str, str] = field(default_factory=dict)
    abandoned: list[str] = field(default_factory=list)
    secrets_added: list[str] = field(default_factory=list)


def write(replica: Replica, directory: Path) -> Written:
    """Write ``replica`` to ``directory``: all of it or nothing.

    Args:
        replica: What to write.
        directory: Nothing, an empty directory, or an older replica of the same hub.

    Raises:
        DirectoryError: When the directory is somebody else's.
        ValuesError: When ``secrets.yaml`` or ``local.values.yaml`` of the owners cannot be read.
        DiskError: When something cannot be read or written.
    """
    lock = previous_lock(directory, replica.id)
    plan = _plan(replica, directory, lock)
    hidden = hidden_changes(_read_bytes(directory / VALUES), replica.values, _read_bytes(directory / LOCAL))
    final = dump_lock({**replica.lock, "files": plan.hashes}).encode()
    before = _read_bytes(directory / LOCK)
    if final != before:
        (plan.updated if before is not None else plan.created).append(LOCK)
    if not directory.exists():
        create_directory(directory, {**plan.files, LOCK: final}, _PRIVATE)
    elif plan.files or plan.removed or final != before:
        pending = {name: hash_of(content) for name, content in plan.files.items() if name != SECRETS}
        intent = dump_lock({**(lock or replica.lock), "pending": pending}).encode()
        files = [(LOCK, intent), *plan.files.items(), (LOCK, final)]
        update_directory(directory, files, plan.removed, _PRIVATE)
    return Written(
        directory,
        tuple(plan.created),
        tuple(plan.updated),
        tuple(plan.removed),
        plan.beside,
        tuple(plan.abandoned),
        tuple(plan.secrets_added),
        hidden,
        relaid=_is_relaid(replica, lock),
    )


def previous_lock(directory: Path, hub: str = "") -> dict[str, Any] | None:
    """Return the lock of the replica that is in ``directory``, or None where there is nothing yet.

    Args:
        directory: Where a replica of ``hub`` is to be written.
        hub: The hub, as ``cluster/name``; empty for any.

    Raises:
        DirectoryError: When there is something that Takeout did not write, or another hub's replica.
        DiskError: When it cannot be looked at.
    """
    where = Where(str(directory))
    try:
        if not directory.exists() and not directory.is_symlink():
            return None
        if not directory.is_dir():
            raise DirectoryError("not a directory", where=where, hint="choose another name with --to")
        if not (directory / LOCK).exists():
            if any(directory.iterdir()):
                hint = "choose an empty directory, or a new one, with --to"
                raise DirectoryError(
                    "the directory holds files that Takeout did not write", where=where, hint=hint
                )
            return None
    except OSError as error:
        raise DiskError(f"cannot look into the directory: {error.strerror}", where=where) from error
    lock = read_lock(directory)
    there = lock.get("hub", {}).get("id")
    if hub and there != hub:
        hint = f"choose another directory with --to, or replicate {there} again"
        raise DirectoryError(f"the directory is the replica of {there}, not of {hub}", where=where, hint=hint)
    return lock


def _plan(replica: Replica, directory: Path, lock: dict[str, Any] | None) -> _Plan:
    plan = _Plan()
    known: dict[str, set[str]] = {}
    for hashes in ((lock or {}).get("files", {}), (lock or {}).get("pending", {})):
        for name, digest in hashes.items():
            known.setdefault(name, set()).add(digest)
    for name, text in replica.files.items():
        _plan_file(plan, directory, name, text, known)
    for name, text in replica.seeds.items():
        if not (directory / name).exists():
            plan.files[name] = text.encode()
            plan.created.append(name)
    _plan_removals(plan, directory, known)
    _plan_secrets(plan, replica, directory, relaid=_is_relaid(replica, lock))
    return plan


def _plan_file(plan: _Plan, directory: Path, name: str, text: str, known: dict[str, set[str]]) -> None:
    there = _read_bytes(directory / name)
    plan.hashes[name] = hash_of(text.encode())
    if name == README and there is not None:
        text = with_ticks(text, ticked(there.decode(errors="replace")))
    content = text.encode()
    if there is None:
        plan.created.append(name)
    elif there == content:
        return
    elif _own_hash(name, there) in known.get(name, set()):
        plan.updated.append(name)
    else:
        _plan_beside(plan, directory, name, content, known)
        return
    plan.files[name] = content


def _plan_beside(plan: _Plan, directory: Path, name: str, content: bytes, known: dict[str, set[str]]) -> None:
    """Put the new version of a file that the owners edited beside theirs."""
    number = 1
    while True:
        beside = f"{name}.new" if number == 1 else f"{name}.new{number}"
        there = _read_bytes(directory / beside)
        if there is None or there == content or hash_of(there) in known.get(beside, set()):
            break
        number += 1
    plan.beside[name] = beside
    plan.hashes[beside] = hash_of(content)
    if there != content:
        plan.files[beside] = content
        (plan.updated if there is not None else plan.created).append(beside)


def _plan_removals(plan: _Plan, directory: Path, known: dict[str, set[str]]) -> None:
    for name, digests in known.items():
        there = None if name in plan.hashes else _read_bytes(directory / name)
        if there is None:
            continue
        if _own_hash(name, there) in digests:
            plan.removed.append(name)
        else:
            plan.abandoned.append(name)


def _plan_secrets(plan: _Plan, replica: Replica, directory: Path, *, relaid: bool) -> None:
    there = _read_bytes(directory / SECRETS)
    document = Mapping() if there is None else read_yaml(there, str(directory / SECRETS)).values
    if relaid:
        document = relay(document, umbrella=replica.layout.umbrella)
    document, added = add_secrets(document, replica.secrets)
    plan.secrets_added += [format_path(path) for path in added]
    if there is None or added or (relaid and document.entries):
        plan.files[SECRETS] = secrets_file(document, new=there is None).encode()
        (plan.created if there is None else plan.updated).append(SECRETS)


def _is_relaid(replica: Replica, lock: dict[str, Any] | None) -> bool:
    return lock is not None and lock.get("umbrella") is not replica.layout.umbrella


def _own_hash(name: str, content: bytes) -> str:
    """Return the hash that the lock would have for ``content``; ticks in the runbook do not count as edits."""
    if name == README:
        content = without_ticks(content.decode(errors="replace")).encode()
    return hash_of(content)


def _read_bytes(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise DiskError(f"cannot read the file: {error.strerror}", where=Where(str(file))) from error
