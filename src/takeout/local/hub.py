"""A replica that runs here: its proxy, its hub, and what they start."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import httpx

from takeout.errors import DirectoryError, InputError, TakeoutError, ToolError, Where
from takeout.local.environment import Environment
from takeout.local.homepage import clones_of, lay_out
from takeout.local.hubdir import hub_environ, write_hub
from takeout.local.plan import Addresses
from takeout.local.prepare import STATE, Prepared, Wishes, group_names, prepare, snippet_place
from takeout.local.processes import free_port, last_lines, start, stop, sweep
from takeout.local.samples import write_samples
from takeout.progress import Progress, silent
from takeout.replica.lock import read_lock

PORT = 8000
MEMBER = "ada"
"""Who is in every group that a profile asks for, so that somebody sees them all."""

ADMIN = "admin"
_START_SECONDS = 90.0
_STOP_SECONDS = 25.0
_ERROR_LINE = re.compile(r"^\[E |^\s*[\w.]*(?:Error|Exception)\b.*:")


@dataclass(frozen=True, slots=True)
class Running:
    """A hub that answers.

    Attributes:
        url: What to open.
        port_was_taken: Whether another port than the wished one was taken.
        password: The password of the dummy login; empty with the real one.
        prepared: What it runs by.
        log: The hub's log.
        process: The hub.
        left_out: What the hub said that it left out, a sentence each.
    """

    url: str
    port_was_taken: bool
    password: str
    prepared: Prepared
    log: Path
    process: subprocess.Popen[bytes]
    left_out: tuple[str, ...] = ()

    def errors(self, most: int = 4) -> list[str]:
        """Return the last errors of the hub's log."""
        named = [line.strip() for line in last_lines(self.log, 2000) if _ERROR_LINE.search(line)]
        return list(dict.fromkeys(named))[-most:]

    def wait(self) -> None:
        """Wait until the hub ends.

        Raises:
            ToolError: When it ends by itself.
        """
        self.process.wait()
        raise _ended(self.process, self.prepared, self.log)


@contextmanager
def running(
    directory: Path,
    environment: Environment,
    wishes: Wishes,
    *,
    port: int = PORT,
    environ: Mapping[str, str] = os.environ,
    progress: Progress = silent,
) -> Iterator[Running]:
    """Start the hub of the replica in ``directory``; it is gone, with all that it started, after the block.

    Args:
        directory: The replica.
        environment: The programs.
        wishes: What the command line asks for.
        port: The port to open; the next free one where it is taken.
        environ: The environment of this process.
        progress: Told about each step.

    Raises:
        DirectoryError: When there is no replica, or it runs already.
        InputError: When the hub's own configuration fails.
        ToolError: When the hub does not start.
    """
    read_lock(directory)  # a directory that is none of ours must not get a .takeout
    state = (directory / STATE).resolve()
    marker = marker_of(state)
    with ExitStack() as stack:
        lock = stack.enter_context(_alone(state))
        sweep(marker)
        addresses = Addresses(*(f"http://127.0.0.1:{p}" for p in (free_port(port), free_port(), free_port())))
        prepared = _people(prepare(directory, addresses, environment.users, wishes), wishes)
        pages, notes = lay_out(clones_of(prepared.plan.values), prepared.plan.places.hub / "pages", progress)
        prepared = replace(prepared, plan=replace(prepared.plan, pages=pages))
        plan = prepared.plan
        configuration = write_hub(plan)
        write_samples(state / "samples")
        own = hub_environ(plan, prepared.environ, environ, environment.hub, marker)
        log = plan.places.logs / "hub.log"
        log.write_text("")
        stack.callback(_clean, marker, plan.places.scratch)
        progress("starting the hub", 0, 0)
        proxy = start(
            _proxy_command(environment, plan.addresses), own, plan.places.hub, plan.places.logs / "proxy.log"
        )
        stack.callback(stop, proxy, 5.0)
        command = [str(environment.hub), "-m", "jupyterhub", "--config", str(configuration)]
        hub = start(command, own, plan.places.hub, log)
        stack.callback(stop, hub, _STOP_SECONDS)
        _wait(hub, proxy, prepared, log)
        lock.seek(0)
        lock.truncate()
        lock.write(plan.addresses.public)
        lock.flush()
        is_other = not addresses.public.endswith(f":{port}")
        yield Running(plan.addresses.public, is_other, plan.password, prepared, log, hub, (*notes, *_said(log)))


