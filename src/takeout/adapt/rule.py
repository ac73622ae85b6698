"""What a rule is, and the draft it works on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from takeout.adapt.context import Context, Dependency
from takeout.values.node import (
    Data,
    Mapping,
    Mark,
    Node,
    Sequence,
    find,
    from_data,
    to_data,
    with_node,
    without_node,
)
from takeout.values.path import Path, as_path, format_path

Safety = Literal["sure", "likely", "ask"]
Net = Literal["references", "origin", "nodes"]


@dataclass(frozen=True, slots=True)
class Case:
    """A small proof of a rule, run by one test for all rules.

    Attributes:
        name: What the case shows, in a few words.
        given: Values before, as YAML.
        expect: Values after, as YAML; None when the rule must leave them alone.
        hub: Fields of ``HubFacts`` that matter here.
        options: Fields of ``Options`` that matter here.
        target: The target's name.
        terms: The origin's terms that matter here, as texts (of kind ``domain`` where they have a dot and
            ``organisation`` otherwise).
        actions: Ids of the actions that the rule must ask for, exactly.
        secrets: Names of the secrets that the rule must ask for, exactly.
        manifests: ``Kind/name`` of the objects that the rule must add, exactly.
    """

    name: str
    given: str
    expect: str | None = None
    hub: dict[str, object] = field(default_factory=dict)
    options: dict[str, object] = field(default_factory=dict)
    target: str = "any"
    terms: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    manifests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One reasoned change to the values.

    Attributes:
        id: Letter and two digits, never used again for another rule; rules run in the order of their ids.
        title: What it does, as an imperative: "Take the origin's staff out of the admins".
        why: What happens without it.
        source: Where that is known from: an https address that anybody can open.
        safety: ``sure`` (always right), ``likely`` (right unless the owners want otherwise), ``ask`` (an action
            tells the owners to confirm).
        change: The change itself.
        cases: At least one that changes something and one that leaves values alone.
    """

    id: str
    title: str
    why: str
    source: str
    safety: Safety
    change: Callable[[Draft], None]
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Cover:
    """What an action or a kept mention accounts for in a net.

    Attributes:
        net: The net.
        subject: A pattern (``fnmatch``, without regard to case) for the finding's subject.
        path: Dotted path of the values that the cover is limited to; empty for all.
    """

    net: Net
    subject: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """Something only a person can do.

    Attributes:
        id: Stable name, such as ``register-oauth-app``.
        title: The imperative, in a few words.
        text: What to do and why, in Markdown, filled in for this hub.
        commands: Shell commands, filled in.
        verify: How to see that it worked: a command or a sentence.
        stage: The step of the runbook it belongs to.
        blocking: Whether the hub cannot start, or nobody can log in, until it is done.
        covers: What it accounts for in the nets.
        rule: The id of the rule that asks for it; filled in by the draft.
    """

    id: str
    title: str
    text: str
    commands: tuple[str, ...] = ()
    verify: str = ""
    stage: Literal["cluster", "storage", "secrets", "login", "domain", "data", "images", "review"] = "review"
    blocking: bool = False
    covers: tuple[Cover, ...] = ()
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Keep:
    """A mention of the origin, a reference or a demand on nodes that stays, and why.

    Attributes:
        cover: What it accounts for.
        reason: Why it stays, in one sentence.
        rule: The id of the rule; filled in by the draft.
    """

    cover: Cover
    reason: str
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that belongs into ``secrets.yaml``.

    Attributes:
        path: Dotted path in the values.
        purpose: What it is for, and how to get it where it cannot be generated.
        generate: ``hex32`` (64 hexadecimal digits), ``password`` (url-safe, 32 bytes), or None for a
            placeholder that a person fills in.
        blocking: Whether the hub cannot start, or nobody can log in, without it.
        same_as: Dotted path of another secret that has to have the same value; empty where none has.
    """

    path: str
    purpose: str
    generate: Literal["hex32", "password"] | None = None
    blocking: bool = True
    same_as: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One edit that a rule made.

    Attributes:
        rule: The rule's id.
        path: The place in the values.
        kind: What was done.
        before: The node before; None where there was none.
        after: The node after; None where it was removed.
        why: The reason for this edit (the rule's title unless the rule said more).
    """

    rule: str
    path: Path
    kind: Literal["set", "removed"]
    before: Node | None
    after: Node | None
    why: str


