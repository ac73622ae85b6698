"""From what a person calls a source to the tree of its files."""

from __future__ import annotations

from pathlib import Path

from takeout.errors import RevisionError, SourceError
from takeout.progress import Progress
from takeout.source import git
from takeout.source.address import parse_address
from takeout.source.gittree import GitTree
from takeout.source.remote import open_remote
from takeout.source.tree import DirectoryTree, Tree


def open_tree(place: str, rev: str | None, *, progress: Progress, offline: bool) -> Tree:
    """Return the files of ``place``: a directory, the root of a git repository, or an address.

    The root of a repository is read at ``rev``, or at its newest commit; another directory inside of one is read
    as it lies on the disk unless ``rev`` is given.

    Raises:
        SourceError: When it is no source that can be read.
        DirectoryError: When it is not there, or not a directory.
        RevisionError: When there is no such commit, or no history.
        NetworkError: When a remote place cannot be reached.
        ToolError: When git is needed and missing.
    """
    if not place.strip():
        raise SourceError("no source is named", hint="Give a directory, a clone or an address: --source PATH|URL")
    address = parse_address(place)
    if address is not None:
        return open_remote(address, rev or address.rev, offline=offline, progress=progress)
    directory = Path(place).expanduser()
    if not directory.is_dir():
        # DirectoryTree says what is wrong.
        return DirectoryTree(directory)
    if rev is None and not _looks_like_repository(directory):
        return DirectoryTree(directory)
    top = git.toplevel(directory)
    if top is None:
        if rev is None:
            return DirectoryTree(directory)
        raise RevisionError(
            f"{directory} has no history, so there is no commit {rev!r} in it",
            hint="Leave out --rev, or give a clone of the repository.",
        )
    commit = git.resolve(directory, "HEAD" if rev is None else rev, offline=offline)
    if commit is None:
        if rev is None:
            return DirectoryTree(directory)
        raise git.no_revision(rev, str(directory))
    tree = GitTree(directory, commit, below=_below(top, directory), label=str(directory), offline=offline)
    tree.owner = _owner(directory)
    return tree


def _looks_like_repository(directory: Path) -> bool:
    bare = (directory / "HEAD").is_file() and (directory / "objects").is_dir()
    return bare or (directory / ".git").exists()


def _below(top: Path, directory: Path) -> str:
    """Return the path of ``directory`` inside the work tree ``top``; empty for a git directory itself."""
    inside = directory.resolve()
    if inside == top.resolve() or not inside.is_relative_to(top.resolve()):
        return ""
    if _looks_like_repository(inside):
        return ""
    return inside.relative_to(top.resolve()).as_posix()


def _owner(directory: Path) -> str:
    found = git.run(directory, "config", "--get", "remote.origin.url", offline=True)
    if found.returncode:
        return ""
    try:
        address = parse_address(found.stdout.decode(errors="replace").strip())
    except SourceError:
        return ""
    return address.owner if address is not None else ""
