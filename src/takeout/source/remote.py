"""Remote repositories, kept as shallow bare copies under the user's cache directory.

One copy per address. A commit is fetched with all its files and without its history, so that a second run needs no
network. A copy is made beside its place and renamed into it, under a lock: there is never half a copy.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from takeout.errors import DiskError, NetworkError, RevisionError
from takeout.progress import Progress
from takeout.source import git
from takeout.source.address import Address, hide_credentials
from takeout.source.gittree import GitTree
from takeout.source.tree import Tree

_FULL_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_PART_OF_HASH = re.compile(r"[0-9a-f]{4,64}")
_NAMEABLE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+@-]*")


def cache_directory() -> Path:
    """Return the user's cache directory for Takeout (XDG Base Directory Specification 0.8)."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "takeout"


def open_remote(address: Address, rev: str, *, offline: bool, progress: Progress) -> Tree:
    """Return the files of ``address`` at ``rev`` (its default branch where empty).

    The copy is brought up to date while the remote can be reached, and used as it is otherwise; the tree's
    ``told`` then says how old it is.

    Raises:
        NetworkError: When the remote cannot be reached and there is no copy that has the commit.
        RevisionError: When the remote has no such commit.
        DiskError: When the cache cannot be written.
    """
    if rev and (not _NAMEABLE.fullmatch(rev) or ".." in rev):
        raise RevisionError(
            f"{rev!r} cannot be asked of {address.shown}", hint="Give a branch, a tag or a commit's hash."
        )
    place = cache_directory() / "sources" / _slug(address)
    progress(f"fetch {address.shown}", 0, 1)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with _locked(place):
            commit, told = _bring(place, address, rev, offline=offline)
    except OSError as error:
        raise DiskError(
            f"the copy of {address.shown} cannot be kept in {place.parent}: {error.strerror or error}",
            hint="Set XDG_CACHE_HOME to a directory that can be written.",
        ) from error
    progress(f"fetch {address.shown}", 1, 1)
    tree = GitTree(place, commit, label=address.shown, offline=offline)
    tree.told = told
    tree.owner = address.owner
    return tree


def _bring(place: Path, address: Address, rev: str, *, offline: bool) -> tuple[str, str]:
    """Return the commit, which the copy at ``place`` then has, and a word about its age."""
    ref = f"refs/takeout/{hashlib.sha256(rev.encode()).hexdigest()[:16]}"
    known = _known(place, rev, ref)
    if known and _FULL_HASH.fullmatch(rev):
        return known, ""
    if offline:
        if known:
            return known, _age(place, address)
        raise NetworkError(
            f"there is no copy of {address.shown}{f' at {rev}' if rev else ''} on this machine",
            hint="Run once without --offline.",
        )
    try:
        if place.is_dir():
            return _fetch(place, address, rev, ref), ""
        return _make(place, address, rev, ref), ""
    except NetworkError:
        if known:
            return known, _age(place, address)
        raise


def _known(place: Path, rev: str, ref: str) -> str | None:
    if not place.is_dir():
        return None
    if _FULL_HASH.fullmatch(rev):
        return git.resolve(place, rev, offline=True)
    found = git.resolve(place, ref, offline=True)
    if found is None and _PART_OF_HASH.fullmatch(rev):
        found = git.resolve(place, rev, offline=True)
    return found


def _make(place: Path, address: Address, rev: str, ref: str) -> str:
    beside = place.with_name(f"{place.name}.part")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        made = git.run(None, "init", "--quiet", "--bare", "--template=", str(beside))
        if made.returncode:
            raise DiskError(f"{beside} cannot be made: {_last_line(made.stderr)}")
        commit = _fetch(beside, address, rev, ref)
        beside.rename(place)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return commit


def _fetch(place: Path, address: Address, rev: str, ref: str) -> str:
    wanted = rev or "HEAD"
    if _PART_OF_HASH.fullmatch(rev) and not _FULL_HASH.fullmatch(rev):
        wanted = _whole_hash(place, address, rev)
    refused = _fetch_one(place, address, wanted, ref)
    if refused and wanted != "HEAD" and not _FULL_HASH.fullmatch(wanted):
        refused = _fetch_one(place, address, f"refs/tags/{wanted}", ref)
    if refused:
        raise git.no_revision(rev, address.shown)
    commit = git.resolve(place, ref, offline=True)
    if commit is None:
        raise git.no_revision(rev, address.shown)
    os.utime(place)
    return commit


def _fetch_one(place: Path, address: Address, wanted: str, ref: str) -> bool:
    """Fetch one commit with its files; return whether the remote says that it has none such."""
    words = ("--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--force")
    done = git.run(place, "fetch", *words, "--", address.url, f"{wanted}:{ref}")
    return bool(done.returncode) and _is_refusal(done.stderr, address)


def _whole_hash(place: Path, address: Address, part: str) -> str:
    """Return the full hash that begins with ``part``; the remote's history is fetched for it without any files."""
    history = place.with_name(f"{place.name}.history")
    try:
        made = git.run(None, "init", "--quiet", "--bare", "--template=", str(history))
        if made.returncode:
            raise DiskError(f"{history} cannot be made: {_last_line(made.stderr)}")
        words = ("--quiet", "--no-tags", "--no-recurse-submodules", "--filter=tree:0", "--force")
        done = git.run(
            history, "fetch", *words, "--", address.url, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"
        )
        if done.returncode and _is_refusal(done.stderr, address):
            raise git.no_revision(part, address.shown)
        listed = git.run(history, "rev-list", "--all", offline=True).stdout.decode()
    finally:
        shutil.rmtree(history, ignore_errors=True)
    found = [name for name in listed.split() if name.startswith(part)]
    if len(found) == 1:
        return found[0]
    if found:
        raise RevisionError(
            f"{len(found)} commits of {address.shown} begin with {part}", hint="Give more digits of the hash."
        )
    # A branch or tag may look like a hash.
    return part


def _is_refusal(stderr: bytes, address: Address) -> bool:
    """Whether git failed because the remote has no such commit.

    Raises:
        NetworkError: When it failed for any other reason.
    """
    text = stderr.decode(errors="replace")
    if any(said in text for said in ("couldn't find remote ref", "not our ref", "no such ref", "unadvertised")):
        return True
    message = hide_credentials(_last_line(stderr).removeprefix("fatal: "))
    raise NetworkError(
        f"{address.shown} cannot be fetched: {message}",
        hint="Check the address and the network; a private repository needs credentials that git knows.",
    )


def _age(place: Path, address: Address) -> str:
    days = int((time.time() - place.stat().st_mtime) // 86400)
    age = "of today" if days < 1 else "a day old" if days == 1 else f"{days} days old"
    return f"{address.shown} was not asked; the copy on this machine is {age}"


def _slug(address: Address) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", address.shown.lower().removesuffix(".git")).strip("-")[-60:]
    return f"{name}-{hashlib.sha256(address.shown.encode()).hexdigest()[:12]}.git"


def _last_line(stderr: bytes) -> str:
    lines = [line for line in stderr.decode(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal:", "error:"))]
    return (telling or lines or ["git failed and said nothing"])[0]


@contextmanager
def _locked(place: Path) -> Iterator[None]:
    """Keep a second Takeout from the same copy; it waits."""
    with place.with_name(f"{place.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
