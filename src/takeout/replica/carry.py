"""Carry a release's secrets into ``secrets.yaml``, and nowhere else."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Mapping as MappingABC
from itertools import pairwise
from pathlib import Path as FilePath
from typing import Any

from takeout.errors import DiskError, Where
from takeout.replica.files import Files, read_files
from takeout.replica.model import SECRETS, VALUES
from takeout.replica.recall import layout_of
from takeout.replica.secrets import secrets_file
from takeout.replica.shorten import is_placeholder
from takeout.values.encrypted import placeholder
from takeout.values.node import (
    Comments,
    Mapping,
    Node,
    Scalar,
    Sequence,
    find,
    from_data,
    leaves,
    to_data,
    with_node,
)
from takeout.values.path import Path, format_path

_MADE_ANEW = frozenset({"cookieSecret", "secretToken", "cookie_secret", "auth_token", "CryptKeeper", "cryptoKey"})
"""z2jh makes these itself where they are not set, so rules take them out; kept, people stay logged in."""


def carry(
    directory: FilePath,
    secrets: MappingABC[Path, str],
    texts: MappingABC[Path, str],
    *,
    root: Path,
    added: Collection[str] = (),
) -> int:
    """Put a release's own secrets into the replica's ``secrets.yaml``; return how many.

    Carried is what the replica still has a place for: an entry of ``secrets.yaml``, a value that is a placeholder,
    code that a secret was cut out of, and what z2jh would make anew.

    Args:
        directory: The replica.
        secrets: The secrets by their path from the release's root.
        texts: Texts with a secret in them, the same way.
        root: The path from the release's root to z2jh's values.
        added: Entries that are new in ``secrets.yaml``; older ones that are filled in are the owners' own by now.

    Raises:
        DiskError: When the file cannot be written.
    """
    files = read_files(directory)
    document = files.values.get(SECRETS) or Mapping()
    values = files.values.get(VALUES) or Mapping()
    asked = {path for path, _ in leaves(document)}
    count = 0
    for path, text in (*secrets.items(), *texts.items()):
        place = _place(path, root, files)
        there = find(values, place)
        wanted = place in asked or not _MADE_ANEW.isdisjoint(map(str, path)) or _is_cut(there, path)
        now = find(document, place)
        if not wanted or (now is not None and not _is_open(now) and format_path(place) not in added):
            continue
        document = _put(document, values, place, text)
        count += 1
    if count:
        _write(directory / SECRETS, secrets_file(document, new=SECRETS not in files.values))
    return count


def _place(path: Path, root: Path, files: Files) -> Path:
    """Return where the replica has what the release has at ``path``."""
    layout = layout_of(files.lock)
    if path[: len(root)] == root:
        return layout.outer(("jupyterhub", *path[len(root) :]))
    # A companion stands beside z2jh, however deep that is.
    return path[len(root) - 1 :] if root else path


def _is_open(node: Node) -> bool:
    """Whether something is still to be filled in at ``node``, or below it."""
    below = leaves(node) if isinstance(node, Mapping) else [((), node)]
    return any(is_placeholder(to_data(leaf)) for _, leaf in below)


def _is_cut(node: object, path: Path) -> bool:
    return isinstance(node, Scalar) and isinstance(node.value, str) and placeholder(path) in node.value


def _put(document: Mapping, values: Mapping, place: Path, text: str) -> Mapping:
    """Return ``document`` with ``text`` at ``place``; a list goes along whole, for Helm replaces lists whole."""
    position = next((index for index, step in enumerate(place) if isinstance(step, int)), None)
    if position is None:
        old = find(document, place)
        comments = old.comments if isinstance(old, Scalar) else Comments()
        return with_node(document, place, Scalar(text, style="quoted", comments=comments))
    head = place[:position]
    there = find(document, head) or find(values, head)
    whole = to_data(there) if isinstance(there, Sequence) else []
    at: Any = whole
    for step, inner in pairwise(place[position:]):
        at = _room(at, step, [] if isinstance(inner, int) else {})
    _room(at, place[-1], "")
    at[place[-1]] = text
    return with_node(document, head, from_data(whole))


def _room(at: Any, step: Any, empty: Any) -> Any:
    """Return what ``at`` has at a step; a list that a rule took out of the values is made anew, entry by entry."""
    if isinstance(at, dict):
        return at.setdefault(step, empty)
    at.extend(type(empty)() for _ in range(len(at), step + 1))
    return at[step]


def _write(file: FilePath, text: str) -> None:
    beside = file.with_name(f".{file.name}.part")
    try:
        beside.touch(mode=0o600)
        beside.write_text(text, encoding="utf-8")
        beside.replace(file)
    except OSError as error:
        raise DiskError(f"cannot write the secrets: {error.strerror}", where=Where(str(file))) from error
