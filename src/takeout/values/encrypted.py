"""Secrets of a source: their names are kept, their values never are.

Files encrypted with sops keep their keys in the clear. Whoever leaves cannot decrypt the values, but the keys tell
which secrets the replica's owners have to make or to ask for.

Source: https://github.com/getsops/sops/blob/v3.10.2/README.rst
"""

from __future__ import annotations

from collections.abc import Iterable

from takeout.errors import Fault
from takeout.values.node import Comments, Mapping, Node, Scalar, Sequence, walk
from takeout.values.path import Path, format_path

_SOPS = "sops"
_SOPS_KEYS = frozenset({"mac", "version", "lastmodified"})
_ABOUT_KEYS = frozenset({"duplicate-key", "yaml11-key", "merge-replaces-key", "unread-document"})
_CIPHERTEXT = "ENC["


def is_encrypted(values: Mapping) -> bool:
    """Whether ``values`` are a sops file: sops' own section is there, or a value is a ciphertext."""
    section = values.entries.get(_SOPS)
    if isinstance(section, Mapping) and not _SOPS_KEYS.isdisjoint(section.entries):
        return True
    return any(isinstance(node, Scalar) and is_ciphertext(node) for _, node in walk(values))


def is_ciphertext(node: Scalar) -> bool:
    """Whether a value is one that sops encrypted."""
    return isinstance(node.value, str) and node.value.startswith(_CIPHERTEXT) and node.value.endswith("]")


def placeholder(path: Path) -> str:
    """Return the text that stands for the secret at ``path``."""
    return f"<secret: {format_path(path)}>"


def is_placeholder(text: str) -> bool:
    """Whether ``text`` stands for a secret."""
    return text.startswith("<secret: ") and text.endswith(">")


def placeholders(values: Mapping) -> tuple[Mapping, tuple[Path, ...]]:
    """Return ``values`` with a placeholder for every value, and the paths of the placeholders.

    Nulls, empty mappings and empty lists stay: they hold nothing, and mean something to Helm. Comments, and what a
    value replaced inside the file, are left out, for they may hold secrets too. The section that sops adds goes.

    Args:
        values: A file of secrets, encrypted or not.
    """
    paths: list[Path] = []
    entries = {
        key: _hide(node, (key,), paths)
        for key, node in values.entries.items()
        if key != _SOPS or not is_encrypted(Mapping({_SOPS: node}))
    }
    return Mapping(entries, values.mark), tuple(paths)


def _hide(node: Node, path: Path, paths: list[Path]) -> Node:
    match node:
        case Mapping():
            entries = {key: _hide(child, (*path, key), paths) for key, child in node.entries.items()}
            return Mapping(entries, node.mark)
        case Sequence():
            items = tuple(_hide(child, (*path, index), paths) for index, child in enumerate(node.items))
            return Sequence(items, node.mark)
        case Scalar(value=None):
            return Scalar(None, node.mark, comments=Comments())
    paths.append(path)
    return Scalar(placeholder(path), node.mark, "quoted")


def without_values(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Return the faults of a file of secrets that tell of its keys alone; the others quote its values."""
    return tuple(fault for fault in faults if fault.code in _ABOUT_KEYS)
