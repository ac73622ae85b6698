from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from takeout.errors import DirectoryError, RevisionError, SourceError, ToolError
from takeout.progress import silent
from takeout.source.gittree import GitTree
from takeout.source.place import open_tree
from takeout.source.tree import DirectoryTree, Tree

Commit = Callable[..., str]


def _open(place: Path | str, rev: str | None = None) -> Tree:
    return open_tree(str(place), rev, progress=silent, offline=False)


def _git(root: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=root, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, commit: Commit) -> Path:
    """Three commits of one file; a tag, a branch, and a change that is not committed."""
    root = tmp_path / "clone"
    commit(root, {"file": "one", "deep/file": "deep one"})
    _git(root, "tag", "first")
    commit(root, {"file": "two"})
    _git(root, "branch", "side")
    commit(root, {"file": "three"})
    (root / "file").write_text("not committed")
    return root


@pytest.mark.parametrize(
    ("rev", "content"),
    [
        (None, b"three"),
        ("HEAD", b"three"),
        ("HEAD~1", b"two"),
        ("first", b"one"),
        ("side", b"two"),
        ("main", b"three"),
    ],
)
def test_a_clone_is_read_at_a_commit(repository: Path, rev: str | None, content: bytes) -> None:
    tree = _open(repository, rev)
    assert tree.read("file") == content
    assert len(tree.revision) == 40
    assert tree.revision[:9] in tree.label


def test_a_commit_is_named_by_the_beginning_of_its_hash(repository: Path) -> None:
    revision = _git(repository, "rev-parse", "first^{commit}")
    assert _open(repository, revision[:7]).revision == revision


def test_the_checkout_is_left_as_it_is(repository: Path) -> None:
    before = _git(repository, "status", "--porcelain=v2", "--branch")
    _open(repository, "first").read("file")
    assert _git(repository, "status", "--porcelain=v2", "--branch") == before
    assert (repository / "file").read_text() == "not committed"


def test_a_bare_repository_and_a_worktree_are_read(repository: Path, tmp_path: Path) -> None:
    _git(tmp_path, "clone", "--quiet", "--bare", str(repository), "bare.git")
    assert _open(tmp_path / "bare.git", "first").read("file") == b"one"
    _git(repository, "worktree", "add", "--quiet", str(tmp_path / "tree"), "side")
    assert _open(tmp_path / "tree").read("file") == b"two"


def test_a_shallow_clone_is_read_as_far_as_it_goes(repository: Path, tmp_path: Path) -> None:
    _git(tmp_path, "clone", "--quiet", "--depth=1", repository.as_uri(), "shallow")
    assert _open(tmp_path / "shallow").read("file") == b"three"
    with pytest.raises(RevisionError, match="has no commit, tag or branch 'first'") as caught:
        _open(tmp_path / "shallow", "first")
    assert "--unshallow" in caught.value.hint


def test_a_partial_clone_fetches_what_it_lacks_unless_offline(repository: Path, tmp_path: Path) -> None:
    _git(repository, "config", "uploadpack.allowFilter", "true")
    _git(repository, "config", "uploadpack.allowAnySHA1InWant", "true")
    for name in ("partial", "alone"):
        _git(tmp_path, "clone", "--quiet", "--filter=blob:none", "--no-checkout", repository.as_uri(), name)
    assert _open(tmp_path / "partial", "first").read("deep/file") == b"deep one"
    tree = open_tree(str(tmp_path / "alone"), None, progress=silent, offline=True)
    with pytest.raises(SourceError, match="its content is not in the clone"):
        tree.read("deep/file")


def test_a_branch_of_the_remote_is_found(repository: Path, tmp_path: Path) -> None:
    _git(tmp_path, "clone", "--quiet", repository.as_uri(), "clone2")
    assert _open(tmp_path / "clone2", "side").read("file") == b"two"


def test_a_directory_inside_a_clone_is_read_as_it_lies_unless_a_commit_is_given(repository: Path) -> None:
    (repository / "deep" / "file").write_text("changed")
    inside = _open(repository / "deep")
    assert isinstance(inside, DirectoryTree)
    assert inside.read("file") == b"changed"
    assert _open(repository / "deep", "first").read("file") == b"deep one"


@pytest.mark.parametrize("rev", ["nothing", "0" * 40, "--output=x", "", "first:file", "a b"])
def test_a_commit_that_is_not_there(repository: Path, rev: str) -> None:
    with pytest.raises(RevisionError, match="has no commit, tag or branch"):
        _open(repository, rev)


def test_a_plain_directory_has_no_commits(tmp_path: Path) -> None:
    with pytest.raises(RevisionError, match="has no history") as caught:
        _open(tmp_path, "main")
    assert caught.value.exit_code == 2
    assert "--rev" in caught.value.hint


def test_a_repository_without_a_commit_is_a_directory(tmp_path: Path) -> None:
    _git(tmp_path, "init", "--quiet")
    assert isinstance(_open(tmp_path), DirectoryTree)


def test_no_source_at_all() -> None:
    with pytest.raises(SourceError, match="no source is named"):
        _open(" ")


def test_no_directory(tmp_path: Path) -> None:
    with pytest.raises(DirectoryError, match="is not there"):
        _open(tmp_path / "nowhere")


def test_without_git_a_clone_cannot_be_read_and_a_directory_can(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(ToolError, match="the program git is not there") as caught:
        _open(repository)
    assert caught.value.exit_code == 3
    assert _open(repository / "deep").read("file") == b"deep one"


def test_a_foreign_repository_runs_no_program(repository: Path, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {mark}\n")
    program.chmod(0o755)
    for name in ("core.fsmonitor", "core.pager", "core.sshCommand", "diff.external", "filter.x.smudge"):
        _git(repository, "config", name, str(program))
    _git(repository, "config", "alias.cat-file", f"!{program}")
    (repository / ".gitattributes").write_text("* filter=x\n")
    _open(repository, "first").read("file")
    assert not mark.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_repository_of_someone_else_is_read_only_when_git_trusts_it(repository: Path) -> None:
    for path in (repository, repository / ".git"):
        os.chown(path, 12345, 12345)
    with pytest.raises(SourceError, match="belongs to another user") as caught:
        _open(repository)
    assert "safe.directory" in caught.value.hint


def test_the_environment_of_a_hook_points_git_nowhere_else(
    repository: Path, tmp_path: Path, commit: Commit, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    commit(other, {"file": "other"})
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    assert _open(repository).read("file") == b"three"


def test_many_files_come_from_one_process(repository: Path) -> None:
    tree = _open(repository)
    assert isinstance(tree, GitTree)
    tree.read("file")
    process = tree._process
    tree.read("deep/file")
    assert tree._process is process
    tree.close()
    assert tree.read("file") == b"three"


def test_an_object_that_is_gone_is_an_error_with_a_mend(repository: Path) -> None:
    tree = _open(repository)
    name = _git(repository, "rev-parse", "HEAD:deep/file")
    (repository / ".git" / "objects" / name[:2] / name[2:]).unlink()
    with pytest.raises(SourceError, match="its content is not in the clone") as caught:
        tree.read("deep/file")
    assert "git fsck" in caught.value.hint
    assert tree.read("file") == b"three"


def test_the_owner_is_known_from_the_remote(repository: Path) -> None:
    assert _open(repository).owner == ""
    _git(repository, "remote", "add", "origin", "git@forge.example.org:acme/infrastructure.git")
    assert _open(repository).owner == "acme"
