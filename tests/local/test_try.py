"""The real thing: JupyterHub, its proxy, servers of users."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from local.trying import a_try
from takeout.local.browser import Browser, StepError
from takeout.local.hub import marker_of
from takeout.local.processes import _carriers

pytestmark = pytest.mark.usefixtures("environment")

MakeReplica = Callable[..., Path]
RunTakeout = Callable[..., subprocess.CompletedProcess[str]]


def processes_of(replica: Path) -> list[int]:
    return list(_carriers(marker_of((replica / ".takeout").resolve())))


def taken_port(held: socket.socket) -> int:
    held.bind(("127.0.0.1", 0))
    held.listen()
    return int(held.getsockname()[1])


def test_check_goes_from_the_login_to_a_cells_result_for_every_profile(
    make_replica: MakeReplica, run_takeout: RunTakeout
) -> None:
    replica = make_replica()

    done = run_takeout("hub", "try", replica, "--check", "--json")

    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout)
    names = [step["step"] for step in result["steps"]]
    profiles = result["steps"][1]["note"].split(": ")[1].split(", ")
    assert len(profiles) > 1
    each = [f"{step} ({profile})" for profile in profiles for step in ("start", "cell", "stop")]
    assert names == ["log in", "profile form", *each]
    assert all(step["ok"] for step in result["steps"])
    assert processes_of(replica) == []


def test_a_hub_runs_keeps_files_and_ends_with_ctrl_c(make_replica: MakeReplica, run_takeout: RunTakeout) -> None:
    replica = make_replica("lagoon/teaching")
    with a_try(replica) as (process, said), Browser(said["url"], "ada") as ada:
        with pytest.raises(StepError, match="does not let ada in"):
            ada.log_in("wrong")
        ada.log_in(said["password"])
        profile = next(iter(ada.profiles()), "")
        ada.start(profile, 120)
        where = ada.run_cell("import os; open('kept.txt', 'w').write('x'); print(os.getcwd())", 60).strip()
        (home,) = (replica / ".takeout" / "volumes").glob("**/kept.txt")
        assert Path(where).resolve() == home.parent.resolve()
        assert (home.parent / "Welcome.ipynb").is_file()
        assert ada.get_file("lab") == 200
        with pytest.raises(StepError, match="403"):
            ada._get("hub/admin")
        with Browser(said["url"], "admin") as admin:
            admin.log_in(said["password"])
            assert admin._get("hub/admin").status_code == 200

        second = run_takeout("hub", "try", replica, "--table")
        assert second.returncode == 2
        assert f"runs already, at {said['url']}" in second.stderr

        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    assert processes_of(replica) == []
    assert home.is_file()
    assert not any((replica / ".takeout" / "scratch").glob("*"))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel of Linux alone can do it")
def test_nothing_is_left_when_takeout_itself_is_killed_on_another_port(make_replica: MakeReplica) -> None:
    replica = make_replica("lagoon/teaching")
    with (
        socket.socket() as held,
        a_try(replica, "--port", str(taken_port(held))) as (process, said),
        Browser(said["url"], "ada") as ada,
    ):
        assert f":{held.getsockname()[1]}/" not in said["url"]
        ada.log_in(said["password"])
        ada.start(next(iter(ada.profiles()), ""), 120)
        assert len(processes_of(replica)) > 2
        process.kill()
        process.wait()
    deadline = time.monotonic() + 60
    while processes_of(replica) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert processes_of(replica) == []


SNIPPETS = """\
jupyterhub:
  hub:
    extraConfig:
      50-broken: |
        # a comment
        x = 1 / 0
