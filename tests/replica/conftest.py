"""Small hubs, rules and charts of our own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from takeout.adapt.context import Dependency, HubFacts, Options
from takeout.adapt.rule import Action, Cover, Draft, Rule, Secret
from takeout.adapt.terms import Term
from takeout.replica.build import build
from takeout.replica.model import Replica
from takeout.source.model import Configuration, HubEntry, Layer
from takeout.targets import load_target
from takeout.values.merge import Chart
from takeout.values.node import Mapping
from takeout.values.read import read_yaml

Z2JH = Dependency("jupyterhub", "jupyterhub", "4.3.3", "https://charts.example.org/hub/")
DASK = Dependency("dask", "dask", "1.2.3", "https://charts.example.org/dask/", "dask.enabled")

DEFAULTS = """\
# What the operator gives every hub
jupyterhub:
  hub:
    config:
      JupyterHub:
        # Who may log in
        authenticator_class: dummy
      Authenticator:
        admin_users: [operator-1, ada]
  singleuser:
    image:
      name: quay.io/jupyter/base-notebook
      tag: "2026-01-05"
    extraEnv:
      STATUS_PAGE: https://status.tidewater.example
dask:
  enabled: false
"""
OWN = """\
jupyterhub:
  hub:
    config:
      JupyterHub:
        authenticator_class: github
      GitHubOAuthenticator:
        client_secret: not-for-everyone
  singleuser:
    # More than the default
    cmd: null
    memory: {limit: 2G}
"""


def _no_status(draft: Draft) -> None:
    draft.remove("jupyterhub.singleuser.extraEnv.STATUS_PAGE", why="it is the operator's page")


def _login(draft: Draft) -> None:
    draft.need(Secret("jupyterhub.hub.config.GitHubOAuthenticator.client_secret", "The secret from GitHub."))
    draft.need(Secret("jupyterhub.hub.services.grader.apiToken", "A token of the grader.", "hex32"))
    draft.ask(
        Action(
            "register-app",
            "Register the app",
            "Callback: `https://hub/oauth_callback`.",
            ("open https://github.com",),
            "Log in.",
            "login",
            blocking=True,
            covers=(Cover("origin", "github*"),),
        )
    )
    draft.keep("origin", "ada", "she is one of us")


def _admins(draft: Draft) -> None:
    path = "jupyterhub.hub.config.Authenticator.admin_users"
    draft.set(path, [name for name in draft.get_list(path) if name != "operator-1"])


def _object(draft: Draft) -> None:
    if draft.get_map("jupyterhub.singleuser"):
        draft.add({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "user-sa"}})


RULES = tuple(
    Rule(rule_id, title, why, "https://example.org/why", "sure", change, ())
    for rule_id, title, why, change in (
        ("T01", "Take out the status page", "The page is gone.", _no_status),
        ("T02", "Have the login registered", "Nobody can log in.", _login),
        ("T03", "Take out the operator's admins", "They could read all homes.", _admins),
        ("T04", "Make the users' account", "No server starts.", _object),
    )
)

MakeConfiguration = Callable[..., Configuration]


def configuration(own: str = OWN, *, defaults: str = DEFAULTS, name: str = "reef") -> Configuration:
    base, mine = read_yaml(defaults, "charts/values.yaml"), read_yaml(own, "hubs/reef.yaml")
    children = (Chart("jupyterhub", Mapping()), Chart("dask", Mapping()))
    return Configuration(
        entry=HubEntry("lagoon", name, "The Reef", "reef.tidewater.example", "base", "aws", "hubs/list.yaml", 7),
        facts=HubFacts(
            name, "lagoon", "The Reef", "reef.tidewater.example", "aws", "base", {"jupyterhub": Z2JH, "dask": DASK}
        ),
        layers=(
            Layer("charts/values.yaml", "chart", base.values, base.faults),
            Layer("hubs/reef.yaml", "file", mine.values, mine.faults),
        ),
        chart=Chart("base", base.values, children),
        jupyterhub=("jupyterhub",),
        terms=(
            Term("tidewater.example", "domain", "hubs/list.yaml"),
            Term("operator-1", "person", "charts/values.yaml"),
        ),
        revision="abc123",
        era="E7",
    )


def replica(own: str = OWN, *, domain: str = "hub.example.edu", target: str = "any", **more: str) -> Replica:
    return build(
        configuration(own, **more), Options(domain), load_target(target), RULES, label="git.example.org/infra"
    )


@pytest.fixture
def make_configuration() -> MakeConfiguration:
    return configuration


@pytest.fixture
def make_replica() -> Callable[..., Replica]:
    return replica


@pytest.fixture
def write_chart() -> Callable[..., Path]:
    def write(directory: Path, templates: dict[str, str], *, values: str = "", schema: object = None) -> Path:
        (directory / "templates").mkdir(parents=True)
        (directory / "Chart.yaml").write_text("apiVersion: v2\nname: jupyterhub\nversion: 4.3.3\n")
        (directory / "values.yaml").write_text(values)
        if schema is not None:
            (directory / "values.schema.json").write_text(json.dumps(schema))
        for name, text in templates.items():
            (directory / "templates" / name).write_text(text)
        return directory

    return write
