"""L10: logins that have no rule of their own."""

from takeout.adapt.authenticators import CLASS, callback_address, current
from takeout.adapt.login import register
from takeout.adapt.rule import Action, Case, Draft, Rule

_OAUTH = frozenset({"azuread", "bitbucket", "gitlab", "globus", "mediawiki"})
_STEPS = (
    "Register an application of the type web, with the hub's address as its home page and with the callback (or "
    "redirect) address below, and have a secret made for it."
)


def change(draft: Draft) -> None:
    """Have the hub registered with a provider that is known, and have the owners look at a login that is not."""
    authenticator = current(draft)
    name = draft.get(CLASS)
    if authenticator is not None and authenticator.short in _OAUTH:
        register(draft, authenticator, _STEPS)
    elif authenticator is None and isinstance(name, str):
        text = (
            f"People log in through `{name}`, which Takeout has no rule for. See what it needs at the hub's new "
            "address: where a provider sends people back to the hub, it must be told "
            f"`{callback_address(draft)}`; "
            "where a server must be reached, the new cluster must be let in; and its package must be in the "
            "hub's image."
        )
        draft.ask(Action("review-login", "See what the login needs at the new address", text, stage="login"))


RULE = Rule(
    id="L10",
    title="Have every other login looked at",
    why="Otherwise a provider refuses everyone, for it knows the hub under its former address.",
    source="https://oauthenticator.readthedocs.io/en/stable/tutorials/provider-specific-setup/index.html",
    safety="ask",
    change=change,
    cases=(
        Case(
            "a provider that is known",
            given="""
                jupyterhub:
                  hub:
                    config:
                      JupyterHub: {authenticator_class: oauthenticator.mediawiki.MWOAuthenticator}
                      Authenticator: {allow_all: true}
            """,
            secrets=(
                "jupyterhub.hub.config.MWOAuthenticator.client_id",
                "jupyterhub.hub.config.MWOAuthenticator.client_secret",
            ),
            actions=("register-oauth-app",),
        ),
        Case(
            "a login of its own",
            given=(
                "jupyterhub: "
                "{hub: {config: {JupyterHub: {authenticator_class: ldapauthenticator.LDAPAuthenticator}}}}"
            ),
            actions=("review-login",),
        ),
        Case("no login is named", given="jupyterhub: {hub: {config: {KubeSpawner: {http_timeout: 120}}}}"),
        Case(
            "a login with rules", given="jupyterhub: {hub: {config: {JupyterHub: {authenticator_class: github}}}}"
        ),
    ),
)
