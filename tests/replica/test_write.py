import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from takeout.errors import DirectoryError, DiskError, ValuesError
from takeout.replica import commit
from takeout.replica.model import Replica
from takeout.replica.write import write
from takeout.values.node import to_data
from takeout.values.read import read_yaml

MakeReplica = Callable[..., Replica]


def snapshot_of(directory: Path) -> dict[str, bytes]:
    return {str(p.relative_to(directory)): p.read_bytes() for p in directory.rglob("*") if p.is_file()}


def test_everything_of_the_design_is_written(make_replica: MakeReplica, tmp_path: Path) -> None:
    written = write(make_replica(), tmp_path / "replica")

    names = set(snapshot_of(tmp_path / "replica"))
    assert names == {
        ".gitignore",
        "README.md",
        "REPORT.md",
        "local.values.yaml",
        "manifests/serviceaccount-user-sa.yaml",
        "secrets.yaml",
        "takeout.json",
        "values.yaml",
    }
    assert set(written.created) == names
    assert [p.name for p in tmp_path.iterdir()] == ["replica"]


def test_a_second_run_changes_nothing(make_replica: MakeReplica, tmp_path: Path) -> None:
    write(make_replica(), tmp_path)
    before = snapshot_of(tmp_path)
    times = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")}

    written = write(make_replica(), tmp_path)

    assert not written.changed
    assert snapshot_of(tmp_path) == before
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")} == times


def test_a_newer_source_updates_and_leaves_the_owners_files_alone(
    make_replica: MakeReplica, tmp_path: Path
) -> None:
    write(make_replica(), tmp_path)
    (tmp_path / "local.values.yaml").write_text("singleuser: {memory: {limit: 8G}, cpu: {limit: 2}}\n")
    (tmp_path / "NOTES.txt").write_text("ours")
    (tmp_path / ".gitignore").write_text("secrets.yaml\n*.bak\n")
    secrets = (tmp_path / "secrets.yaml").read_bytes()

    written = write(make_replica("jupyterhub: {singleuser: {memory: {limit: 4G}}}\n"), tmp_path)

    assert set(written.updated) == {"values.yaml", "REPORT.md", "takeout.json"}
    assert (tmp_path / "NOTES.txt").read_text() == "ours"
    assert (tmp_path / ".gitignore").read_text() == "secrets.yaml\n*.bak\n"
    assert (tmp_path / "secrets.yaml").read_bytes() == secrets
    assert "4G" in (tmp_path / "values.yaml").read_text()
    assert [(h.path, h.before, h.after, h.local) for h in written.hidden] == [
        ("singleuser.memory.limit", "2G", "4G", "8G")
    ]


def test_an_edited_file_stays_and_the_new_one_lies_beside(make_replica: MakeReplica, tmp_path: Path) -> None:
    write(make_replica(), tmp_path)
    edited = (tmp_path / "values.yaml").read_text() + "# mine\n"
    (tmp_path / "values.yaml").write_text(edited)

    written = write(make_replica(), tmp_path)

    assert dict(written.beside) == {"values.yaml": "values.yaml.new"}
    assert (tmp_path / "values.yaml").read_text() == edited
    assert (tmp_path / "values.yaml.new").read_text() == make_replica().files["values.yaml"]
    again = write(make_replica(), tmp_path)
    assert dict(again.beside) == {"values.yaml": "values.yaml.new"}
    assert not again.changed
    (tmp_path / "values.yaml").write_text(make_replica().files["values.yaml"])
    settled = write(make_replica(), tmp_path)
    assert not settled.beside
    assert not (tmp_path / "values.yaml.new").exists()


def test_a_file_of_the_owners_where_a_new_one_belongs_stays(make_replica: MakeReplica, tmp_path: Path) -> None:
    write(make_replica(), tmp_path)
    (tmp_path / "Chart.yaml").write_text("name: ours\n")

    written = write(make_replica("dask: {enabled: true}\n"), tmp_path)

    assert written.beside["Chart.yaml"] == "Chart.yaml.new"
    assert (tmp_path / "Chart.yaml").read_text() == "name: ours\n"


def test_a_new_file_beside_does_not_hide_one_of_the_owners(make_replica: MakeReplica, tmp_path: Path) -> None:
    write(make_replica(), tmp_path)
    (tmp_path / "values.yaml").write_text("{}\n")
    (tmp_path / "values.yaml.new").write_text("ours\n")

    written = write(make_replica(), tmp_path)

    assert written.beside["values.yaml"] == "values.yaml.new2"
    assert (tmp_path / "values.yaml.new").read_text() == "ours\n"


