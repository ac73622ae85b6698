"""L05: log in through Auth0, in a tenant of the owners."""

from takeout.adapt.authenticators import CONFIG
from takeout.adapt.login import chosen, register
from takeout.adapt.rule import Case, Draft, Rule

_SECTION = (*CONFIG, "Auth0OAuthenticator")
_URLS = ("authorize_url", "token_url", "userdata_url", "logout_redirect_url", "auth0_subdomain")
_TENANT = "<your-tenant>.us.auth0.com"


def change(draft: Draft) -> None:
    """Replace a tenant of the origin, and have the hub registered in the owners' own."""
    authenticator = chosen(draft, "auth0")
    if authenticator is None:
        return
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
        draft.set((*_SECTION, "auth0_domain"), _TENANT, why=why)
    steps = (
        "In a tenant of your own, create a regular web application; put the callback address into its "
        "allowed callback "
        "URLs and the hub's address into its allowed logout URLs. Switch on the same connection that people "
        "used before, "
        "for it decides what they are called. Write the tenant's domain into "
        "`hub.config.Auth0OAuthenticator.auth0_domain` in `local.values.yaml`. The scopes are `openid` and "
        "`email`."
    )
    register(draft, authenticator, steps)


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
        Case("another login", given="jupyterhub: {hub: {config: {JupyterHub: {authenticator_class: github}}}}"),
    ),
)
