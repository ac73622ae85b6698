"""The hub's own address wherever values hold it: callbacks, services, variables, links."""

from __future__ import annotations

from takeout.adapt.hosts import move_addresses, moved_hosts
from takeout.adapt.pods import paths_to, texts
from takeout.adapt.rule import Case, Draft, Rule

_CALLBACK = "/hub/oauth_callback"


def change(draft: Draft) -> None:
    """Put the new address in the place of the old one, and make the callback agree with it."""
    moved = moved_hosts(draft)
    for path, text in texts(draft, *moved):
        draft.set(path, move_addresses(text, moved), why="the hub moves to its new address")
    host = draft.context.options.host
    for path in paths_to(draft, "oauth_callback_url"):
        callback = draft.get(path)
        if isinstance(callback, str) and callback.endswith(_CALLBACK):
            draft.set(path, f"https://{host}{_CALLBACK}", why="the callback address and the hub's must agree")


RULE = Rule(
    id="D03",
    title="Write the hub's new address wherever its old one stands",
    why=(
        "A callback address that is not the hub's own makes every login end at the origin, or in an error; links "
        "and services would lead people back there."
    ),
    source="https://github.com/2i2c-org/infrastructure/pull/8053",
    safety="sure",
    change=change,
    cases=(
        Case(
            "callbacks, links and whole values; prose and other hosts stay",
            """
jupyterhub:
  hub:
    config: {OAuthenticator: {oauth_callback_url: https://lagoon.example.net/hub/oauth_callback}}
    services: {binder: {oauth_redirect_uri: https://lagoon.example.net/services/binder/oauth_callback}}
  custom: {text: 'See <a href="https://lagoon.example.net/hub/home">home</a> or grafana.lagoon.example.net'}
  ingress: {hosts: [lagoon.example.net]}
""",
            """
jupyterhub:
  hub:
    config: {OAuthenticator: {oauth_callback_url: https://hub.example.edu/hub/oauth_callback}}
    services: {binder: {oauth_redirect_uri: https://hub.example.edu/services/binder/oauth_callback}}
  custom: {text: 'See <a href="https://hub.example.edu/hub/home">home</a> or grafana.lagoon.example.net'}
  ingress: {hosts: [hub.example.edu]}
""",
            hub={"domain": "lagoon.example.net"},
        ),
        Case(
            "a callback that never agreed",
            "jupyterhub: {hub: {config: {X: {oauth_callback_url: https://old.example.net/hub/oauth_callback}}}}",
            "jupyterhub: {hub: {config: {X: {oauth_callback_url: https://hub.example.edu/hub/oauth_callback}}}}",
        ),
        Case(
            "other addresses stay",
            "jupyterhub: {hub: {config: {A: {url: 'https://x.lagoon.example.net', b: "
            "'https://lagoon.example.network'}}}}",
            hub={"domain": "lagoon.example.net"},
        ),
    ),
)
