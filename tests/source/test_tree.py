from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from takeout.errors import DirectoryError, SourceError
from takeout.source.gittree import GitTree
from takeout.source.tree import DirectoryTree, Tree

FILES = {
    "config/a/one.yaml": "a: 1\n",
    "config/b/two.yaml": "b: 2\n",
    "config/b/note.txt": "no\n",
    "odd/with blank ü.yaml": "c: 3\n",
}


@pytest.fixture(params=["directory", "git"])
def tree(request: pytest.FixtureRequest, tmp_path: Path, commit: Callable[..., str]) -> Tree:
    """The same files, with links among them, as a directory and out of a commit."""
    root = tmp_path / "source"
    (root / "links").mkdir(parents=True)
    for name, target in {
        "inside.yaml": "../config/a/one.yaml",
        "directory": "../config/b",
        "outside.yaml": "../../secret.yaml",
        "absolute.yaml": "/etc/hostname",
        "dangling.yaml": "nowhere.yaml",
        "loop": "loop",
    }.items():
        (root / "links" / name).symlink_to(target)
    (tmp_path / "secret.yaml").write_text("secret: true\n")
    revision = commit(root, FILES)
    return DirectoryTree(root) if request.param == "directory" else GitTree(root, revision)


def test_files_are_read(tree: Tree) -> None:
    assert tree.read("config/a/one.yaml") == b"a: 1\n"
    assert tree.read("odd/with blank ü.yaml") == b"c: 3\n"
    assert tree.read("./config//a/../b/two.yaml") == b"b: 2\n"


def test_directories_are_listed_in_order(tree: Tree) -> None:
    assert tree.list("config") == ("a", "b")
    assert tree.list("config/b") == ("note.txt", "two.yaml")
    assert tree.list("nowhere") == ()
    assert tree.list("config/a/one.yaml") == ()


def test_a_star_stays_within_one_directory(tree: Tree) -> None:
    assert tree.glob("config/*/*.yaml") == ("config/a/one.yaml", "config/b/two.yaml")
    assert tree.glob("config/*.yaml") == ()
    assert tree.glob("config/a/one.yaml") == ("config/a/one.yaml",)


def test_what_is_there_is_told_apart(tree: Tree) -> None:
    assert tree.is_file("config/a/one.yaml")
    assert not tree.is_file("config/a")
    assert tree.is_directory("config/a")
    assert tree.is_directory("")
    assert not tree.exists("config/c")


def test_links_inside_are_followed_and_their_target_is_known(tree: Tree) -> None:
    assert tree.read("links/inside.yaml") == b"a: 1\n"
    assert tree.read("links/directory/two.yaml") == b"b: 2\n"
    assert tree.link("links/inside.yaml") == "../config/a/one.yaml"
    assert tree.link("config/a/one.yaml") is None


@pytest.mark.parametrize("path", ["links/outside.yaml", "links/absolute.yaml", "../secret.yaml"])
def test_nothing_outside_is_read(tree: Tree, path: str) -> None:
    with pytest.raises(SourceError, match="leads out of the source"):
        tree.read(path)


def test_a_link_to_itself_is_no_endless_walk(tree: Tree) -> None:
    with pytest.raises(SourceError, match="goes in circles"):
        tree.read("links/loop")


def test_a_dangling_link_is_a_missing_file(tree: Tree) -> None:
    assert not tree.exists("links/dangling.yaml")
    with pytest.raises(SourceError, match=r"there is no file links/dangling\.yaml"):
        tree.read("links/dangling.yaml")


def test_a_directory_is_no_file(tree: Tree) -> None:
    with pytest.raises(SourceError, match="config is a directory, and a file was expected"):
        tree.read("config")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(SourceError, match="not a regular file"):
        DirectoryTree(tmp_path).read("pipe.yaml")


def test_a_root_that_is_none_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(DirectoryError, match="is not there"):
        DirectoryTree(tmp_path / "nothing")
    with pytest.raises(DirectoryError, match="is not a directory"):
        DirectoryTree(tmp_path / "file")


def test_a_huge_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commit: Any) -> None:
    monkeypatch.setattr("takeout.source.tree.FILE_SIZE_MAX_BYTES", 8)
    monkeypatch.setattr("takeout.source.gittree.FILE_SIZE_MAX_BYTES", 8)
    revision = commit(tmp_path, {"big.yaml": "123456789", "small.yaml": "12345678"})
    for tree in (DirectoryTree(tmp_path), GitTree(tmp_path, revision)):
        with pytest.raises(SourceError, match="that is not a values file"):
            tree.read("big.yaml")
        assert tree.read("small.yaml") == b"12345678"
