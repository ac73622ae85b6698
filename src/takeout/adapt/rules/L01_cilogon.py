"""L01: log in through CILogon."""

from takeout.adapt.authenticators import trait
from takeout.adapt.login import chosen, register
from takeout.adapt.rule import Case, Draft, Rule


def change(draft: Draft) -> None:
    """Have the hub registered with CILogon."""
    authenticator = chosen(draft, "cilogon")
    if authenticator is None:
        return
    providers = trait(draft, authenticator, "idps") or trait(draft, authenticator, "allowed_idps") or {}
    shown = ", ".join(f"`{entity}`" for entity in providers) if isinstance(providers, dict) else ""
    steps = (
        "Register a client: its name and your contact address as people will see them, the hub's address as "
        "home URL, a confidential client, no refresh tokens, and the scopes `openid`, `email`, `profile` and "
        "`org.cilogon.userinfo`. CILogon shows id and secret once, at once; people there approve the client, "
        "which can take some working days."
    )
    if shown:
        steps += f" The hub offers these identity providers: {shown}."
    register(draft, authenticator, steps)


RULE = Rule(
    id="L01",
    title="Have the hub registered with CILogon",
    why=(
        "Otherwise CILogon refuses everyone, for it knows the hub under its former address and its operator's "
        "secret."
    ),
    source="https://www.cilogon.org/oidc",
    safety="sure",
    change=change,
    cases=(
        Case(
            "id and secret of the origin",
            given="""
                jupyterhub:
                  hub:
                    config:
                      JupyterHub: {authenticator_class: cilogon}
                      CILogonOAuthenticator:
                        allowed_idps:
                          https://idp.uni.edu: {allow_all: true, username_derivation: {username_claim: email}}
                        client_id: "<secret: a>"
                        client_secret: "<secret: b>"
            """,
            expect="""
                jupyterhub:
                  hub:
                    config:
                      JupyterHub: {authenticator_class: cilogon}
                      CILogonOAuthenticator:
                        allowed_idps:
                          https://idp.uni.edu: {allow_all: true, username_derivation: {username_claim: email}}
            """,
            secrets=(
                "jupyterhub.hub.config.CILogonOAuthenticator.client_id",
                "jupyterhub.hub.config.CILogonOAuthenticator.client_secret",
            ),
            actions=("register-oauth-app",),
        ),
        Case(
            "nobody is let in",
            given="""
                jupyterhub:
                  hub:
                    config:
                      JupyterHub: {authenticator_class: oauthenticator.cilogon.CILogonOAuthenticator}
                      CILogonOAuthenticator: {allowed_idps: {"http://google.com/accounts/o8/id": {default: true}}}
            """,
            secrets=(
                "jupyterhub.hub.config.CILogonOAuthenticator.client_id",
                "jupyterhub.hub.config.CILogonOAuthenticator.client_secret",
            ),
            actions=("register-oauth-app", "allow-users"),
        ),
        Case("another login", given="jupyterhub: {hub: {config: {JupyterHub: {authenticator_class: github}}}}"),
    ),
)
