"""Say which pods a hub would start, without starting any.

The hub's application is set up whole, with a database in memory, and a server is started for each request; the
stand-in for the cluster answers with the manifest instead of a process. Every hook and override has had its turn.

Usage: ``python -m takeout.local.inside.show``. Each line of standard input names a file of jobs, each with a
configuration file and where to write; a line on standard output says that they are done.
"""

from __future__ import annotations

import asyncio
import copy
import functools
import json
import logging
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from jupyterhub import orm, roles
from jupyterhub.app import JupyterHub
from jupyterhub.utils import maybe_future
from kubernetes_asyncio import client
from traitlets.config.loader import LazyConfigValue

from takeout.local.inside.choices import of_profile
from takeout.local.inside.spawner import DescribedError

AT_A_TIME = 2
"""How many jobs run side by side; each takes some 150 MB."""


async def describe(job: dict[str, Any]) -> dict[str, Any]:
    """Return a description for each person and choice of ``job``: the manifest, or why there is none."""
    app = JupyterHub(config_file=job["config"])
    logging.disable(logging.ERROR)
    await app.initialize([])
    found: list[dict[str, Any]] = []
    for person in job["people"]:
        user = _user(app, person)
        try:
            chosen = job["choices"] if job.get("choices") is not None else await _choices(user)
        except Exception as error:  # noqa: BLE001 - the hub's own code decides what it raises
            found.append({"user": person["name"], "options": {}, "pod": None, "error": _said(error)})
            continue
        for options in chosen:
            pod, why = await _spawn(user, options)
            found.append({"user": person["name"], "options": options, "pod": pod, "error": why})
    return {"pods": found, "traits": plain(app.config) if job.get("traits") else {}, "error": ""}


def plain(value: Any) -> Any:
    """Return a part of JupyterHub's configuration as JSON has it; code becomes its name."""
    if isinstance(value, functools.partial):
        value = [value.func, value.args, value.keywords]
    elif type(value).__module__.startswith("kubernetes_asyncio."):
        value = client.ApiClient().sanitize_for_serialization(value)
    elif isinstance(value, LazyConfigValue):
        value = value.to_dict()
    if isinstance(value, dict):
        return {str(key): plain(child) for key, child in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [
            plain(child) for child in (sorted(value, key=str) if isinstance(value, set | frozenset) else value)
        ]
    is_plain = value is None or isinstance(value, str | int | float)
    return value if is_plain else getattr(value, "__qualname__", type(value).__name__)


def _user(app: Any, person: dict[str, Any]) -> Any:
    record = app.db.query(orm.User).filter_by(name=person["name"]).one_or_none()
    if record is None:
        record = orm.User(name=person["name"])
        app.db.add(record)
        app.db.commit()
    record.admin = record.admin or person["name"] in app.authenticator.admin_users
    roles.assign_default_roles(app.db, entity=record)
    user = app.users[record]
    user.sync_groups(person.get("groups") or [])
    return user


async def _choices(user: Any) -> list[dict[str, str]]:
    """Return what the form offers this person: each profile with each combination of its options."""
    spawner = user.spawners[""]
    listed = spawner.profile_list
    if callable(listed):
        listed = await maybe_future(listed(spawner))
    # KubeSpawner offers no public way to the list as its form shows it.
    profiles = spawner._get_initialized_profile_list(spawner._sorted_dict_values(listed))  # noqa: SLF001
    return [options for profile in profiles or () for options in of_profile(profile)] or [{}]


async def _spawn(user: Any, options: dict[str, str]) -> tuple[dict[str, Any] | None, str]:
    user.spawners.pop("", None)
    try:
        await user.spawn("", copy.deepcopy(options))
    except DescribedError as described:
        return described.manifest, ""
    except Exception as error:  # noqa: BLE001
        return None, _said(error)
    return None, "the spawner started something else than a pod"


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {getattr(error, 'log_message', None) or error}"


def work(job: dict[str, Any]) -> int:
    """Do one job and write what came of it; return the exit code."""
    try:
        result = asyncio.run(describe(job))
    except SystemExit as stop:
        result = {"pods": [], "error": f"the configuration ended the process with code {stop.code}"}
    except Exception as error:  # noqa: BLE001
        traceback.print_exc()
        result = {"pods": [], "error": _said(error)}
    Path(job["output"]).write_text(json.dumps(result), encoding="utf-8")
    return 1 if result["error"] else 0


def work_all(jobs: list[dict[str, Any]]) -> None:
    """Do every job in a process of its own, for a configuration changes what is imported; a few at a time."""
    running = 0
    for job in jobs:
        if running == AT_A_TIME:
            os.wait()
            running -= 1
        if os.fork() == 0:
            os.environ.update(job.get("environ") or {})
            try:
                work(job)
            finally:
                os._exit(0)
        running += 1
    for _ in range(running):
        os.wait()


def main() -> None:
    """Do the jobs of each line of standard input, until it ends."""
    import jupyterhub_fancy_profiles  # noqa: F401, PLC0415 - once for all that are forked from here
    import oauthenticator.generic  # noqa: F401, PLC0415

    # What a hub's own code prints must not come between the answers.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        for line in sys.stdin:
            work_all(json.loads(Path(line.rstrip("\n")).read_text(encoding="utf-8")))
            print("done", file=answers, flush=True)


if __name__ == "__main__":
    main()
