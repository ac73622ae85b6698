"""Start and stop a Jupyter Server of one's own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

BASE = "/user/ada/"
TOKEN = "open-sesame"  # noqa: S105 -- a server of this test alone
START_SECONDS = 90


@dataclass(frozen=True, slots=True)
class Site:
    """A running server.

    Attributes:
        origin: Scheme, host and port.
        home: The directory that it shows.
        process: The server's process.
        log: What it said so far.
    """

    origin: str
    home: Path
    process: subprocess.Popen[str]
    log: list[str] = field(default_factory=list)

    def address(self, path: str, *, token: bool = True) -> str:
        """Return the address of a path below the base address; with the token it opens the session."""
        mark = "&" if "?" in path else "?"
        return f"{self.origin}{BASE}{path}" + (f"{mark}token={TOKEN}" if token else "")


@contextmanager
def running(home: Path, scratch: Path, *, data: Path) -> Iterator[Site]:
    """Run a server on a free port of this machine for as long as the block lasts.

    Args:
        home: What it shows.
        scratch: A directory for the server's own files; its configuration is in ``config``.
        data: An installation's ``etc`` and ``share``, which come before those of this environment.
    """
    command = [
        *(sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root"),
        *("--ServerApp.ip=127.0.0.1", "--ServerApp.port=0", f"--ServerApp.base_url={BASE}"),
        *(f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={home}"),
    ]
    # --port=0 lets the system choose, and the log line names what it chose.
    process = subprocess.Popen(
        command,
        cwd=scratch,
        env=_environment(scratch, data),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    log: list[str] = []
    try:
        yield Site(origin=_origin(process, log), home=home, process=process, log=log)
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stderr:
            process.stderr.close()


def _environment(scratch: Path, data: Path) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "PYTEST"))},
        "HOME": str(scratch),
        "JUPYTER_CONFIG_DIR": str(scratch / "config"),
        "JUPYTER_DATA_DIR": str(scratch / "data"),
        "JUPYTER_RUNTIME_DIR": str(scratch / "runtime"),
        "JUPYTER_PATH": str(data / "share" / "jupyter"),
        # An environment's own configuration comes before a user's, and this variable before both.
        "JUPYTER_CONFIG_PATH": os.pathsep.join((str(scratch / "config"), str(data / "etc" / "jupyter"))),
    }


def _origin(process: subprocess.Popen[str], log: list[str]) -> str:
    """Read the log until the server says where it is; go on reading it, for the pipe must not fill."""
    found = threading.Event()
    origins: list[str] = []

    def read() -> None:
        assert process.stderr is not None
        try:
            for line in process.stderr:
                log.append(line)
                match = re.search(rf"(http://127\.0\.0\.1:[1-9]\d*){BASE}", line)
                if match:
                    origins.append(match[1])
                    found.set()
        except ValueError:  # closed when the server has ended
            pass
        found.set()

    threading.Thread(target=read, daemon=True).start()
    found.wait(START_SECONDS)
    assert origins, "the server did not start:\n" + "".join(log)
    return origins[0]