class Draft:
    """The values while one rule works on them.

    Paths are dotted text or tuples; they start at the hub's chart, so z2jh's values are below ``jupyterhub``
    and each companion's below its own name. Reading gives fresh plain data: mutate it as you like, then ``set``.
    """

    def __init__(self, rule: Rule, values: Mapping, context: Context) -> None:
        self.rule = rule
        self.values = values
        self.context = context
        self.changes: list[Change] = []
        self.actions: list[Action] = []
        self.keeps: list[Keep] = []
        self.secrets: list[Secret] = []
        self.manifests: list[dict[str, Data]] = []
        self.dependencies: list[Dependency] = []

    def node(self, path: str | Path) -> Node | None:
        """Return the node at ``path``, or None."""
        return find(self.values, as_path(path))

    def has(self, path: str | Path) -> bool:
        """Whether there is anything at ``path``, be it null."""
        return self.node(path) is not None

    def get(self, path: str | Path, default: Data = None) -> Data:
        """Return fresh plain data from ``path``, or ``default`` where there is nothing."""
        node = self.node(path)
        return default if node is None else to_data(node)

    def get_map(self, path: str | Path) -> dict[str, Data]:
        """Return the mapping at ``path``; empty where there is none or something else."""
        data = self.get(path)
        return data if isinstance(data, dict) else {}

    def get_list(self, path: str | Path) -> list[Data]:
        """Return the list at ``path``; empty where there is none or something else."""
        data = self.get(path)
        return data if isinstance(data, list) else []

    def set(self, path: str | Path, data: Data, *, why: str = "") -> None:
        """Write ``data`` at ``path``; nothing happens where it is there already."""
        path = as_path(path)
        before = self.node(path)
        if before is not None and same(to_data(before), data):
            return
        reason = why or self.rule.title
        after = from_data(data, Mark(f"rule:{self.rule.id}"), why=reason)
        self.values = with_node(self.values, path, after)
        self.changes.append(Change(self.rule.id, path, "set", before, after, reason))

    def append(self, path: str | Path, data: Data, *, why: str = "") -> None:
        """Add ``data`` to the end of the list at ``path``, whose items stay as they are; nothing if it is there.

        Where there is no list (nothing, null, something else), it becomes one.
        """
        path = as_path(path)
        before = self.node(path)
        if not isinstance(before, Sequence):
            self.set(path, [data], why=why)
            return
        if any(same(to_data(item), data) for item in before.items):
            return
        reason = why or self.rule.title
        item = from_data(data, Mark(f"rule:{self.rule.id}"), why=reason)
        after = replace(before, items=(*before.items, item), replaced=before)
        self.values = with_node(self.values, path, after)
        self.changes.append(Change(self.rule.id, (*path, len(before.items)), "set", None, item, reason))

    def remove(self, path: str | Path, *, why: str = "") -> None:
        """Take out what is at ``path``; nothing happens where there is nothing."""
        path = as_path(path)
        before = self.node(path)
        if before is None:
            return
        reason = why or self.rule.title
        self.values = without_node(self.values, path, Mark(f"rule:{self.rule.id}"), why=reason)
        self.changes.append(Change(self.rule.id, path, "removed", before, None, reason))

    def prune(self, path: str | Path) -> None:
        """Take out the mapping or list at ``path``, and then its parents, as long as they are empty."""
        path = as_path(path)
        while path and self.get(path) in ({}, []):
            self.remove(path, why="nothing is left in it")
            path = path[:-1]

    def ask(self, action: Action) -> None:
        """Ask a person for ``action``."""
        self.actions.append(replace(action, rule=self.rule.id))

    def keep(self, net: Net, subject: str, reason: str, *, path: str | Path = "") -> None:
        """Leave what ``net`` will find, for ``reason``."""
        where = format_path(as_path(path)) if path else ""
        self.keeps.append(Keep(Cover(net, subject, where), reason, self.rule.id))

    def need(self, secret: Secret) -> None:
        """Have ``secret`` written to ``secrets.yaml``; what stood at its path leaves the values."""
        self.secrets.append(secret)
        self.remove(secret.path, why="it belongs into secrets.yaml")

    def add(self, manifest: dict[str, Data]) -> None:
        """Add a Kubernetes object that z2jh does not make."""
        self.manifests.append(manifest)

    def require(self, dependency: Dependency) -> None:
        """Have a chart beside z2jh that the source did not have."""
        self.dependencies.append(dependency)


def same(a: Data, b: Data) -> bool:
    """Whether two values are equal as JSON has it: ``True`` is not 1, ``1.0`` is."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return isinstance(a, bool) == isinstance(b, bool) and a == b
