"""What ``try`` tells the hub that it starts: one JSON document, written by us and read inside the hub's process.

Only the standard library is imported here and in ``takeout.local.inside``'s pure modules: the hub runs in an
environment of its own that knows nothing of Helm, typer or rich.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

Login = Literal["dummy", "real"]


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the parts listen, all on 127.0.0.1.

    Attributes:
        public: What a browser opens, with the base path, such as ``http://127.0.0.1:8000/``.
        hub: The hub itself, without a path.
        proxy_api: The proxy's control port, without a path.
    """

    public: str
    hub: str
    proxy_api: str


@dataclass(frozen=True, slots=True)
class Places:
    """Directories, all absolute.

    Attributes:
        state: The replica's ``.takeout``.
        programs: The folder of the users' programs (``bin`` of their environment).
        part: The folder below ``state`` that the hub's process has for itself; describing pods has another one, so
            that a hub that runs meanwhile is not disturbed.
    """

    state: str
    programs: str
    part: str = "hub"

    @property
    def hub(self) -> Path:
        """The hub's database, secrets and configuration."""
        return Path(self.state) / self.part

    @property
    def volumes(self) -> Path:
        """What stays when a server stops: one folder a claim."""
        return Path(self.state) / "volumes"

    @property
    def scratch(self) -> Path:
        """What is gone when a server stops."""
        return Path(self.state) / "scratch"

    @property
    def logs(self) -> Path:
        """The logs of the hub, of the proxy and of each server."""
        return Path(self.state) / "logs"

    @property
    def report(self) -> Path:
        """Where the hub's process says why it cannot start."""
        return self.hub / "report.json"


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that the hub's process is told.

    Attributes:
        hub: The hub at its origin, as ``cluster/name``.
        addresses: Where the parts listen.
        places: Where files are.
        values: The jupyterhub chart's values, defaults included; what ``z2jh.get_config`` answers from.
        secrets: What ``z2jh.get_secret_value`` answers.
        names: What ``z2jh.get_name`` answers: the names of the release's objects.
        traits: What the values mean for JupyterHub's traits, each as section, trait, value, in order.
        chart: The folder with the chart's own hub configuration, used in place of ``traits``; empty for none.
        snippets: ``hub.extraConfig`` by key.
        skip: Keys of snippets that are left out.
        files: What is in the Secrets that pods mount: by Secret, by key, as base64.
        login: ``dummy`` for a password that is made up here, ``real`` for the values' own authenticator.
        password: The password of the dummy login.
        people: Groups by user, for the dummy login.
        admins: Users who are admins here beside those of the values.
        dry: Whether pods are only described, and nothing is started.
    """

    hub: str
    addresses: Addresses
    places: Places
    values: dict[str, Any]
    secrets: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    traits: list[tuple[str, str, Any]] = field(default_factory=list)
    chart: str = ""
    snippets: dict[str, str] = field(default_factory=dict)
    skip: list[str] = field(default_factory=list)
    files: dict[str, dict[str, str]] = field(default_factory=dict)
    login: Login = "dummy"
    password: str = ""
    people: dict[str, list[str]] = field(default_factory=dict)
    admins: list[str] = field(default_factory=list)
    dry: bool = False
    pages: dict[str, str] = field(default_factory=dict)

    def dump(self) -> str:
        """Return the plan as JSON; the order of keys is kept, for the order of profiles matters."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def load(cls, text: str) -> Plan:
        """Return the plan that ``dump`` wrote."""
        data = json.loads(text)
        data["addresses"] = Addresses(**data["addresses"])
        data["places"] = Places(**data["places"])
        data["traits"] = [(section, trait, value) for section, trait, value in data["traits"]]
        return cls(**data)
