"""Run one kernel in a container: ``python -m takeout.workspace.container_kernel PLAN CONNECTION_FILE``.

Jupyter outside starts this in place of a kernel. The kernel's five ports are published on this machine's own
address alone, and its messages are signed with the key in the connection file.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import Any

RUN = "TAKEOUT_RUN"
"""A variable, a container's label, and part of files' names: whoever starts kernels removes by it what is left."""
_PORTS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")


def main(plan_file: str, connection_file: str) -> int:
    """Run the kernel until it ends, and return its exit code."""
    plan = json.loads(Path(plan_file).read_text(encoding="utf-8"))
    connection = json.loads(Path(connection_file).read_text(encoding="utf-8"))
    run = os.environ.get(RUN, "")
    name = f"takeout-kernel-{run}{secrets.token_hex(8)}"
    shared = _shared(plan, connection, name)
    published = [f"--publish=127.0.0.1:{connection[port]}:{connection[port]}" for port in _PORTS]
    inside = f"{plan['runtime_inside']}/{name}.json"
    command = [word.replace("{connection_file}", inside) for word in plan["command"]]
    label = ["--label", f"{RUN}={run}"] if run else []
    words = [plan["engine"], *plan["run"], "--name", name, *label, *published, plan["image"], *command]
    signal.signal(signal.SIGTERM, _leave)
    try:
        return subprocess.run(words, check=False, stdin=subprocess.DEVNULL).returncode  # noqa: S603 - our own words
    finally:
        # A kernel that hangs does not hear its engine's program end.
        subprocess.run([plan["engine"], "rm", "--force", name], check=False, capture_output=True)  # noqa: S603
        shared.unlink(missing_ok=True)


def _shared(plan: dict[str, Any], connection: dict[str, Any], name: str) -> Path:
    """Write the connection file where the container sees it; it then listens to what is published."""
    file = Path(plan["runtime"]) / f"{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        json.dump({**connection, "ip": "0.0.0.0"}, stream)  # noqa: S104 - inside of the container
    if os.geteuid() == 0:
        owner, _, group = str(plan["user"]).partition(":")
        os.chown(file, int(owner), int(group))
    return file


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
