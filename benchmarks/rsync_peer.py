"""rsync over ssh from a daemon of this benchmark's own, on a port of this machine: the limit of every client."""

from __future__ import annotations

import contextlib
import getpass
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {place}/host
AuthorizedKeysFile {place}/client.pub
PidFile {place}/pid
StrictModes no
PasswordAuthentication no
PermitRootLogin prohibit-password
"""


@dataclass(frozen=True)
class Daemon:
    """An ssh daemon.

    Attributes:
        port: Its port.
        key: The private key that opens it.
    """

    port: int
    key: Path

    def copy(self, home: Path) -> Callable[[int, Path], None]:
        """Return what copies a home through a port that leads to the daemon."""

        def run(port: int, to: Path) -> None:
            ssh = f"ssh -p {port} -i {self.key} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -q"
            there = f"{getpass.getuser()}@127.0.0.1:{home}/"
            subprocess.run(["rsync", "-a", "--whole-file", "-e", ssh, there, f"{to}/"], check=True)

        return run


@contextlib.contextmanager
def ssh_daemon(place: Path, port: int) -> Iterator[Daemon | None]:
    """Run a daemon; None where rsync or an ssh server is missing."""
    program = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if program is None or shutil.which("rsync") is None:
        yield None
        return
    place.mkdir()
    for name in ("host", "client"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place / name], check=True)
    (place / "config").write_text(_CONFIG.format(port=port, place=place))
    with contextlib.suppress(OSError):
        # Where the daemon gives up its rights; Debian makes it when its own service starts.
        Path("/run/sshd").mkdir(mode=0o755)
    with subprocess.Popen([program, "-D", "-e", "-f", place / "config"], stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(100):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.1)
            yield Daemon(port, place / "client")
        finally:
            process.terminate()