def marker_of(state: Path) -> str:
    """Return what the processes of the replica whose ``.takeout`` is ``state`` carry."""
    return hashlib.sha256(str(state).encode()).hexdigest()[:16]


def _people(prepared: Prepared, wishes: Wishes) -> Prepared:
    """Add the password, and somebody who is in every group, unless the command line names people."""
    if wishes.login == "real":
        return prepared
    people = prepared.plan.people or {MEMBER: group_names(prepared.plan.values)}
    password = secrets.token_urlsafe(9)
    return replace(prepared, plan=replace(prepared.plan, password=password, people=people, admins=[ADMIN]))


def _proxy_command(environment: Environment, addresses: Addresses) -> list[str]:
    public, api = urlsplit(addresses.public), urlsplit(addresses.proxy_api)
    options = ["--ip", str(public.hostname), "--port", str(public.port)]
    options += ["--api-ip", str(api.hostname), "--api-port", str(api.port)]
    error = ["--error-target", f"{addresses.hub}{public.path}hub/error"]
    return [str(environment.node), str(environment.proxy), *options, *error]


def _wait(hub: subprocess.Popen[bytes], proxy: subprocess.Popen[bytes], prepared: Prepared, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    health = f"{prepared.plan.addresses.public}hub/health"
    with httpx.Client(trust_env=False, timeout=5) as client:
        while time.monotonic() < deadline:
            if hub.poll() is not None:
                raise _ended(hub, prepared, log)
            if proxy.poll() is not None:
                said = " / ".join(last_lines(log.parent / "proxy.log", 4))
                raise ToolError(f"the proxy ended: {said}", where=Where(str(log.parent / "proxy.log")))
            with contextlib.suppress(httpx.HTTPError):
                if client.get(health).status_code == httpx.codes.OK:
                    return
            time.sleep(0.1)
    raise ToolError(
        f"the hub does not answer after {_START_SECONDS:.0f} seconds: {' / '.join(last_lines(log, 4))}",
        where=Where(str(log)),
    )


def _ended(hub: subprocess.Popen[bytes], prepared: Prepared, log: Path) -> TakeoutError:
    """Return why the hub ended: its own words where it left some, the end of its log otherwise."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        report: dict[str, Any] = json.loads(prepared.plan.places.report.read_text())
        return snippet_error(report, prepared)
    lines = "\n".join(f"    {line}" for line in last_lines(log))
    return ToolError(
        f"the hub ended with code {hub.returncode}; the end of its log:\n{lines}", where=Where(str(log))
    )


def snippet_error(report: Mapping[str, Any], prepared: Prepared) -> InputError:
    """Return the error for a snippet that failed."""
    key, missing = str(report["key"]), str(report["missing"])
    what = f"imports {missing}, which is not installed here" if missing else f"fails: {report['message']}"
    return InputError(
        f"hub.extraConfig.{key} {what}",
        where=snippet_place(prepared, key, int(report["line"])),
        hint=f"mend it, or leave it out with --skip {key}",
    )


def _said(log: Path) -> tuple[str, ...]:
    with contextlib.suppress(OSError):
        lines = log.read_text(errors="replace").splitlines()
        return tuple(line.removeprefix("takeout: ") for line in lines if line.startswith("takeout: "))
    return ()


def _clean(marker: str, scratch: Path) -> None:
    sweep(marker)
    shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def _alone(state: Path) -> Iterator[IO[str]]:
    """Hold the replica for this process.

    Raises:
        DirectoryError: When another one holds it.
    """
    state.mkdir(exist_ok=True)
    with (state / "running").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            at = file.read().strip()
            raise DirectoryError(
                "this replica runs already" + (f", at {at}" if at else ""),
                where=Where(str(state.parent)),
                hint="stop that one with Ctrl-C first",
            ) from error
        yield file
        file.seek(0)
        file.truncate()
