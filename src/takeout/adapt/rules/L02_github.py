"""L02: log in through GitHub."""

from takeout.adapt.authenticators import trait
from takeout.adapt.login import chosen, register
from takeout.adapt.rule import Case, Draft, Rule


def change(draft: Draft) -> None:
    """Have the hub registered with GitHub."""
    authenticator = chosen(draft, "github")
    if authenticator is None:
        return
    organisations = trait(draft, authenticator, "allowed_organizations") or []
    steps = (
        "For an application of an organisation rather than of one person, open "
        "`https://github.com/organizations/<your-organisation>/settings/applications/new`. Give the hub's "
        "address as homepage, register, and generate a client secret; GitHub shows it once."
    )
    if organisations:
        owners = ", ".join(sorted({f"`{str(name).partition(':')[0]}`" for name in organisations}))
        steps += (
            f" The hub asks for the scope `read:org`, to see who is a member. Owners of {owners} must approve "
            "the application where they restrict third-party access, otherwise members look like strangers."
        )
    register(draft, authenticator, steps)


RULE = Rule(
    id="L02",
    title="Have the hub registered with GitHub",
    why=(
        "Otherwise GitHub refuses everyone, for the application belongs to the former operator and names the "
        "old address."
    ),
    source="https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/creating-an-oauth-app",
    safety="sure",
    change=change,
    cases=(
        Case(
            "teams may log in",
            given="""
                jupyterhub:
                  hub:
                    config:
                      JupyterHub: {authenticator_class: github}
                      GitHubOAuthenticator:
                        scope: [read:org]
                        allowed_organizations: ["community:users"]
                        client_id: "<secret: a>"
                        client_secret: "<secret: b>"
            """,
            expect="""
                jupyterhub:
                  hub:
                    config:
                      JupyterHub: {authenticator_class: github}
                      GitHubOAuthenticator: {scope: [read:org], allowed_organizations: ["community:users"]}
            """,
            secrets=(
                "jupyterhub.hub.config.GitHubOAuthenticator.client_id",
                "jupyterhub.hub.config.GitHubOAuthenticator.client_secret",
            ),
            actions=("register-oauth-app",),
        ),
        Case(
            "an old hub that let everyone in",
            given="""
                jupyterhub:
                  hub: {config: {JupyterHub: {authenticator_class: oauthenticator.GitHubOAuthenticator}}}
            """,
            hub={"dependencies": {"jupyterhub": "1.2.0"}},
            secrets=(
                "jupyterhub.hub.config.GitHubOAuthenticator.client_id",
                "jupyterhub.hub.config.GitHubOAuthenticator.client_secret",
            ),
            actions=("register-oauth-app", "review-access"),
        ),
        Case("another login", given="jupyterhub: {hub: {config: {JupyterHub: {authenticator_class: google}}}}"),
    ),
)
