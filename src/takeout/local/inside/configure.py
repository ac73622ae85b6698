"""The hub's configuration: the values' own, then what this machine needs.

JupyterHub runs a file of three lines that calls ``configure``.
"""

from __future__ import annotations

import glob
import json
import os
import re
import sys
import traceback
from pathlib import Path
from typing import Any

from takeout.local.inside import login, pages, services, spawner
from takeout.local.inside.z2jh import make_module
from takeout.local.plan import Plan

SNIPPET_FAILED = 78
"""Exit code of a hub that a snippet kept from starting: EX_CONFIG of sysexits.h."""

_CONFIG_DIRECTORY = "/usr/local/etc/jupyterhub"
_REMOTE_PROXY = (
    "subdomain_host",
    "ssl_key",
    "ssl_cert",
    "internal_ssl",
    "extra_log_file",
    "pid_file",
    "ip",
    "port",
)


def configure(config: Any, plan_file: str) -> None:
    """Fill JupyterHub's configuration.

    Args:
        config: JupyterHub's ``c``.
        plan_file: The plan.
    """
    plan = Plan.load(Path(plan_file).read_text(encoding="utf-8"))
    plan.places.report.unlink(missing_ok=True)
    spawner.install(plan)
    namespace = _by_chart(config, plan) if plan.chart else _by_table(config, plan)
    run_snippets(namespace, plan)
    settle(config, plan)


def _by_table(config: Any, plan: Plan) -> dict[str, Any]:
    """Set what the mapping made of the values; return the names that snippets may expect to be there."""
    for section, trait, value in plan.traits:
        config[section][trait] = value
    module = make_module(plan)
    sys.modules["z2jh"] = module
    from jupyterhub.utils import url_path_join  # noqa: PLC0415 - only the hub's environment has it
    from kubernetes_asyncio import client  # noqa: PLC0415
    from tornado.httpclient import AsyncHTTPClient  # noqa: PLC0415

    offered = {key: value for key, value in vars(module).items() if not key.startswith("_")}
    modules = {"glob": glob, "os": os, "re": re, "sys": sys, "client": client}
    return {"c": config, "url_path_join": url_path_join, "AsyncHTTPClient": AsyncHTTPClient, **modules, **offered}


def _by_chart(config: Any, plan: Plan) -> dict[str, Any]:
    """Run the chart's own configuration, which has been rendered without its snippets."""
    file = Path(plan.chart) / "config" / "jupyterhub_config.py"
    namespace = {"get_config": lambda: config, "__file__": str(file), "__name__": "jupyterhub_config"}
    exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), namespace)  # noqa: S102 - the hub's own
    return namespace


def run_snippets(namespace: dict[str, Any], plan: Plan) -> None:
    """Run ``hub.extraConfig`` in the order of its keys, all in one namespace, as the chart does.

    A snippet that fails ends the process, and the report says which and where.
    """
    for key in sorted(plan.snippets):
        if key in plan.skip:
            print(f"Skipping {key}")  # noqa: T201 - the hub's log
            continue
        name = f"hub.extraConfig.{key}"
        try:
            exec(compile(plan.snippets[key], name, "exec"), namespace)  # noqa: S102 - the hub's own snippet
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            report = {"kind": "snippet", "key": key, "line": _line(error, name), **_why(error)}
            plan.places.report.write_text(json.dumps(report), encoding="utf-8")
            traceback.print_exc()
            sys.exit(SNIPPET_FAILED)


def _line(error: Exception, name: str) -> int:
    if isinstance(error, SyntaxError) and error.filename == name:
        return error.lineno or 0
    lines = [frame.lineno or 0 for frame in traceback.extract_tb(error.__traceback__) if frame.filename == name]
    return lines[-1] if lines else 0


def _why(error: Exception) -> dict[str, str]:
    missing = error.name if isinstance(error, ModuleNotFoundError) and error.name else ""
    return {"message": f"{type(error).__name__}: {error}", "missing": missing}


def settle(config: Any, plan: Plan) -> None:
    """Change what only fits a cluster: addresses, the proxy, the database, the login, services."""
    hub = config.JupyterHub
    for name in _REMOTE_PROXY:
        hub.pop(name, None)
    hub.update(
        {
            "bind_url": plan.addresses.public,
            "hub_bind_url": plan.addresses.hub,
            "hub_connect_url": plan.addresses.hub,
            "proxy_class": "configurable-http-proxy",
            "db_url": "sqlite://" if plan.dry else f"sqlite:///{plan.places.hub / 'jupyterhub.sqlite'}",
            "cookie_secret_file": str(plan.places.hub / "cookie_secret"),
            "cleanup_servers": True,
            "log_level": "INFO",
        }
    )
    if plan.dry:
        hub["cookie_secret"] = bytes(32)
    elif not _is_hex(hub.get("cookie_secret")):
        hub.pop("cookie_secret", None)
    config.ConfigurableHTTPProxy.update({"should_start": False, "api_url": plan.addresses.proxy_api})
    pages.settle(config, plan)
    services.settle(config, plan)
    if plan.login == "dummy":
        form = login.FORM if plan.pages else ""
        login.set_up(config, password=plan.password, people=plan.people, admins=plan.admins, form=form)
        hub["load_groups"] = {}
    else:
        callback = f"{plan.addresses.public}hub/oauth_callback"
        for section in [key for key in config if "oauth_callback_url" in config[key]]:
            config[section]["oauth_callback_url"] = callback
        config.Authenticator.admin_users = set(config.Authenticator.get("admin_users") or ()) | set(plan.admins)


def _is_hex(secret: object) -> bool:
    return isinstance(secret, str) and re.fullmatch(r"(?:[0-9a-f]{2}){16,}", secret) is not None
