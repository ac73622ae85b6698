"""L04: log in through any OAuth 2.0 or OpenID Connect provider."""

from dataclasses import replace
from urllib.parse import urlsplit

from takeout.adapt.authenticators import trait
from takeout.adapt.login import chosen, register
from takeout.adapt.rule import Action, Case, Cover, Draft, Rule

_URLS = ("authorize_url", "token_url", "userdata_url", "logout_redirect_url")
_CANVAS = "instructure.com"


def change(draft: Draft) -> None:
    """Have the hub registered with the provider that its addresses name."""
    authenticator = chosen(draft, "generic-oauth")
    if authenticator is None:
        return
    address = trait(draft, authenticator, "authorize_url")
    host = urlsplit(address).hostname or "" if isinstance(address, str) else ""
    scopes = trait(draft, authenticator, "scope") or []
    asked = ", ".join(f"`{scope}`" for scope in scopes) if isinstance(scopes, list) else f"`{scopes}`"
    if host.endswith(_CANVAS):
        steps = (
            "As an administrator of Canvas: Admin, Developer Keys, add an API key with the redirect URI, and "
            "switch it on."
        )
    else:
        steps = (
            "Ask whoever runs the provider for a client (or application) of the type web, with the redirect URI."
        )
    if asked:
        steps += f" The hub asks for the scopes {asked}."
    service = trait(draft, authenticator, "login_service")
    title = service if isinstance(service, str) else f"`{host}`" if host else authenticator.title
    register(draft, replace(authenticator, title=title), steps, page=f"https://{host or '<your-provider>'}/")
    if draft.context.mentions_origin(host):
        _change_provider(draft, host)


def _change_provider(draft: Draft, host: str) -> None:
    text = (
        f"People logged in through `{host}`, which the organisation that ran the hub keeps. It will not send "
        "anyone to your hub. Choose a login of your own with `--auth`, or write the addresses of a provider of "
        "your own into `local.values.yaml`, under `hub.config.GenericOAuthenticator`."
    )
    covers = tuple(Cover("origin", "*", f"jupyterhub.hub.config.GenericOAuthenticator.{name}") for name in _URLS)
    title = "Choose a login of your own"
    draft.ask(Action("choose-login", title, text, stage="login", blocking=True, covers=covers))


RULE = Rule(
    id="L04",
    title="Have the hub registered with its OAuth provider",
    why="Otherwise the provider refuses everyone, for it knows the hub under its former address.",
    source=(
        "https://oauthenticator.readthedocs.io/en/stable/tutorials/provider-specific-setup/providers/generic.html"
    ),
    safety="sure",
    change=change,
    cases=(
        Case(
            "a learning platform",
            given="""
                jupyterhub:
                  hub:
                    config:
                      JupyterHub: {authenticator_class: generic-oauth}
                      GenericOAuthenticator:
                        authorize_url: https://uni.instructure.com/login/oauth2/auth
                        username_claim: login_id
                        allow_all: true
                        client_id: "<secret: a>"
                        client_secret: "<secret: b>"
            """,
            expect="""
                jupyterhub:
                  hub:
                    config:
                      JupyterHub: {authenticator_class: generic-oauth}
                      GenericOAuthenticator:
                        authorize_url: https://uni.instructure.com/login/oauth2/auth
                        username_claim: login_id
                        allow_all: true
            """,
            secrets=(
                "jupyterhub.hub.config.GenericOAuthenticator.client_id",
                "jupyterhub.hub.config.GenericOAuthenticator.client_secret",
            ),
            actions=("register-oauth-app",),
        ),
        Case(
            "a public application, and groups",
            given="""
                jupyterhub:
                  hub:
                    config:
                      JupyterHub: {authenticator_class: oauthenticator.generic.GenericOAuthenticator}
                      GenericOAuthenticator:
                        client_id: abc
                        authorize_url: https://sso.uni.edu/auth
                        scope: [openid]
                        manage_groups: true
                        allowed_groups: [users]
            """,
            actions=("register-oauth-app",),
        ),
        Case(
            "a provider of the origin",
            given="""
                jupyterhub:
                  hub:
                    config:
                      JupyterHub: {authenticator_class: generic-oauth}
                      GenericOAuthenticator:
                        {client_id: abc, authorize_url: "https://origin.us.auth0.com/authorize", allow_all: true}
            """,
            terms=("origin",),
            actions=("register-oauth-app", "choose-login"),
        ),
        Case("another login", given="jupyterhub: {hub: {config: {JupyterHub: {authenticator_class: github}}}}"),
    ),
)
