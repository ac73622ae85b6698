"""L05: log in through Auth0, in a tenant of the owners."""

from takeout.adapt.authenticators import CONFIG
from takeout.adapt.login import chosen, register
from takeout.adapt.rule import Case, Draft, Rule
from takeout.adapt.snippets import parse, snippets

_SECTION = (*CONFIG, "Auth0OAuthenticator")
_URLS = ("authorize_url", "token_url", "userdata_url", "logout_redirect_url", "auth0_subdomain")
_NAMES = ("auth0_domain", "auth0_subdomain")
_TENANTS = ("<your-tenant>.us.auth0.com", "<your-tenant>.us")


def change(draft: Draft) -> None:
    """Replace a tenant of the origin, and have the hub registered in the owners' own."""
    authenticator = chosen(draft, "auth0")
    if authenticator is None:
        return
    _rebase_snippets(draft)
    why = "the tenant belongs to the organisation that ran the hub"
    told = [
        name
        for name in (*_URLS, "auth0_domain")
        if draft.context.mentions_origin(str(draft.get((*_SECTION, name))))
    ]
    if told or not any(
        draft.has((*_SECTION, name)) for name in ("auth0_domain", "auth0_subdomain", "authorize_url")
    ):
        for name in told:
            draft.remove((*_SECTION, name), why=why)
        # The whole domain came with OAuthenticator 15.1 (z2jh 2.0); before, Auth0's own was added to a name.
        is_old = draft.context.z2jh_version.split(".")[0] in ("0", "1")
        draft.set((*_SECTION, _NAMES[is_old]), _TENANTS[is_old], why=why)
    name = next((name for name in _NAMES if draft.has((*_SECTION, name))), _NAMES[0])
    steps = (
        "In a tenant of your own, create a regular web application; put the callback address into its allowed "
        "callback URLs and the hub's address into its allowed logout URLs. Switch on the same connection that "
        "people used before, for it decides what they are called. Write the tenant's name into "
        f"`hub.config.Auth0OAuthenticator.{name}` in `local.values.yaml`. The scopes are `openid` and `email`."
    )
    register(draft, authenticator, steps)


def _rebase_snippets(draft: Draft) -> None:
    """Let a class that a snippet derives read the settings that stand in the values.

    Charts of 2021 derived it from the generic one, which has no section of its own here, to shorten Auth0's names.
    """
    for path, text in snippets(draft):
        if "c.JupyterHub.authenticator_class" in text and "GenericOAuthenticator" in text:
            rest = text.replace("oauthenticator.generic", "oauthenticator.auth0")
            rest = rest.replace("GenericOAuthenticator", "Auth0OAuthenticator")
            if parse(rest) is not None:
                draft.set(path, rest, why="its settings stand under Auth0OAuthenticator")


RULE = Rule(
    id="L05",
    title="Have the hub registered in an Auth0 tenant of its own",
    why="Otherwise people are sent to a tenant that belongs to the former operator, and refused there.",
    source="https://auth0.com/docs/get-started/auth0-overview/create-applications/regular-web-apps",
    safety="sure",
    change=change,
    cases=(
        Case(
            "the origin's tenant",
            given="""
                jupyterhub:
                  hub:
                    config:
                      JupyterHub: {authenticator_class: oauthenticator.auth0.Auth0OAuthenticator}
                      Auth0OAuthenticator: {auth0_subdomain: origin, scope: [openid], client_id: "<secret: a>"}
                      Authenticator: {allowed_users: [dan@uni.edu]}
            """,
            expect="""
                jupyterhub:
                  hub:
                    config:
                      JupyterHub: {authenticator_class: oauthenticator.auth0.Auth0OAuthenticator}
                      Auth0OAuthenticator: {scope: [openid], auth0_domain: "<your-tenant>.us.auth0.com"}
                      Authenticator: {allowed_users: [dan@uni.edu]}
            """,
            terms=("origin",),
            secrets=(
                "jupyterhub.hub.config.Auth0OAuthenticator.client_id",
                "jupyterhub.hub.config.Auth0OAuthenticator.client_secret",
            ),
            actions=("register-oauth-app",),
        ),
        Case(
            "the origin's tenant, on an old chart",
            given="""
                jupyterhub:
                  hub:
                    config:
                      JupyterHub: {authenticator_class: auth0}
                      Auth0OAuthenticator: {auth0_subdomain: origin}
                      Authenticator: {allowed_users: [dan@uni.edu]}
            """,
            expect="""
                jupyterhub:
                  hub:
                    config:
                      JupyterHub: {authenticator_class: auth0}
                      Auth0OAuthenticator: {auth0_subdomain: <your-tenant>.us}
                      Authenticator: {allowed_users: [dan@uni.edu]}
            """,
            hub={"dependencies": {"jupyterhub": "1.2.0"}},
            terms=("origin",),
            secrets=(
                "jupyterhub.hub.config.Auth0OAuthenticator.client_id",
                "jupyterhub.hub.config.Auth0OAuthenticator.client_secret",
            ),
            actions=("register-oauth-app",),
        ),
        Case(
            "a class of its own, derived from another one",
            given="""
                jupyterhub:
                  hub:
                    config:
                      JupyterHub: {authenticator_class: auth0}
                      Auth0OAuthenticator: {auth0_domain: uni.us.auth0.com, client_id: abc}
                      Authenticator: {allowed_users: [dan@uni.edu]}
                    extraConfig:
                      06-custom-authenticator: |
                        from oauthenticator.generic import GenericOAuthenticator
                        class CustomOAuthenticator(GenericOAuthenticator):
                          pass
                        c.JupyterHub.authenticator_class = CustomOAuthenticator
            """,
            expect="""
                jupyterhub:
                  hub:
                    config:
                      JupyterHub: {authenticator_class: auth0}
                      Auth0OAuthenticator: {auth0_domain: uni.us.auth0.com, client_id: abc}
                      Authenticator: {allowed_users: [dan@uni.edu]}
                    extraConfig:
                      06-custom-authenticator: |
                        from oauthenticator.auth0 import Auth0OAuthenticator
                        class CustomOAuthenticator(Auth0OAuthenticator):
                          pass
                        c.JupyterHub.authenticator_class = CustomOAuthenticator
            """,
            actions=("register-oauth-app",),
        ),
        Case("another login", given="jupyterhub: {hub: {config: {JupyterHub: {authenticator_class: github}}}}"),
    ),
)
