from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from takeout.local.inside import leash
from takeout.local.processes import free_port, last_lines, start, stop, sweep

linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel of Linux alone can do it")


def wait_for(file: Path) -> str:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if file.is_file() and file.read_text().endswith("\n"):
            return file.read_text().strip()
        time.sleep(0.02)
    raise AssertionError(f"{file} was not written")


def is_gone(pid: int) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        state = Path(f"/proc/{pid}/stat")
        if state.is_file() and state.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.02)
    return False


def test_the_next_free_port_is_taken() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        taken = held.getsockname()[1]
        assert free_port(taken) not in (0, taken)


def test_what_a_try_started_is_found_by_its_marker_whoever_its_parent_is(tmp_path: Path) -> None:
    orphan = (
        "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(100)'], "
        "start_new_session=True); print(p.pid, flush=True)"
    )
    marker = f"test-{os.getpid()}"
    log = tmp_path / "log"
    first = start([sys.executable, "-c", orphan], {**os.environ, "TAKEOUT_TRY": marker}, tmp_path, log)
    pid = int(wait_for(log))
    first.wait()
    assert not is_zombie_or_gone(pid)

    assert sweep(marker) == 1

    assert is_gone(pid)
    assert sweep(marker) == 0


def is_zombie_or_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@linux_only
def test_a_process_on_the_leash_goes_when_its_parent_is_killed(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    child = f"import os, time; open({str(told)!r}, 'w').write(f'{{os.getpid()}}\\n'); time.sleep(100)"
    parent = (
        "import os, subprocess, sys, time\n"
        f"subprocess.Popen([sys.executable, {leash.__file__!r}, '--parent', str(os.getpid()), '--', "
        f"sys.executable, '-c', {child!r}])\ntime.sleep(100)"
    )
    process = subprocess.Popen([sys.executable, "-c", parent])
    pid = int(wait_for(told))
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert is_gone(pid)


@linux_only
def test_limits_hold(tmp_path: Path) -> None:
    code = (
        "import os; print(len(os.sched_getaffinity(0)), flush=True); x = bytearray(400 * 2**20); print('got it')"
    )
    command = [sys.executable, leash.__file__, "--memory", str(300 * 2**20), "--cpus", "0.5", "--"]
    done = subprocess.run(
        [*command, sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.stdout.split() == ["1"]
    assert "MemoryError" in done.stderr


def test_stopping_insists(tmp_path: Path) -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    stubborn = f"{deaf}; print('on', flush=True); time.sleep(100)"
    process = start([sys.executable, "-c", stubborn], os.environ, tmp_path, tmp_path / "log")
    wait_for(tmp_path / "log")
    stop(process, 0.2)
    assert process.returncode == -signal.SIGKILL


def test_the_end_of_a_log(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"a\nb\xff\nc\n")
    assert last_lines(tmp_path / "log", 2) == ["b\ufffd", "c"]
    assert last_lines(tmp_path / "none") == []
