"""L06: one password for all."""

from takeout.adapt.access import access
from takeout.adapt.authenticators import trait
from takeout.adapt.login import allow_somebody, chosen, need_trait
from takeout.adapt.rule import Case, Draft, Rule

_USERS = "The password that everyone types at login, under any name that is no admin's; 8 characters or more."
_ADMINS = "The password that admins type at login, together with their name; 32 characters or more."


def change(draft: Draft) -> None:
    """Have new passwords made."""
    authenticator = chosen(draft, "shared-password")
    if authenticator is None:
        return
    need_trait(draft, authenticator, "user_password", _USERS)
    if trait(draft, authenticator, "admin_users"):
        need_trait(draft, authenticator, "admin_password", _ADMINS)
    allow_somebody(draft, access(draft, authenticator))


RULE = Rule(
    id="L06",
    title="Have new shared passwords",
    why="Otherwise nobody knows the password, save the organisation that ran the hub.",
    source="https://jupyterhub.readthedocs.io/en/stable/reference/authenticators.html",
    safety="sure",
    change=change,
    cases=(
        Case(
            "users and admins",
            given="""
                jupyterhub:
                  hub:
                    config:
                      JupyterHub: {authenticator_class: shared-password}
                      SharedPasswordAuthenticator: {user_password: "<secret: a>", admin_password: "<secret: b>"}
                      Authenticator: {allow_all: true, admin_users: [dan]}
            """,
            expect="""
                jupyterhub:
                  hub:
                    config:
                      JupyterHub: {authenticator_class: shared-password}
                      SharedPasswordAuthenticator: {}
                      Authenticator: {allow_all: true, admin_users: [dan]}
            """,
            secrets=(
                "jupyterhub.hub.config.SharedPasswordAuthenticator.user_password",
                "jupyterhub.hub.config.SharedPasswordAuthenticator.admin_password",
            ),
        ),
        Case(
            "nobody is let in",
            given="jupyterhub: {hub: {config: {JupyterHub: {authenticator_class: shared-password}}}}",
            secrets=("jupyterhub.hub.config.SharedPasswordAuthenticator.user_password",),
            actions=("allow-users",),
        ),
        Case("another login", given="jupyterhub: {hub: {config: {JupyterHub: {authenticator_class: github}}}}"),
    ),
)
