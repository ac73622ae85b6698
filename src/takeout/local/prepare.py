"""Turn a replica into the plan by which its hub runs here."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from takeout.chart.helm import Chart, Manifest
from takeout.errors import InputError, NetworkError, OptionError, TakeoutError, ToolError, Where
from takeout.local.files import contents
from takeout.local.mapping import Release, getter, names_of, traits_of, with_defaults
from takeout.local.plan import Addresses, Login, Places, Plan
from takeout.local.unused import unused
from takeout.replica.charts import open_chart_of
from takeout.replica.files import Files, read_files
from takeout.replica.model import SECRETS
from takeout.replica.recall import layout_of
from takeout.replica.secrets import unfilled
from takeout.values.node import Mapping as Document
from takeout.values.node import find, from_data, to_data
from takeout.values.path import format_path

STATE = ".takeout"
_MOUNTED = "/usr/local/etc/jupyterhub"
_SEEDED = ("hub.config.JupyterHub.cookie_secret", "hub.config.CryptKeeper.keys")


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
    layout = layout_of(files.lock)
    own = _jupyterhub(files.merged, umbrella=layout.umbrella)
    hub = files.lock["hub"]
    release = Release(hub["name"], hub["name"], layout.jupyterhub.version)
    places = Places(str((directory / STATE).resolve()), str(programs), "described" if dry else "hub")
    values = with_defaults(own)
    get = getter(values)
    hidden = _secrets(values, places.hub)
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
    plan, configuration = _with_chart(plan, files, release, wishes)
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


def _jupyterhub(merged: Document, *, umbrella: bool) -> dict[str, Any]:
    data = to_data(merged)
    assert isinstance(data, dict)  # noqa: S101 - a values file is a mapping
    values: Any = data.get("jupyterhub") if umbrella else data
    return values if isinstance(values, dict) else {}


def _with_base(addresses: Addresses, base: str) -> Addresses:
    path = "/" + base.strip("/") + "/" if base.strip("/") else "/"
    return replace(addresses, public=addresses.public.rstrip("/") + path)


def _secrets(values: dict[str, Any], folder: Path) -> dict[str, str]:
    """Return the hub's secrets: the owners' where there are any, else random ones that stay for the next time."""
    get = getter(values)
    file = folder / "secrets.json"
    try:
        kept: dict[str, str] = json.loads(file.read_text())
    except (OSError, ValueError):
        kept = {}
    given = {
        _SEEDED[0]: get(_SEEDED[0]) or get("hub.cookieSecret"),
        _SEEDED[1]: _joined(get(_SEEDED[1])),
        **{f"hub.services.{k}.apiToken": (s or {}).get("apiToken") for k, s in get("hub.services", {}).items()},
    }
    chosen = {}
    for key, value in given.items():
        is_given = isinstance(value, str) and value and not value.startswith("<")
        chosen[key] = str(value) if is_given else kept.get(key) or secrets.token_hex(32)
    folder.mkdir(parents=True, exist_ok=True)
    if chosen != kept:
        file.touch(mode=0o600)
        file.write_text(json.dumps(chosen, indent=1))
    return chosen


def _joined(keys: object) -> str | None:
    if isinstance(keys, list):
        return ";".join(map(str, keys))
    return keys if isinstance(keys, str) else None


def _with_chart(plan: Plan, files: Files, release: Release, wishes: Wishes) -> tuple[Plan, str]:
    """Return the plan with the chart's own configuration where a chart is at hand."""
    table = "Takeout's table of z2jh's values"
    if wishes.by_table:
        return plan, table
    try:
        with open_chart_of(files, chart=wishes.chart, offline=True) as chart:
            return _by_chart(plan, chart, files, release)
    except (NetworkError, ToolError) as error:
        return plan, f"{table}; {error.message.split(',')[0]}"
    except TakeoutError as error:
        if wishes.chart is not None:
            raise
        return plan, f"{table}; the chart does not render these values ({error.message})"


def _by_chart(plan: Plan, chart: Chart, files: Files, release: Release) -> tuple[Plan, str]:
    rendered = chart.render(files.merged, name=release.name, namespace=release.namespace)
    config = _holding(rendered, "ConfigMap", "jupyterhub_config.py")
    secret = {**_holding(rendered, "Secret", "values.yaml")}
    decoded = {key: base64.b64decode(text).decode() for key, text in secret.items()}
    values = json.loads(json.dumps(_yaml(decoded["values.yaml"])))
    folder = plan.places.hub / "chart"
    snippets = {key: str(text) for key, text in (getter(values)("hub.extraConfig", {}) or {}).items()}
    values.get("hub", {}).pop("extraConfig", None)
    for name, texts in (("config", config), ("secret", {**decoded, "values.yaml": json.dumps(values)})):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for key, text in texts.items():
            file = folder / name / key
            file.touch(mode=0o600)
            file.write_text(text.replace(_MOUNTED, str(folder)) if key.endswith(".py") else text)
    data = [manifest.data for manifest in rendered if manifest.kind == "Secret"]
    mounted = {item["metadata"]["name"]: dict(item.get("data") or {}) for item in data}
    with_snippets = {**values, "hub": {**values.get("hub", {}), "extraConfig": snippets}}
    names = {key: text for key, text in config.items() if "\n" not in text}
    plan = replace(
        plan,
        chart=str(folder),
        values=with_snippets,
        snippets=snippets,
        files={**plan.files, **mounted},
        names=names,
    )
    return plan, f"the hub configuration of the chart {chart.tree.name} {chart.version}"


def _holding(rendered: Iterable[Manifest], kind: str, key: str) -> dict[str, str]:
    for manifest in rendered:
        data = manifest.data.get("data") or {}
        if manifest.kind == kind and key in data:
            return dict(data)
    raise InputError(f"the chart renders no {kind} with {key}", hint="try it with --table")


def _yaml(text: str) -> Any:
    import yaml  # noqa: PLC0415 - only with a chart

    return yaml.load(text, Loader=yaml.CSafeLoader)


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
