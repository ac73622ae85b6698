"""Values documents out of a tree, each read once."""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from takeout.errors import Fault
from takeout.source.tree import Tree
from takeout.values.encrypted import placeholders
from takeout.values.jsonnet import evaluate
from takeout.values.node import Mapping
from takeout.values.path import Path
from takeout.values.read import read_yaml

SOPS = "sops"
"""The key under which sops keeps its own notes, in every file that it encrypted."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """One document of a tree.

    Attributes:
        file: Its path inside the tree.
        values: The document; placeholders where it is encrypted.
        faults: What Helm would have swallowed.
        encrypted: Paths of the values that are encrypted; empty where none is.
        kind: ``secret`` where the file is encrypted, ``jsonnet`` where it was evaluated.
    """

    file: str
    values: Mapping
    faults: tuple[Fault, ...] = ()
    encrypted: tuple[Path, ...] = ()
    kind: Literal["file", "secret", "jsonnet"] = "file"


class Documents:
    """The documents of a tree, kept once they are read.

    Args:
        tree: The files.
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._plain: dict[str, Loaded] = {}
        self._evaluated: dict[tuple[str, tuple[tuple[str, str], ...]], Loaded] = {}

    def read(self, path: str, ext_vars: MappingABC[str, str] | None = None) -> Loaded:
        """Return the document at ``path``: YAML, JSON, jsonnet, or any of these encrypted by sops.

        Args:
            path: Path inside the tree.
            ext_vars: What ``std.extVar`` gives to jsonnet.

        Raises:
            ValuesError: When it cannot be read as Helm would.
            SourceError: When there is no such file.
        """
        if PurePosixPath(path).suffix == ".jsonnet":
            return self._evaluate(path, ext_vars or {})
        if path not in self._plain:
            self._plain[path] = self._read(path)
        return self._plain[path]

    def encrypted(self, path: str) -> tuple[Path, ...]:
        """Return the paths of the values that are encrypted in the document at ``path``, if it was read."""
        loaded = self._plain.get(path)
        return loaded.encrypted if loaded is not None else ()

    def _read(self, path: str) -> Loaded:
        document = read_yaml(self.tree.read(path), path)
        if isinstance(document.values.entries.get(SOPS), Mapping):
            values, encrypted = placeholders(document.values)
            return Loaded(path, values, document.faults, tuple(encrypted), "secret")
        return Loaded(path, document.values, document.faults)

    def _evaluate(self, path: str, ext_vars: MappingABC[str, str]) -> Loaded:
        key = (path, tuple(sorted(ext_vars.items())))
        if key not in self._evaluated:
            values = evaluate(self.tree.read(path).decode(), path, ext_vars, self.tree.read)
            self._evaluated[key] = Loaded(path, values, kind="jsonnet")
        return self._evaluated[key]
