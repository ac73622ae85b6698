"""What a rule may know besides the values: the hub, where it comes from, where it goes, what was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from takeout.adapt.terms import Term, mentions
from takeout.targets import Target


@dataclass(frozen=True, slots=True)
class Dependency:
    """A subchart that the source's chart names.

    Attributes:
        name: The key its values sit under (the alias, where it has one).
        chart: The chart's own name.
        version: As written in Chart.yaml.
        repository: Address of the chart repository; ``https://``, ``oci://`` or ``file://``.
        condition: Dotted path of the value that turns it on; empty when always on.
    """

    name: str
    chart: str
    version: str
    repository: str
    condition: str = ""


@dataclass(frozen=True, slots=True)
class HubFacts:
    """The hub as its source knows it.

    Attributes:
        name: The hub's name, which is also its namespace and release.
        cluster: The cluster's name; empty where the source has none.
        title: What people call it; empty where unknown.
        domain: The hub's address at the origin, without scheme; empty where unknown (or encrypted).
        provider: ``aws``, ``gcp``, ``azure``, ``kubeconfig`` or empty.
        chart: The name of the source's chart, such as ``basehub``; ``jupyterhub`` for plain z2jh values.
        dependencies: The chart's subcharts by the key of their values, ``jupyterhub`` among them.
        cluster_file: The cluster's own facts as the source's cluster file has them, hubs left out.
        own_templates: Whether the source's chart has templates of its own beside its subcharts.
    """

    name: str
    cluster: str = ""
    title: str = ""
    domain: str = ""
    provider: str = ""
    chart: str = "jupyterhub"
    dependencies: Mapping[str, Dependency] = field(default_factory=dict)
    cluster_file: Mapping[str, object] = field(default_factory=dict)
    own_templates: bool = False


@dataclass(frozen=True, slots=True)
class Storage:
    """Where homes will live, as ``--storage`` says it.

    Attributes:
        kind: ``dynamic`` (a claim per user), ``pvc``, ``nfs``, ``home-nfs`` or ``hostpath``.
        name: The claim, for ``pvc``.
        host: The server, for ``nfs``.
        path: The exported path for ``nfs``, the directory for ``hostpath``.
    """

    kind: Literal["dynamic", "pvc", "nfs", "home-nfs", "hostpath"] = "dynamic"
    name: str = ""
    host: str = ""
    path: str = ""

    @property
    def shared(self) -> bool:
        """Whether one volume holds all homes, so that a shared folder can live beside them."""
        return self.kind != "dynamic"


Auth = Literal[
    "keep", "cilogon", "github", "google", "generic-oauth", "auth0", "shared-password", "dummy", "null", "native"
]


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for.

    Attributes:
        domain: The replica's address without scheme; empty where none was given, so that one must be chosen.
        storage: Where homes will live.
        auth: The authenticator to run with; ``keep`` leaves the hub's own.
    """

    domain: str = ""
    storage: Storage = field(default_factory=Storage)
    auth: Auth = "keep"

    @property
    def host(self) -> str:
        """The domain, or the placeholder that stands for it until one is chosen (RFC 2606)."""
        return self.domain or "hub.example.org"


@dataclass(frozen=True, slots=True)
class Context:
    """All that a rule may look at besides the values.

    Attributes:
        hub: The hub at its origin.
        terms: The strings that tie values to the origin.
        target: Where the replica will run.
        options: What the user asked for.
    """

    hub: HubFacts
    target: Target
    terms: tuple[Term, ...] = ()
    options: Options = field(default_factory=Options)

    @property
    def z2jh_version(self) -> str:
        """The version of the jupyterhub chart that the source pins; empty where unknown."""
        dependency = self.hub.dependencies.get("jupyterhub")
        return dependency.version if dependency else ""

    def mentions_origin(self, text: str) -> bool:
        """Whether ``text`` holds any of the origin's terms."""
        return bool(mentions(text, self.terms))
