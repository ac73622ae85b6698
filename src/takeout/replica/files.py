"""Read a replica from its directory, as Helm will see it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from takeout.errors import DiskError, Fault, ValuesError, Where
from takeout.replica.lock import read_lock
from takeout.replica.model import HELM_ORDER, MANIFESTS
from takeout.values.merge import overlay
from takeout.values.node import Data, Mapping, to_data
from takeout.values.read import read_yaml


@dataclass(frozen=True, slots=True)
class Files:
    """A replica.

    Attributes:
        directory: Where it is.
        lock: Its ``takeout.json``.
        values: Its values files by name, those that are there, the strongest last.
        faults: What Helm would swallow in them.
        manifests: The Kubernetes objects in ``manifests/``.
    """

    directory: Path
    lock: dict[str, Any]
    values: dict[str, Mapping]
    faults: tuple[Fault, ...]
    manifests: tuple[dict[str, Data], ...]

    @property
    def merged(self) -> Mapping:
        """What Helm is given when the runbook is followed."""
        return overlay(list(self.values.values()))


def read_files(directory: Path) -> Files:
    """Return the replica in ``directory``.

    Raises:
        DirectoryError: When there is no replica.
        ValuesError: When a file cannot be read as YAML; carries the faults of all files.
        DiskError: When the disk refuses.
    """
    lock = read_lock(directory)
    faults: list[Fault] = []
    values = {}
    for name in HELM_ORDER:
        document = _document(directory, name, faults)
        if document is not None:
            values[name] = document
    manifests = []
    for file in sorted((directory / MANIFESTS).glob("*.y*ml")):
        document = _document(directory, f"{MANIFESTS}/{file.name}", faults)
        data = to_data(document) if document is not None else None
        if isinstance(data, dict) and data:
            manifests.append(data)
    if any(fault.fatal for fault in faults):
        raise ValuesError([fault for fault in faults if fault.fatal])
    return Files(directory, lock, values, tuple(faults), tuple(manifests))


def _document(directory: Path, name: str, faults: list[Fault]) -> Mapping | None:
    file = directory / name
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DiskError(f"cannot read the file: {error.strerror}", where=Where(str(file))) from error
    try:
        document = read_yaml(content, str(file))
    except ValuesError as error:
        faults += [Fault(f.code, f.message, f.where, f.hint, fatal=True) for f in error.faults]
        return None
    faults += document.faults
    return document.values