def test_what_is_not_needed_any_more_goes_unless_it_was_edited(make_replica: MakeReplica, tmp_path: Path) -> None:
    without = "jupyterhub: {singleuser: null}\n"
    write(make_replica(), tmp_path)

    written = write(make_replica(without), tmp_path)

    assert written.removed == ("manifests/serviceaccount-user-sa.yaml",)
    assert not (tmp_path / "manifests").exists()
    write(make_replica(), tmp_path)
    (tmp_path / "manifests" / "serviceaccount-user-sa.yaml").write_text("edited: true\n")
    assert write(make_replica(without), tmp_path).abandoned == ("manifests/serviceaccount-user-sa.yaml",)
    assert (tmp_path / "manifests" / "serviceaccount-user-sa.yaml").exists()


def test_ticks_in_the_runbook_are_no_edit_and_stay(make_replica: MakeReplica, tmp_path: Path) -> None:
    write(make_replica(), tmp_path)
    readme = tmp_path / "README.md"
    readme.write_text(readme.read_text().replace("- [ ] **Register the app**", "- [x] **Register the app**"))

    written = write(make_replica(domain="other.example.edu"), tmp_path)

    assert not written.beside
    text = readme.read_text()
    assert "- [x] **Register the app** `register-app`" in text
    assert "other.example.edu" in text
    assert "- [ ] `hub.config.GitHubOAuthenticator.client_secret`" in text


def test_secrets_are_private_and_stable_and_grow(make_replica: MakeReplica, tmp_path: Path) -> None:
    write(make_replica("{}"), tmp_path)
    file = tmp_path / "secrets.yaml"
    first = file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert 'client_secret: "<fill in: hub.config.GitHubOAuthenticator.client_secret>"' in first
    token = next(line for line in first.splitlines() if "apiToken" in line).split(":")[1].strip().strip('"')
    assert len(token) == 64
    lines = [line for line in first.splitlines() if "apiToken" not in line]
    kept = "\n".join(lines).replace(
        '"<fill in: hub.config.GitHubOAuthenticator.client_secret>"', "s3cret # from Ada"
    )
    file.write_text(kept + "\n")
    file.chmod(0o644)

    written = write(make_replica("{}"), tmp_path)

    assert written.secrets_added == ("hub.services.grader.apiToken",)
    text = file.read_text()
    assert "client_secret: s3cret # from Ada" in text
    assert token not in text
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert token not in (tmp_path / "takeout.json").read_text()


def test_secrets_move_with_the_layout_and_stay_what_they_are(make_replica: MakeReplica, tmp_path: Path) -> None:
    write(make_replica(), tmp_path)
    file = tmp_path / "secrets.yaml"
    first = to_data(read_yaml(file.read_bytes(), "secrets.yaml").values)

    written = write(make_replica("dask: {enabled: true}\n"), tmp_path)

    assert written.relaid
    assert written.secrets_added == ()
    assert to_data(read_yaml(file.read_bytes(), "secrets.yaml").values) == {"jupyterhub": first}
    assert not write(make_replica("dask: {enabled: true}\n"), tmp_path).relaid
    assert write(make_replica(), tmp_path).relaid
    assert to_data(read_yaml(file.read_bytes(), "secrets.yaml").values) == first


