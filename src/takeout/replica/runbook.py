"""``README.md``: what to do for this very hub, in order, and how to see that each step worked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from takeout.adapt.rule import Action
from takeout.replica import runbook_text as text
from takeout.replica.markdown import code, fence, indent, plural, wrap
from takeout.replica.model import HELM_ORDER, LOCAL, README, REPORT, SECRETS, Replica, SecretEntry
from takeout.replica.options import format_storage
from takeout.replica.pools import fill, needs, not_asked, pool_steps
from takeout.targets import Step
from takeout.values.path import format_path

OPEN, DONE = "- [ ] ", "- [x] "


def runbook(replica: Replica, manifests: Sequence[str]) -> str:
    """Return the runbook of ``replica``.

    Args:
        replica: The replica.
        manifests: The names of the files in ``manifests/``.
    """
    sections = [
        _opening(replica),
        text.PREREQUISITES,
        _cluster(replica),
        _storage(replica),
        _secrets(replica),
        _section("Login", text.LOGIN.format(host=replica.context.options.host), (), _of(replica, "login")),
        _section("Images", text.IMAGES, (), _of(replica, "images")) if _of(replica, "images") else "",
        _domain(replica),
        _install(replica, manifests),
        _first_login(replica),
        _section("Data", text.DATA, (), _of(replica, "data")) if _of(replica, "data") else "",
        _section("Look over", text.REVIEW, (), _of(replica, "review")) if _of(replica, "review") else "",
        _fill(text.UPDATE, replica),
        _fill(text.UNDO, replica),
    ]
    numbered, number = [], 0
    for section in filter(None, sections):
        if section.startswith("## "):
            number += 1
            section = f"## {number}. {section[3:]}"  # noqa: PLW2901 - the numbered section is the section
        numbered.append(section.strip())
    return "\n\n".join(numbered) + "\n"


def names(replica: Replica) -> dict[str, str]:
    """Return the fields of the runbook's texts and of the target's steps."""
    chart = replica.layout.jupyterhub
    host = replica.context.options.host
    release = release_name(replica.context.hub.name)
    reference = chart.chart
    where = f" --repo {chart.repository}"
    if chart.repository.startswith("oci://"):
        reference, where = f"{chart.repository.rstrip('/')}/{chart.chart}", ""
    files = " ".join(f"-f {name}" for name in HELM_ORDER)
    version = f" --version {chart.version}"
    if replica.layout.umbrella:
        reference, where, version = ".", "", ""
    return {
        "id": replica.id,
        "host": host,
        "release": release,
        "namespace": release,
        "cluster": release_name(replica.context.hub.cluster or release),
        "options": _options(replica),
        "install": f"helm upgrade --install {release} {reference}{where}{version} \\\n"
        f"  --namespace {release} --create-namespace {files} --wait --timeout 15m",
    }


def _fill(template: str, replica: Replica) -> str:
    return wrap(template.format(**names(replica)))


def _opening(replica: Replica) -> str:
    hub = replica.context.hub
    blocking = [action for action in replica.adaptation.actions if action.blocking]
    lines = [
        f"# {hub.title or hub.name}",
        "",
        wrap(text.OPENING.format(id=replica.id, host=code(replica.context.options.host))),
        "",
        wrap(
            f"{plural(len(replica.adaptation.actions), 'thing')} only a person can do "
            f"{'is' if len(replica.adaptation.actions) == 1 else 'are'} marked with a box below, "
            f"{len(blocking)} of them before anybody can log in. Tick a box when it is done: "
            f"a later run of Takeout keeps the ticks. {REPORT} says what was changed and why."
        ),
    ]
    if replica.surprises:
        count = plural(len(replica.surprises), "surprise")
        lines += ["", f"**{REPORT} begins with {count} that nothing accounts for: read that first.**"]
    return "\n".join(lines)


def _cluster(replica: Replica) -> str:
    target, fields = replica.context.target, names(replica)
    dask = any(companion.chart == "dask-gateway" for companion in replica.layout.companions)
    steps = _filled(replica, "prepare", "cluster")
    steps += pool_steps(target, needs(replica), dask=dask, fields=fields, actions=replica.adaptation.actions)
    end = _fill(text.NAMESPACE, replica)
    about = (
        f"The target is {code(target.name)}: {target.title}."
        if target.title
        else f"The target is {code(target.name)}."
    )
    return _section("Cluster", about, steps, _of(replica, "cluster"), end)


def _storage(replica: Replica) -> str:
    storage = replica.context.options.storage
    about = text.STORAGE[storage.kind].format(
        storage=code(format_storage(storage)), name=storage.name, path=storage.path
    )
    steps = _filled(replica, "shared-storage") if needs(replica).shared else []
    return _section("Storage", about, steps, _of(replica, "storage"))


def _secrets(replica: Replica) -> str:
    to_fill = [secret for secret in replica.secrets if secret.generate is None]
    made = [secret for secret in replica.secrets if secret.generate is not None]
    body = [text.SECRETS if replica.secrets else text.NO_SECRETS]
    body += [_secret(secret) for secret in to_fill]
    if made:
        body.append(
            f"Made for you, nothing to do: {', '.join(code(format_path(secret.path)) for secret in made)}."
        )
    return _section("Secrets", "\n\n".join(body), (), _of(replica, "secrets"))


def _secret(secret: SecretEntry) -> str:
    head = f"{OPEN}{code(format_path(secret.path))}" + (" (blocking)" if secret.blocking else "")
    return f"{head}\n\n{indent(wrap(secret.purpose))}"


def _domain(replica: Replica) -> str:
    about = text.DOMAIN if replica.context.options.domain else text.NO_DOMAIN
    steps = _filled(replica, "ingress", "certificates", "address")
    return _section("Address", about.format(host=replica.context.options.host), steps, _of(replica, "domain"))


def _install(replica: Replica, manifests: Sequence[str]) -> str:
    commands = []
    if manifests:
        commands.append(f"kubectl apply --namespace {names(replica)['namespace']} -f manifests/")
    if replica.layout.umbrella:
        commands.append("helm dependency update .")
    commands.append(names(replica)["install"])
    about = text.INSTALL_UMBRELLA if replica.layout.umbrella else text.INSTALL
    parts = [wrap(about), fence(commands, "console"), _fill(text.INSTALLED, replica), wrap(text.DEPLOY)]
    return "\n\n".join(["## Install", *parts, fence(["takeout hub deploy ."], "console")])


def _first_login(replica: Replica) -> str:
    return _fill(text.FIRST_LOGIN, replica)


def _section(title: str, about: str, steps: Iterable[Step], actions: Iterable[Action], end: str = "") -> str:
    parts = [
        f"## {title}",
        wrap(about),
        *(_step(step) for step in steps),
        *(_action(action) for action in actions),
        end,
    ]
    return "\n\n".join(part for part in parts if part)


def _step(step: Step) -> str:
    return "\n\n".join(part for part in (f"**{step.title}.**", wrap(step.text), _commands(step)) if part)


def _commands(step: Step) -> str:
    return fence(step.commands, "console") + _verify(step.verify)


def _action(action: Action) -> str:
    blocking = " (blocking)" if action.blocking else ""
    parts = [wrap(action.text)]
    if action.commands:
        parts.append(fence(action.commands, "console"))
    body = "\n\n".join(parts) + _verify(action.verify)
    return f"{OPEN}**{action.title}** {code(action.id)}{blocking}\n\n{indent(body)}"


def _verify(verify: str) -> str:
    if not verify:
        return ""
    command = verify.split(maxsplit=1)[0].islower() and " " in verify and not verify.rstrip().endswith(".")
    return f"\n\nTo see that it worked: {code(verify) if command else verify}"


def _of(replica: Replica, stage: str) -> list[Action]:
    chosen = [action for action in replica.adaptation.actions if action.stage == stage]
    return sorted(chosen, key=lambda action: not action.blocking)


def _filled(replica: Replica, *ids: str) -> list[Step]:
    fields = names(replica)
    steps = [fill(step, fields) for step in replica.context.target.steps if step.id in ids]
    said = "\n".join(command for action in replica.adaptation.actions for command in action.commands)
    return not_asked(steps, said)


def _options(replica: Replica) -> str:
    options = replica.context.options
    words = [f"--target {replica.context.target.name}", f"--storage {format_storage(options.storage)}"]
    if options.domain:
        words.insert(0, f"--domain {options.domain}")
    if options.auth != "keep":
        words.append(f"--auth {options.auth}")
    return " ".join(words)


def release_name(name: str) -> str:
    """Return ``name`` as a Kubernetes name (RFC 1123)."""
    return (
        "".join(c if c.isalnum() and c.isascii() else "-" for c in name.lower()).strip("-")[:53].strip("-")
        or "hub"
    )


__all__ = ["DONE", "LOCAL", "OPEN", "README", "SECRETS", "names", "release_name", "runbook"]
