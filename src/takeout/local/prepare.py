"""Turn a replica into the plan by which its hub runs here."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from takeout.errors import OptionError, Where
from takeout.local.files import contents
from takeout.local.hubsecrets import hub_secrets
from takeout.local.mapping import Release, getter, names_of, traits_of, with_defaults
from takeout.local.plan import Addresses, Login, Places, Plan
from takeout.local.rendered import TABLE, with_chart
from takeout.local.unused import unused
from takeout.replica.files import Files, read_files
from takeout.replica.model import SECRETS
from takeout.replica.recall import layout_of
from takeout.replica.secrets import unfilled
from takeout.values.node import Mapping as Document
from takeout.values.node import find, from_data, to_data
from takeout.values.path import format_path

STATE = ".takeout"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asks for.

    Attributes:
        login: ``dummy`` or ``real``.
        skip: Keys of snippets to leave out.
        people: Groups by user.
        chart: A chart, or a folder of charts; None for what is on this machine.
        by_table: Use the mapping even where a chart is at hand.
    """

    login: Login = "dummy"
    skip: tuple[str, ...] = ()
    people: Mapping[str, tuple[str, ...]] | None = None
    chart: Path | None = None
    by_table: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan, and what a person should know about it.

    Attributes:
        plan: The plan.
        environ: Variables of the hub's process beside the machine's own.
        title: The hub's title.
        configuration: Where the hub's configuration comes from, in words.
        unused: Keys that mean nothing here, each with the reason.
        files: The replica.
    """

    plan: Plan
    environ: dict[str, str]
    title: str
    configuration: str
    unused: tuple[tuple[str, str], ...]
    files: Files


def prepare(
    directory: Path, addresses: Addresses, programs: Path, wishes: Wishes, *, dry: bool = False
) -> Prepared:
    """Return the plan for the replica in ``directory``.

    Args:
        directory: The replica.
        addresses: Where the parts will listen.
        programs: The users' folder of programs.
        wishes: What the command line asks for.
        dry: Whether pods are only described.

    Raises:
        DirectoryError: When there is no replica.
        ValuesError: When its values cannot be read.
        OptionError: When a snippet that is to be skipped is not there.
    """
    files = read_files(directory)
    places = Places(str((directory / STATE).resolve()), str(programs), "described" if dry else "hub")
    return prepare_values(files, own_values(files, files.merged), addresses, places, wishes, dry=dry)


def prepare_values(
    files: Files,
    own: dict[str, Any],
    addresses: Addresses,
    places: Places,
    wishes: Wishes,
    *,
    dry: bool = False,
    kept: Path | None = None,
) -> Prepared:
    """Return the plan for a replica with these values in place of its own.

    Args:
        files: The replica.
        own: z2jh's values.
        addresses: Where the parts will listen.
        places: Where files go.
        wishes: What the command line asks for.
        dry: Whether pods are only described.
        kept: What remembers random secrets; a file of ``places`` where None.

    Raises:
        OptionError: When a snippet that is to be skipped is not there.
    """
    layout = layout_of(files.lock)
    hub = files.lock["hub"]
    release = Release(hub["name"], hub["name"], layout.jupyterhub.version)
    values = with_defaults(own)
    get = getter(values)
    hidden = hub_secrets(values, kept or places.hub / "secrets.json")
    plan = Plan(
        hub=hub["id"],
        addresses=_with_base(addresses, get("hub.baseUrl", "/")),
        places=places,
        values=values,
        secrets=hidden,
        names=names_of(values, release),
        traits=traits_of(values, release, hidden),
        snippets={key: str(text) for key, text in get("hub.extraConfig", {}).items()},
        skip=list(wishes.skip),
        files={names_of(values, release)["singleuser"]: contents(get("singleuser.extraFiles", {}))},
        login=wishes.login,
        people={name: list(groups) for name, groups in (wishes.people or {}).items()},
        dry=dry,
    )
    wrong = [key for key in wishes.skip if key not in plan.snippets]
    if wrong:
        raise OptionError(
            f"hub.extraConfig has no key {wrong[0]!r}", hint=f"keys: {', '.join(sorted(plan.snippets)) or 'none'}"
        )
    if wishes.login == "real":
        _refuse_placeholders(own, files)
    configuration = TABLE
    if not wishes.by_table:
        plan, configuration = with_chart(plan, files, release, wishes.chart)
    environ = _environ(plan, release, get("hub.extraEnv", {}))
    return Prepared(plan, environ, hub["title"] or hub["id"], configuration, tuple(unused(own)), files)


def _refuse_placeholders(own: dict[str, Any], files: Files) -> None:
    """Refuse a login whose secrets nobody has filled in."""
    config = from_data(getter(own)("hub.config", {}))
    left = [path for path in unfilled(config) if path] if isinstance(config, Document) else []
    if left:
        names = ", ".join(f"hub.config.{format_path(path)}" for path in left)
        raise OptionError(
            f"--auth real needs what is still to be filled in: {names}",
            where=Where(str(files.directory / SECRETS)),
            hint="fill it in, or leave --auth real out",
        )


def snippet_place(prepared: Prepared, key: str, line: int) -> Where:
    """Return where line ``line`` of a snippet stands in the replica's files."""
    path = ("hub", "extraConfig", key)
    if layout_of(prepared.files.lock).umbrella:
        path = ("jupyterhub", *path)  # type: ignore[assignment]
    for document in reversed(prepared.files.values.values()):
        node = find(document, path)
        if node is not None:
            # A block of text begins on the line below its key.
            return Where(
                node.mark.file, node.mark.line + line if node.mark.line else 0, 0, f"hub.extraConfig.{key}"
            )
    return Where(path=f"hub.extraConfig.{key}", line=line)