def test_secrets_are_never_readable_for_others_while_written(
    make_replica: MakeReplica, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes = []
    real = os.open

    def spy(path: str | Path, flags: int, mode: int = 0o777, **more: int) -> int:
        descriptor = real(path, flags, mode, **more)
        if flags & os.O_CREAT and Path(path).name == "secrets.yaml":
            modes.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        return descriptor

    monkeypatch.setattr(os, "open", spy)
    old = os.umask(0)
    try:
        write(make_replica(), tmp_path / "replica")
    finally:
        os.umask(old)

    assert modes == [0o600]


def test_a_directory_of_somebody_else_is_refused(make_replica: MakeReplica, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")

    with pytest.raises(DirectoryError, match="did not write") as caught:
        write(make_replica(), tmp_path)

    assert caught.value.hint
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_in_place_of_the_directory_is_refused(make_replica: MakeReplica, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(DirectoryError, match="not a directory"):
        write(make_replica(), tmp_path / "file")


def test_another_hubs_replica_is_refused(make_replica: MakeReplica, tmp_path: Path) -> None:
    write(make_replica(), tmp_path)

    with pytest.raises(DirectoryError, match=r"replica of lagoon/reef, not of lagoon/other"):
        write(make_replica(name="other"), tmp_path)


def test_a_lock_of_something_else_or_of_the_future_is_refused(make_replica: MakeReplica, tmp_path: Path) -> None:
    lock = tmp_path / "takeout.json"
    for text, message in (
        ("{}", "of something else"),
        ("{", "cannot be read"),
        ('{"format": "takeout-replica", "schema": 99, "takeout": "9.0"}', "newer Takeout"),
    ):
        lock.write_text(text)
        with pytest.raises(DirectoryError, match=message):
            write(make_replica(), tmp_path)


def test_broken_secrets_stop_the_run_before_anything_is_written(make_replica: MakeReplica, tmp_path: Path) -> None:
    write(make_replica(), tmp_path)
    (tmp_path / "secrets.yaml").write_text("a: [\n")
    before = snapshot_of(tmp_path)

    with pytest.raises(ValuesError) as caught:
        write(make_replica("{}"), tmp_path)

    assert caught.value.where is not None
    assert caught.value.where.file == str(tmp_path / "secrets.yaml")
    assert snapshot_of(tmp_path) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_parent_is_a_disk_error(make_replica: MakeReplica, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(DiskError, match="cannot write the replica"):
            write(make_replica(), tmp_path / "replica")
    finally:
        tmp_path.chmod(0o700)


def test_a_read_only_file_system_is_a_disk_error(
    make_replica: MakeReplica, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(self: Path, *_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system", str(self))

    monkeypatch.setattr(Path, "mkdir", read_only)

    with pytest.raises(DiskError, match="Read-only file system") as caught:
        write(make_replica(), tmp_path / "replica")
    assert caught.value.exit_code == 3
    assert "--to" in caught.value.hint


def test_a_full_disk_leaves_nothing(
    make_replica: MakeReplica, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = commit._write

    def full(path: Path, content: bytes, *, private: bool) -> None:
        if path.name == "README.md":
            raise OSError(28, "No space left on device", str(path))
        real(path, content, private=private)

    monkeypatch.setattr(commit, "_write", full)

    with pytest.raises(DiskError) as caught:
        write(make_replica(), tmp_path / "deep" / "replica")

    assert "make room" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("failing", range(1, 6))
def test_an_interrupted_update_leaves_the_old_replica(
    make_replica: MakeReplica, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    write(make_replica(), tmp_path)
    before = snapshot_of(tmp_path)
    calls = 0
    real = Path.replace

    def interrupted(self: Path, target: Path) -> Path:
        nonlocal calls
        calls += self.name.endswith(".new")
        if calls == failing:
            calls += 1
            raise KeyboardInterrupt
        return real(self, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(make_replica("jupyterhub: {cull: {enabled: true}}\n", domain="new.example.edu"), tmp_path)

    assert snapshot_of(tmp_path) == before


def test_a_killed_update_is_finished_by_the_next_run(
    make_replica: MakeReplica, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(make_replica(), tmp_path)
    newer = "jupyterhub: {cull: {enabled: true}}\n"

    class KilledError(BaseException):
        pass

    real = commit._exchange

    def killed(directory: Path, staging: Path, names: list[str], removed: list[str]) -> None:
        del removed
        real(directory, staging, names[:2], [])
        raise KilledError

    monkeypatch.setattr(commit, "_exchange", killed)
    monkeypatch.setattr(commit.shutil, "rmtree", lambda *_, **__: None)
    with pytest.raises(KilledError):
        write(make_replica(newer), tmp_path)
    monkeypatch.undo()
    assert (tmp_path / commit.STAGING).exists()
    assert "pending" in json.loads((tmp_path / "takeout.json").read_text())

    written = write(make_replica("jupyterhub: {cull: {enabled: false}}\n"), tmp_path)

    assert not written.beside
    assert not (tmp_path / commit.STAGING).exists()
    assert "enabled: false" in (tmp_path / "values.yaml").read_text()
    assert "pending" not in json.loads((tmp_path / "takeout.json").read_text())


def test_two_runs_at_once_do_not_meet(make_replica: MakeReplica, tmp_path: Path) -> None:
    write(make_replica(), tmp_path)

    with commit._locked(tmp_path), pytest.raises(DirectoryError, match="another run"):
        write(make_replica("{}"), tmp_path)


def test_an_empty_directory_is_filled(make_replica: MakeReplica, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    write(make_replica(), tmp_path / "empty")

    assert (tmp_path / "empty" / "values.yaml").exists()
    assert not (tmp_path / "empty" / commit.STAGING).exists()
