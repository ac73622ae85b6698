"""L03: log in through Google."""

from takeout.adapt.login import chosen, register
from takeout.adapt.rule import Case, Draft, Rule

_STEPS = (
    "In a Google Cloud project of your own, create an OAuth client of the type web application, with the "
    "callback address among its authorised redirect URIs. The consent screen needs the scopes `openid` and "
    "`email`; make it internal where everyone is in one Google Workspace, otherwise publish it."
)


def change(draft: Draft) -> None:
    """Have the hub registered with Google."""
    authenticator = chosen(draft, "google")
    if authenticator is not None:
        register(draft, authenticator, _STEPS)


RULE = Rule(
    id="L03",
    title="Have the hub registered with Google",
    why=(
        "Otherwise Google refuses everyone, for the application belongs to the former operator and names the "
        "old address."
    ),
    source=(
        "https://oauthenticator.readthedocs.io/en/stable/tutorials/provider-specific-setup/providers/google.html"
    ),
    safety="sure",
    change=change,
    cases=(
        Case(
            "one university",
            given="""
                jupyterhub:
                  hub:
                    config:
                      JupyterHub: {authenticator_class: google}
                      GoogleOAuthenticator:
                        hosted_domain: [uni.edu]
                        allow_all: true
                        client_id: "<secret: a>"
                        client_secret: "<secret: b>"
            """,
            expect="""
                jupyterhub:
                  hub:
                    config:
                      JupyterHub: {authenticator_class: google}
                      GoogleOAuthenticator: {hosted_domain: [uni.edu], allow_all: true}
            """,
            secrets=(
                "jupyterhub.hub.config.GoogleOAuthenticator.client_id",
                "jupyterhub.hub.config.GoogleOAuthenticator.client_secret",
            ),
            actions=("register-oauth-app",),
        ),
        Case(
            "open to everyone, though it does not look so",
            given="""
                jupyterhub:
                  hub:
                    config:
                      JupyterHub: {authenticator_class: google}
                      GoogleOAuthenticator: {allowed_hosted_domains: [uni.edu], allow_all: true}
            """,
            secrets=(
                "jupyterhub.hub.config.GoogleOAuthenticator.client_id",
                "jupyterhub.hub.config.GoogleOAuthenticator.client_secret",
            ),
            actions=("register-oauth-app", "review-access"),
        ),
        Case("another login", given="jupyterhub: {hub: {config: {JupyterHub: {authenticator_class: github}}}}"),
    ),
)
