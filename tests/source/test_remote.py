from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from takeout.errors import DiskError, NetworkError, RevisionError
from takeout.progress import silent
from takeout.source import open_source
from takeout.source.place import open_tree
from takeout.source.remote import cache_directory
from takeout.source.tree import Tree

Commit = Callable[..., str]


def _open(place: str, rev: str | None = None, *, offline: bool = False) -> Tree:
    return open_tree(place, rev, progress=silent, offline=offline)


def _git(root: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=root, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path, commit: Commit) -> Path:
    """Two commits of one file, the first with a tag."""
    root = tmp_path / "remote"
    commit(root, {"file": "one"})
    _git(root, "tag", "-a", "-m", "the first", "v1")
    commit(root, {"file": "two"})
    return root


def test_the_newest_commit_is_fetched_and_then_kept(repository: Path, commit: Commit) -> None:
    url = repository.as_uri()
    assert _open(url).read("file") == b"two"
    commit(repository, {"file": "three"})
    assert _open(url).read("file") == b"three"
    shutil.rmtree(repository)
    offline = _open(url, offline=True)
    assert offline.read("file") == b"three"
    assert "of today" in offline.told


def test_the_remote_is_not_asked_for_what_is_there_already(repository: Path) -> None:
    first = _open(repository.as_uri(), "v1")
    assert first.read("file") == b"one"
    shutil.rmtree(repository)
    again = _open(repository.as_uri(), first.revision)
    assert (again.read("file"), again.told) == (b"one", "")


def test_a_remote_that_is_gone_leaves_the_copy_with_a_word_about_its_age(repository: Path) -> None:
    _open(repository.as_uri())
    shutil.rmtree(repository)
    [copy] = (cache_directory() / "sources").glob("*.git")
    long_ago = time.time() - 3.5 * 86400
    os.utime(copy, (long_ago, long_ago))
    tree = _open(repository.as_uri())
    assert tree.read("file") == b"two"
    assert "3 days old" in tree.told


@pytest.mark.parametrize("rev", ["v1", "main", "HEAD"])
def test_tags_and_branches(repository: Path, rev: str) -> None:
    assert _open(repository.as_uri(), rev).read("file") == (b"one" if rev == "v1" else b"two")


def test_a_commit_by_its_hash_whole_or_in_part(repository: Path) -> None:
    revision = _open(str(repository), "v1").revision
    assert _open(repository.as_uri(), revision).read("file") == b"one"
    assert _open(repository.as_uri(), revision[:8]).revision == revision
    assert not list((cache_directory() / "sources").glob("*.history"))


@pytest.mark.parametrize("rev", ["nothing", "0" * 40, "abcdef1", "--upload-pack=x", "a:b", "v1..main", "x y"])
def test_a_commit_that_the_remote_does_not_have(repository: Path, rev: str) -> None:
    with pytest.raises(RevisionError):
        _open(repository.as_uri(), rev)


def test_offline_without_a_copy(repository: Path) -> None:
    with pytest.raises(NetworkError, match="there is no copy") as caught:
        _open(repository.as_uri(), offline=True)
    assert "--offline" in caught.value.hint
    assert caught.value.exit_code == 3


def test_no_remote_leaves_no_half_of_a_copy(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="cannot be fetched"):
        _open((tmp_path / "nothing").as_uri())
    assert [path.suffix for path in (cache_directory() / "sources").iterdir()] == [".lock"]


def test_what_was_left_half_done_is_done_anew(repository: Path) -> None:
    _open(repository.as_uri())
    [copy] = (cache_directory() / "sources").glob("*.git")
    shutil.rmtree(copy)
    half = copy.with_name(f"{copy.name}.part")
    half.mkdir()
    (half / "HEAD").write_text("broken")
    assert _open(repository.as_uri()).read("file") == b"two"
    assert not half.exists()


def test_credentials_are_in_no_message_and_no_file_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "none")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(NetworkError) as caught:
        _open("https://ann:hunter2@127.0.0.1:9/acme/infra")
    assert "hunter2" not in str(caught.value)
    assert not [path for path in cache_directory().rglob("*") if "hunter2" in path.name]


def test_a_cache_that_cannot_be_written(repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(DiskError, match="cannot be kept") as caught:
        _open(repository.as_uri())
    assert "XDG_CACHE_HOME" in caught.value.hint


def test_progress_is_told(repository: Path) -> None:
    told: list[tuple[str, int, int]] = []

    def progress(step: str, done: int, total: int) -> None:
        told.append((step, done, total))

    open_tree(repository.as_uri(), None, progress=progress, offline=False)
    assert [(done, total) for _, done, total in told] == [(0, 1), (1, 1)]


def test_two_at_once_wait_for_each_other(repository: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        trees = list(pool.map(lambda rev: _open(repository.as_uri(), rev), ["v1", "main"]))
    assert [tree.read("file") for tree in trees] == [b"one", b"two"]


def test_a_hub_out_of_an_old_copy_says_so(tmp_path: Path, commit: Commit, listed: dict[str, str]) -> None:
    commit(tmp_path / "source", listed)
    url = (tmp_path / "source").as_uri()
    online = open_source(url)
    assert online.load(online.hubs()[0]).faults == ()
    offline = open_source(url, offline=True)
    configuration = offline.load(offline.hubs()[0])
    assert [fault.code for fault in configuration.faults] == ["copy"]
    assert configuration.revision == online.revision
