"""The login comes back to an address that is not the hub's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from takeout.cluster.doctor.condition import Case, Condition, Evidence, Finding, from_log
from takeout.cluster.doctor.facts import same_host
from takeout.cluster.doctor.snapshot import Snapshot
from takeout.cluster.doctor.words import kubectl

_REFUSED = re.compile(
    r"redirect_uri[ _](?:MUST match|mismatch|is not|did not match|does not match)|redirect_uri_mismatch|"
    r"(?:invalid|mismatching) redirect[ _]uri|redirect URI .*(?:not valid|not registered|invalid)",
    re.IGNORECASE,
)
_LOST = re.compile(r"OAuth state missing from cookies|OAuth state mismatch")
_LOGGED_IN = re.compile(r"User logged in: ")


def look(snapshot: Snapshot) -> Iterator[Finding]:
    """Find a callback that disagrees with the hub's address, or that the provider refuses."""
    facts = snapshot.facts
    path = facts.key(f"hub.config.{facts.login_section or 'OAuthenticator'}.oauth_callback_url")
    right = (
        f"{facts.address}hub/oauth_callback" if facts.address else "https://<the hub's domain>/hub/oauth_callback"
    )
    told = _told(snapshot)
    why = _disagrees(snapshot)
    if why:
        yield Finding(
            f"Value/{path}",
            f"the login comes back to {facts.callback}, and {why}",
            f"Set the callback to {right}, and enter the same address where the login's application is "
            "registered.",
            (kubectl(snapshot, "get ingress"),),
            values=((path, right),),
            evidence=(Evidence("values", path, facts.callback), *told[-1:]),
            stops=("login",),
            follows=("hub",) if not facts.callback else (),
        )
    elif told:
        yield Finding(
            f"Value/{path}",
            "the login's provider does not accept the hub's callback address"
            if any(_REFUSED.search(item.text) for item in told)
            else "people come back from the login at another address than they left from",
            f"Where the login's application is registered, the callback has to be {facts.callback or right} to "
            "the letter; "
            "and people have to come by that host name alone.",
            values=() if facts.callback else ((path, right),),
            commands=(kubectl(snapshot, "get ingress"),),
            evidence=told[-2:],
            stops=("login",),
            follows=("hub",),
            certainty="sure" if any(_REFUSED.search(item.text) for item in told) else "possible",
        )


def _disagrees(snapshot: Snapshot) -> str:
    """Return in what the callback that is set disagrees with the hub's address; empty where it does not."""
    facts = snapshot.facts
    hosts = facts.hosts or tuple(host for ingress in snapshot.ingresses for host in ingress.hosts)
    if not facts.callback or not hosts:
        return ""
    if not same_host(facts.callback, hosts):
        return f"the hub is at {', '.join(hosts)}"
    parts = urlsplit(facts.callback)
    if not parts.path.rstrip("/").endswith(f"{facts.base_url}hub/oauth_callback"):
        return f"the hub awaits it at {facts.base_url}hub/oauth_callback"
    if facts.https and parts.scheme == "http":
        return "the hub is reached by https"
    return ""


def _told(snapshot: Snapshot) -> tuple[Evidence, ...]:
    """Return what the hub says of logins that came back wrong; one that is lost now and then is normal."""
    lines = list(snapshot.lines("hub"))
    refused = [from_log(place, line) for place, line in lines if _REFUSED.search(line)]
    lost = [from_log(place, line) for place, line in lines if _LOST.search(line)]
    worked = any(_LOGGED_IN.search(line) for _, line in lines)
    return tuple(refused or ([] if worked else lost))


_OAUTH = """
release:
  name: hub
  values:
    ingress: {enabled: true, hosts: [hub.example.edu], tls: [{hosts: [hub.example.edu]}]}
    singleuser: {}
    hub:
      config:
        JupyterHub: {authenticator_class: github}
        GitHubOAuthenticator: {oauth_callback_url: 'CALLBACK'}
"""
_HUB = """
objects: [{kind: Pod, metadata: {name: hub-1, labels: {component: hub}}, spec: {containers: [{name: hub}]}}]
"""

CONDITION = Condition(
    id="H11",
    title="The login comes back to the wrong address",
    why="A login at GitHub, CILogon or Google comes back to one address, which has to be the hub's own and "
    "the one that "
    "is registered there. After a move it is the former one: people are refused, or land at the hub that was "
    "left.",
    mend="Set `oauth_callback_url` to the hub's address, and register that.",
    source="https://github.com/2i2c-org/infrastructure/pull/8053",
    look=look,
    cases=(
        Case(
            "the address of the hub that was left",
            _OAUTH.replace("CALLBACK", "https://reef.2i2c.cloud/hub/oauth_callback"),
            ("Value/hub.config.GitHubOAuthenticator.oauth_callback_url",),
            ("oauth_callback_url=https://hub.example.edu/hub/oauth_callback", "the hub is at hub.example.edu"),
        ),
        Case(
            "another path",
            _OAUTH.replace("CALLBACK", "https://hub.example.edu/oauth_callback"),
            ("Value/hub.config.GitHubOAuthenticator.oauth_callback_url",),
        ),
        Case(
            "without the s",
            _OAUTH.replace("CALLBACK", "http://hub.example.edu/hub/oauth_callback"),
            ("Value/hub.config.GitHubOAuthenticator.oauth_callback_url",),
        ),
        Case(
            "one that is right here and not registered there",
            _OAUTH.replace("CALLBACK", "https://hub.example.edu/hub/oauth_callback")
            + _HUB
            + "logs: {hub-1/hub: 'OAuth error: The redirect_uri MUST match the registered callback URL'}",
            ("Value/hub.config.GitHubOAuthenticator.oauth_callback_url",),
            ("does not accept",),
        ),
        Case(
            "nobody's cookie comes back",
            _HUB
            + "logs: {hub-1/hub: '400 GET /hub/oauth_callback (@10.0.0.1): OAuth state missing from cookies'}",
            ("Value/hub.config.OAuthenticator.oauth_callback_url",),
        ),
        Case(
            "one lost cookie among logins that work",
            _HUB + 'logs: {hub-1/hub: "OAuth state missing from cookies\\nUser logged in: ada"}',
        ),
        Case("one that is right", _OAUTH.replace("CALLBACK", "https://hub.example.edu/hub/oauth_callback")),
    ),
)
