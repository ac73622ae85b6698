"""Everybody who logs in is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator

from takeout.cluster.doctor.condition import Case, Condition, Evidence, Finding, from_log
from takeout.cluster.doctor.snapshot import Snapshot
from takeout.cluster.doctor.words import restart

_NO_CONFIG = re.compile(r"No allow config found")
_REFUSED = re.compile(
    r"User '[^']*' not allowed|403 (?:GET|POST) \S*/hub/(?:oauth_callback|login)|403 : Forbidden"
)
_LOGGED_IN = re.compile(r"User logged in: ")


def look(snapshot: Snapshot) -> Iterator[Finding]:
    """Find a hub that lets nobody in: it says so when it starts, and when people try."""
    facts = snapshot.facts
    lines = list(snapshot.lines("hub"))
    warned = [from_log(place, line) for place, line in lines if _NO_CONFIG.search(line)]
    refused = [from_log(place, line) for place, line in lines if _REFUSED.search(line)]
    entered = any(_LOGGED_IN.search(line) for _, line in lines)
    if entered or not (warned or refused) or (facts.known and facts.is_open and not refused):
        return
    # The line with a name tells more than the answer that went out.
    named = [item for item in refused if "not allowed" in item.text]
    section = facts.login_section or "Authenticator"
    admitted = Evidence(
        "values", facts.key(f"hub.config.{section}"), f"lets in by: {', '.join(facts.admits) or 'nothing'}"
    )
    path = facts.key("hub.config.Authenticator.allowed_users")
    yield Finding(
        f"Value/{facts.key(f'hub.config.{section}')}",
        "nobody is let in: the hub has no setting that allows anybody"
        if warned
        else "everybody who tried to log in was refused",
        "Since JupyterHub 5 a login alone lets nobody in. Name who may: `allowed_users`, the organisations, "
        "teams or groups "
        "of the login's provider, `allow_existing_users` for those who are in the database, or `allow_all`."
        if warned
        else "Compare the names in the log with who is allowed: another login gives people other names (an "
        "address in place "
        "of an account), and groups of the former provider are not known to the new one.",
        (restart(snapshot, "hub"),),
        values=((path, ["<name>"]),),
        evidence=(*warned[:1], *(named or refused)[-1:], *((admitted,) if facts.known else ())),
        stops=("login",),
        follows=("callback",),
        certainty="sure" if refused else "likely",
    )


_HUB = """
objects: [{kind: Pod, metadata: {name: hub-1, labels: {component: hub}}, spec: {containers: [{name: hub}]}}]
release:
  name: hub
  values:
    singleuser: {}
    hub: {config: {JupyterHub: {authenticator_class: LOGIN}, GitHubOAuthenticator: {allowed_organizations: ORGS}}}
"""

CONDITION = Condition(
    id="H12",
    title="Everybody is refused (403)",
    why="JupyterHub 5 lets nobody in who is not allowed by name, group or `allow_all`; before, an empty list "
    "meant "
    "everybody. After an upgrade, or a move to another login, all people get 403 after a login that worked.",
    mend="Say who may come in.",
    source="https://github.com/jupyterhub/zero-to-jupyterhub-k8s/issues/3332",
    look=look,
    cases=(
        Case(
            "no setting allows anybody",
            _HUB.replace("LOGIN", "github").replace("ORGS", "[]")
            + 'logs: {hub-1/hub: "No allow config found, it\'s possible that nobody can login to your Hub!"}',
            ("Value/hub.config.GitHubOAuthenticator",),
            ("lets in by: nothing", "allow_existing_users", "hub.config.Authenticator.allowed_users"),
        ),
        Case(
            "names that nobody has any more",
            _HUB.replace("LOGIN", "github").replace("ORGS", "[reef]")
            + "logs: {hub-1/hub: \"[W] User 'ada' not allowed.\\n[W] 403 GET /hub/oauth_callback\"}",
            ("Value/hub.config.GitHubOAuthenticator",),
            ("lets in by: allowed_organizations", "everybody who tried", "User 'ada' not allowed"),
        ),
        Case(
            "one who is not meant, among others who are",
            _HUB.replace("LOGIN", "github").replace("ORGS", "[reef]")
            + "logs: {hub-1/hub: \"User 'eve' not allowed.\\nUser logged in: ada\"}",
        ),
        Case(
            "a login that lets everybody in",
            _HUB.replace("LOGIN", "dummy").replace("ORGS", "[]") + "logs: {hub-1/hub: No allow config found}",
        ),
    ),
)
