"""Install packages into an environment, and say plainly why where it fails."""

from __future__ import annotations

import contextlib
import re
import subprocess
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path

from takeout.errors import NetworkError, ToolError

_LAST_LINES = 6
_NO_NETWORK = re.compile(
    r"Temporary failure in name resolution|Name or service not known|nodename nor servname|getaddrinfo|ENOTFOUND|"
    r"EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|Connection refused|Network is unreachable|ProxyError|Max retries exceeded|"
    # With exact pins, pip calls an index that it cannot reach a conflict.
    r"No matching distribution|ResolutionImpossible|Could not find a version|ConnectTimeout|NewConnectionError",
    re.IGNORECASE,
)


def run(command: list[str], environ: Mapping[str, str], what: str) -> None:
    """Run a program that sets something up.

    Raises:
        NetworkError: When its output says that there is no network.
        ToolError: When it fails otherwise, or is not there.
    """
    # A Takeout that runs inside a virtual environment, or from a checkout, must not leak into the new one.
    clean = {
        key: value for key, value in environ.items() if key not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    }
    try:
        done = subprocess.run(  # noqa: S603 - our own arguments
            command,
            env=clean,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except OSError as error:
        raise ToolError(f"cannot {what}: {command[0]}: {error.strerror}") from error
    if done.returncode == 0:
        return
    output = (done.stderr + done.stdout).strip()
    tail = " / ".join(output.splitlines()[-_LAST_LINES:])
    if _NO_NETWORK.search(output):
        hint = (
            "the first `takeout hub try` needs the network (or mirrors in pip.conf and .npmrc), later ones do not"
        )
        raise NetworkError(f"cannot {what}, for the packages cannot be fetched: {tail}", hint=hint)
    raise ToolError(f"cannot {what}: {tail}", hint="`python -m venv` and npm must work for this user")


def pip(folder: Path, *arguments: str) -> list[str]:
    """Return the command that installs into the environment in ``folder``."""
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    return [str(folder / "bin" / "python"), "-m", "pip", "install", *quiet, *arguments]


def pins(name: str) -> str:
    """Return the pins of an environment, as pip reads constraints."""
    return (resources.files("takeout.local") / "pins" / f"{name}.txt").read_text(encoding="utf-8")


@contextlib.contextmanager
def pins_file(name: str) -> Iterator[str]:
    """Give the file with the pins of an environment."""
    with resources.as_file(resources.files("takeout.local") / "pins" / f"{name}.txt") as path:
        yield str(path)