def group_names(values: Mapping[str, Any]) -> list[str]:
    """Return every group that a profile or a choice asks for, wherever it stands in the values."""
    found: dict[str, None] = {}

    def look(value: Any) -> None:
        if isinstance(value, dict):
            asked = value.get("allowed_groups")
            for name in asked if isinstance(asked, list) else ():
                found.setdefault(str(name))
            for child in value.values():
                look(child)
        elif isinstance(value, list):
            for child in value:
                look(child)

    look(getter(dict(values))("singleuser.profileList", []))
    return list(found)


def own_values(files: Files, merged: Document) -> dict[str, Any]:
    """Return z2jh's own values of what Helm is given for the replica."""
    data = to_data(merged)
    values: Any = data.get("jupyterhub") if files.lock["umbrella"] and isinstance(data, dict) else data
    return values if isinstance(values, dict) else {}


def _with_base(addresses: Addresses, base: str) -> Addresses:
    path = "/" + base.strip("/") + "/" if base.strip("/") else "/"
    return replace(addresses, public=addresses.public.rstrip("/") + path)


def _environ(plan: Plan, release: Release, extra: object) -> dict[str, str]:
    """Return what the hub's pod would have in its environment."""
    environ = {"HELM_RELEASE_NAME": release.name, "POD_NAMESPACE": release.namespace, "PYTHONUNBUFFERED": "1"}
    for name in ("hub", "proxy-api", "proxy-public", "proxy-http"):
        address = {"hub": plan.addresses.hub, "proxy-api": plan.addresses.proxy_api}.get(
            name, plan.addresses.public
        )
        host, _, port = address.split("//")[1].rstrip("/").partition("/")[0].partition(":")
        stem = plan.names.get(name, name).upper().replace("-", "_")
        environ |= {f"{stem}_SERVICE_HOST": host, f"{stem}_SERVICE_PORT": port}
    pairs = (
        extra.items()
        if isinstance(extra, dict)
        else [(e["name"], e) for e in extra]
        if isinstance(extra, list)
        else []
    )
    for name, value in pairs:
        text = value.get("value") if isinstance(value, dict) else value
        if text is not None:
            environ[name] = str(text)
    environ["CONFIGPROXY_AUTH_TOKEN"] = secrets.token_hex(32)
    environ["KUBECONFIG"] = os.fspath(plan.places.hub / "kubeconfig")
    return environ
