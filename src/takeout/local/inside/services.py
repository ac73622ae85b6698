"""The hub's services: what can run here does, and what lives in the cluster is left out and named."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from typing import Any
from urllib.parse import urlsplit

from takeout.local.inside.cluster import MARKER
from takeout.local.plan import Plan

_PYTHON = re.compile(r"(?:.*/)?python3?(?:\.\d+)?")
_HUB_HERE = re.compile(r"http://(?:localhost|127\.0\.0\.1):8081")


def settle(config: Any, plan: Plan) -> None:
    """Keep the services that can run here, with this machine's addresses, and print the others."""
    kept = []
    for service in config.JupyterHub.get("services") or []:
        why = _why_not(service)
        if why:
            print(f"takeout: the service {service.get('name')} is left out: {why}")  # noqa: T201 - the hub's log
            service = {key: value for key, value in service.items() if key not in ("command", "url")}  # noqa: PLW2901
        if service.get("command"):
            service = {**service, **_moved(service, plan)}  # noqa: PLW2901
        kept.append(service)
    config.JupyterHub["services"] = kept


def _why_not(service: dict[str, Any]) -> str:
    command = [str(word) for word in service.get("command") or ()]
    if command and _PYTHON.fullmatch(command[0]) and command[1:2] == ["-m"]:
        module = command[2].split(".")[0]
        return "" if importlib.util.find_spec(module) else f"the module {module} is not installed here"
    if command:
        return f"its program {command[0]} belongs to the hub's image"
    host = urlsplit(str(service.get("url") or "")).hostname
    if host and host not in ("localhost", "127.0.0.1"):
        return f"{host} is an address of the cluster"
    return ""


def _moved(service: dict[str, Any], plan: Plan) -> dict[str, Any]:
    words = [_HUB_HERE.sub(plan.addresses.hub, str(word)) for word in service["command"]]
    if _PYTHON.fullmatch(words[0]):
        words[0] = sys.executable
    environment = {**(service.get("environment") or {}), MARKER: os.environ.get(MARKER, "")}
    return {"command": words, "environment": environment}