"""
ROOTED = SNIPPETS.removeprefix("jupyterhub:\n").replace("\n  ", "\n")[2:]


def local_values(replica: Path) -> str:
    return SNIPPETS if (replica / "Chart.yaml").exists() else ROOTED


def test_a_snippet_that_raises_is_named_with_its_line_and_can_be_skipped(
    make_replica: MakeReplica, run_takeout: RunTakeout
) -> None:
    replica = make_replica("lagoon/teaching")
    (replica / "local.values.yaml").write_text(local_values(replica))
    line = next(
        number
        for number, text in enumerate((replica / "local.values.yaml").read_text().splitlines(), 1)
        if "1 / 0" in text
    )

    failed = run_takeout("hub", "try", replica, "--table", "--check")
    assert failed.returncode == 2
    assert "hub.extraConfig.50-broken fails: ZeroDivisionError" in failed.stderr
    assert f"local.values.yaml:{line}" in failed.stderr
    assert "--skip 50-broken" in failed.stderr
    assert processes_of(replica) == []

    skipped = run_takeout("hub", "try", replica, "--table", "--show-pod", "ada", "--skip", "50-broken")
    assert skipped.returncode == 0, skipped.stderr
    assert "kind: Pod" in skipped.stdout

    unknown = run_takeout("hub", "try", replica, "--table", "--show-pod", "ada", "--skip", "51-none")
    assert unknown.returncode == 2
    assert "50-broken" in unknown.stderr


def test_a_snippet_that_imports_what_is_not_here_says_so(
    make_replica: MakeReplica, run_takeout: RunTakeout
) -> None:
    replica = make_replica("lagoon/teaching")
    (replica / "local.values.yaml").write_text(local_values(replica).replace("x = 1 / 0", "import no_such_thing"))
    failed = run_takeout("hub", "try", replica, "--table", "--show-pod", "ada")
    assert failed.returncode == 2
    assert "imports no_such_thing, which is not installed here" in failed.stderr


def test_a_hub_that_ends_by_itself_shows_the_end_of_its_log(
    make_replica: MakeReplica, run_takeout: RunTakeout
) -> None:
    replica = make_replica("lagoon/teaching")
    breaking = "c.JupyterHub.load_roles = [{'name': 'Not A Name'}]"
    (replica / "local.values.yaml").write_text(local_values(replica).replace("x = 1 / 0", breaking))
    failed = run_takeout("hub", "try", replica, "--table", "--check")
    assert failed.returncode == 3
    assert "the hub ended" in failed.stderr
    assert "Not A Name" in failed.stderr
    assert "hub.log" in failed.stderr


def test_a_server_that_ends_at_once_says_why(make_replica: MakeReplica) -> None:
    replica = make_replica("lagoon/teaching")
    breaking = "c.KubeSpawner.profile_list = []; c.Spawner.cmd = ['python3', '-c', 'raise SystemExit(9)']"
    (replica / "local.values.yaml").write_text(local_values(replica).replace("x = 1 / 0", breaking))
    with a_try(replica) as (_, said), Browser(said["url"], "ada") as ada:
        ada.log_in(said["password"])
        began = time.monotonic()
        with pytest.raises(StepError, match="the server ended with code 9"):
            ada.start(next(iter(ada.profiles()), ""), 120)
        # Long before the time for starting is over; the bound is wide for busy machines.
        assert time.monotonic() - began < 100


def test_the_real_login_needs_its_secrets(make_replica: MakeReplica, run_takeout: RunTakeout) -> None:
    failed = run_takeout("hub", "try", make_replica(), "--table", "--auth", "real")
    assert failed.returncode == 2
    assert "still to be filled in" in failed.stderr
    assert "secrets.yaml" in failed.stderr


def test_what_is_no_replica_is_refused_and_left_alone(tmp_path: Path, run_takeout: RunTakeout) -> None:
    failed = run_takeout("hub", "try", tmp_path)
    assert failed.returncode == 2
    assert "not a replica" in failed.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_state_is_no_business_of_git(make_replica: MakeReplica, run_takeout: RunTakeout) -> None:
    replica = make_replica("lagoon/teaching")
    run_takeout("hub", "try", replica, "--table", "--show-pod", "ada")
    subprocess.run(["git", "init", "-q", replica], check=True)
    listed = subprocess.run(
        ["git", "-C", replica, "status", "--short", "--untracked-files=all"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ".takeout" not in listed.stdout
    secret = replica / ".takeout/described/plan.json"
    assert secret.stat().st_mode & 0o077 == 0 or os.name == "nt"
