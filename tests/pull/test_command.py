"""The command: what it prints, and its exit codes."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

from pull.servers import TOKEN, JupyterServer


def run(*arguments: str, token: str = TOKEN) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "JUPYTERHUB_API_TOKEN": token, "NO_COLOR": "1"}
    command = [sys.executable, "-m", "takeout", "home", "pull", *arguments]
    return subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def test_one_json_document_and_code_0_when_all_came(shared: JupyterServer, tmp_path: Path) -> None:
    done = run(shared.address, str(tmp_path / "here"), "--json", "--exclude", "large.bin")

    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert document["whole"] is True
    assert document["fetched_files"] == 45
    assert document["left_out"] == [{"path": "large.bin", "reason": "--exclude: large.bin"}]
    assert done.stderr == ""


def test_a_person_reads_what_came_and_where_the_rest_is_said(shared: JupyterServer, tmp_path: Path) -> None:
    (tmp_path / "none.txt").write_text("mine")
    done = run(shared.address, str(tmp_path), "--exclude", "*.bin")

    assert done.returncode == 0
    assert "44 files are here" in done.stdout
    assert "none.txt: another file was here already" in done.stdout
    assert "TAKEOUT.txt" in done.stdout


def test_on_a_terminal_the_rate_and_the_rest_are_shown(shared: JupyterServer, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "takeout", "home", "pull", shared.address, str(tmp_path / "here")]
    size = {"COLUMNS": "120", "TERM": "xterm", "JUPYTERHUB_API_TOKEN": TOKEN}
    with subprocess.Popen(
        command, env={**os.environ, **size}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs
    ):
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):
            while data := os.read(ours, 1 << 16):
                shown += data
    os.close(ours)

    text = shown.decode()
    assert "looking" in text
    assert "fetching" in text
    assert "45.1/45.1 MB" in text


def test_what_could_not_be_taken_is_code_1(shared: JupyterServer, tmp_path: Path) -> None:
    (tmp_path / "none.txt").mkdir()
    done = run(shared.address, str(tmp_path), "--exclude", "*.bin")

    assert done.returncode == 1
    assert "none.txt: something else than a file is here" in done.stdout


def test_a_bad_token_is_code_2_and_is_not_shown(shared: JupyterServer, tmp_path: Path) -> None:
    done = run(shared.address, str(tmp_path / "here"), "--json", token="wr0ng-t0ken")  # noqa: S106 - a wrong one

    assert done.returncode == 2
    assert json.loads(done.stdout)["code"] == "token"
    assert "wr0ng-t0ken" not in done.stdout + done.stderr


def test_options_that_make_no_sense_are_code_2(shared: JupyterServer, tmp_path: Path) -> None:
    here = str(tmp_path / "here")

    assert run(shared.address, here, "--through", "magic").returncode == 2
    assert run(f"{shared.address}?token=x", here).returncode == 2
    assert run(shared.address, here, token="").returncode == 2
    assert not (tmp_path / "here").exists()
