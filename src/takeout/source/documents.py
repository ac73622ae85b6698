"""Values documents out of a tree, each read once."""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from takeout.errors import Fault, ValuesError, Where
from takeout.source.tree import Tree
from takeout.values.encrypted import is_encrypted, placeholders
from takeout.values.jsonnet import evaluate
from takeout.values.node import Mapping
from takeout.values.path import Path
from takeout.values.read import read_yaml

_GIT_CRYPT = b"\0GITCRYPT\0"
"""What a file begins with while git-crypt keeps it locked; nothing of it can be read, not even its keys.

Source: https://github.com/AGWA/git-crypt/blob/0.7.0/crypto.hpp
"""


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
        content = self.tree.read(path)
        if content.startswith(_GIT_CRYPT):
            return Loaded(path, Mapping(), (_locked(path),), kind="secret")
        document = read_yaml(content, path)
        if is_encrypted(document.values):
            values, encrypted = placeholders(document.values)
            return Loaded(path, values, document.faults, encrypted, "secret")
        return Loaded(path, document.values, document.faults)

    def _evaluate(self, path: str, ext_vars: MappingABC[str, str]) -> Loaded:
        key = (path, tuple(sorted(ext_vars.items())))
        if key not in self._evaluated:
            values = evaluate(self._text(path), path, ext_vars, self._import)
            self._evaluated[key] = Loaded(path, values, kind="jsonnet")
        return self._evaluated[key]

    def _import(self, path: str) -> str | None:
        return self._text(path) if self.tree.is_file(path) else None

    def _text(self, path: str) -> str:
        try:
            return self.tree.read(path).decode()
        except UnicodeDecodeError as error:
            fault = Fault("encoding", "the file is not UTF-8", Where(path), "save the file as UTF-8", fatal=True)
            raise ValuesError([fault]) from error


def _locked(path: str) -> Fault:
    return Fault(
        "locked",
        f"{path} is locked by git-crypt; what it holds is not known",
        Where(path),
        "Ask the operator for the names of the values in it, or unlock the clone: git-crypt unlock",
    )
