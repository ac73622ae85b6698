"""What is installed for one Python, read from the files that installers leave."""

# os.path throughout: its functions take every name as the system gives it, and cost nothing to start.
# ruff: noqa: PTH112, PTH118, PTH123, PTH208

from __future__ import annotations

import json
import os
import re
import subprocess
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from urllib.request import url2pathname

_QUICK_SECONDS = 20


def installed_packages(path: list[str]) -> list[dict[str, Any]]:
    """Return every distribution on a Python's path, as pip's freeze would: the first of a name counts.

    Args:
        path: The ``sys.path`` of that Python.

    Returns:
        For each: ``name``, ``version``, ``installer``, ``metadata`` (its folder), ``url`` (its address, where it
        did not come from an index), ``editable`` (the folder that it is worked on in), ``commit``.

    Source: https://packaging.python.org/en/latest/specifications/recording-installed-packages/
    """
    found: dict[str, dict[str, Any]] = {}
    for folder in path:
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            continue
        linked = {_plain_name(name[:-9]): name for name in names if name.endswith(".egg-link")}
        for name in names:
            record = (
                _distribution(os.path.join(folder, name)) if name.endswith((".dist-info", ".egg-info")) else None
            )
            if record:
                found.setdefault(_plain_name(record["name"]), record)
        for plain, name in linked.items():
            record = _linked_distribution(os.path.join(folder, name))
            if record:
                found[plain] = record
    return [found[key] for key in sorted(found)]


def _plain_name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _distribution(place: str) -> dict[str, Any] | None:
    """Return what a ``.dist-info`` or ``.egg-info`` says, or nothing where it is damaged."""
    text = ""
    for name in ("METADATA", "PKG-INFO"):
        text = text or read_text(os.path.join(place, name))
    text = text or ("" if os.path.isdir(place) else read_text(place))
    head = text.split("\n\n", 1)[0]
    found_name, found_version = (
        re.search(f"^{key}: *(.+?) *$", head, re.MULTILINE) for key in ("Name", "Version")
    )
    if not found_name or not found_version:
        return None
    record = {"name": found_name.group(1), "version": found_version.group(1), "metadata": place}
    record["installer"] = read_text(os.path.join(place, "INSTALLER")).strip()
    record.update(_direct(read_text(os.path.join(place, "direct_url.json"))))
    return record


def _direct(text: str) -> dict[str, Any]:
    """Return where a distribution came from, where it was no index.

    Source: https://packaging.python.org/en/latest/specifications/direct-url/
    """
    try:
        direct = json.loads(text)
        url = without_password(str(direct["url"]))
    except (ValueError, KeyError, TypeError):
        return {}
    if direct.get("dir_info", {}).get("editable"):
        return _worked_on(file_of(url))
    control = direct.get("vcs_info")
    if control:
        commit = str(control.get("commit_id", ""))
        return {
            "url": "{}+{}@{}".format(control.get("vcs", "git"), url, commit),
            "commit": commit,
            **_below(direct),
        }
    return {"url": url, **_below(direct)}


def _below(direct: dict[str, Any]) -> dict[str, str]:
    folder = direct.get("subdirectory")
    return {"subdirectory": str(folder)} if folder else {}


def _linked_distribution(place: str) -> dict[str, Any] | None:
    """Return what an ``.egg-link`` of an older setuptools leads to."""
    folder = read_text(place).split("\n", 1)[0].strip()
    try:
        names = [name for name in sorted(os.listdir(folder)) if name.endswith(".egg-info")]
    except OSError:
        return None
    record = _distribution(os.path.join(folder, names[0])) if names else None
    if record:
        record.update(_worked_on(folder))
    return record


def _worked_on(folder: str) -> dict[str, Any]:
    """Return an editable's folder, and its repository and commit where it is one."""
    record = {"editable": folder}
    commit = answer(["git", "-C", folder, "rev-parse", "HEAD"])
    remote = answer(["git", "-C", folder, "config", "--get", "remote.origin.url"])
    top = answer(["git", "-C", folder, "rev-parse", "--show-toplevel"])
    if commit and remote:
        record.update(url="git+" + without_password(_as_url(remote)) + "@" + commit, commit=commit)
        below = os.path.relpath(os.path.realpath(folder), os.path.realpath(top))
        if below != ".":
            record["subdirectory"] = below
    return record


def _as_url(remote: str) -> str:
    """Return a git remote as pip takes it: ``git@host:path`` becomes ``ssh://git@host/path``."""
    short = re.match(r"^([\w.-]+@[\w.-]+):(?!//)(.+)$", remote)
    return "ssh://{}/{}".format(*short.groups()) if short else remote


def file_of(url: str) -> str:
    """Return the path that a ``file:`` address names, or nothing."""
    parts = urlsplit(url)
    return url2pathname(parts.path) if parts.scheme == "file" else ""


def without_password(url: str) -> str:
    """Return an address without what logs in: a password, a token as the user, conda's ``/t/<token>/``."""
    parts = urlsplit(re.sub(r"/t/[^/]+/", "/", url))
    user, at, host = parts.netloc.rpartition("@")
    if at and parts.scheme.endswith("ssh"):
        host = user.split(":")[0] + "@" + host
    return urlunsplit((parts.scheme, host, parts.path, parts.query if not at else "", parts.fragment))


def read_text(place: str, limit: int = 1 << 22) -> str:
    """Return a file's text, or nothing where it cannot be read or is larger than ``limit`` bytes."""
    try:
        with open(place, "rb") as stream:
            data = stream.read(limit + 1)
    except (OSError, ValueError):
        return ""
    return data.decode("utf-8", "replace").replace("\r\n", "\n") if len(data) <= limit else ""


def answer(command: list[str], seconds: int = _QUICK_SECONDS, environ: dict[str, str] | None = None) -> str:
    """Return what a program prints, or nothing where it is missing, fails or takes too long."""
    try:
        done = subprocess.run(  # noqa: S603 - our own words
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            env=environ,
            check=False,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else ""
