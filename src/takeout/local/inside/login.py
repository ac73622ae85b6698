"""The login of a try: any name, one password that was made up for it."""

from __future__ import annotations

from typing import Any

from jupyterhub.auth import DummyAuthenticator
from jupyterhub.handlers.login import LoginHandler
from traitlets import Dict, Unicode

FORM = "/takeout-login"


class FormHandler(LoginHandler):
    """JupyterHub's own form for name and password, whatever the hub's own login page looks like."""

    def render_template(self, name: str, *arguments: Any, **variables: Any) -> Any:
        """Render JupyterHub's own page, which goes by this longer name beside another one of the same name."""
        own = "templates/login.html" if name == "login.html" else name
        return super().render_template(own, *arguments, **variables)


class LocalLogin(DummyAuthenticator):
    """Any user name with the try's password; groups come from the command line."""

    people = Dict(help="Groups by user.", config=True)
    form = Unicode(help="The path of the form, where the hub's own login page has none.", config=True)

    def login_url(self, base_url: str) -> str:
        """Return where the hub's own login page leads: to the form, not to itself."""
        return base_url.rstrip("/") + self.form if self.form else str(super().login_url(base_url))

    def get_handlers(self, app: Any) -> list[tuple[str, Any]]:
        """Return the form, where there is need of one."""
        return [*super().get_handlers(app), *([(self.form, FormHandler)] if self.form else [])]

    async def authenticate(self, handler: Any, data: dict[str, str]) -> dict[str, Any] | None:
        """Return who logs in, or None where the password is wrong."""
        if not data.get("username", "").strip():
            return None
        name = await super().authenticate(handler, data)
        if name is None:
            return None
        groups = self.people.get(self.normalize_username(data["username"]), [])
        return {"name": data["username"], "groups": list(groups)}


def set_up(config: Any, *, password: str, people: dict[str, list[str]], admins: list[str], form: str = "") -> None:
    """Use the local login in place of the configured one.

    What the configured one knows of people stays: admins are admins. What needs its provider (hooks after the
    login, refreshing, the form of user names) is turned off.
    """
    admins = sorted({*admins, *configured_admins(config)})
    config.JupyterHub.authenticator_class = LocalLogin
    config.LocalLogin.update(
        {
            "password": password,
            "people": people,
            "form": form,
            "admin_users": set(admins),
            "allow_all": True,
            "allowed_users": set(),
            "blocked_users": set(),
            "manage_groups": True,
            "manage_roles": False,
            "auto_login": False,
            "enable_auth_state": False,
            "auth_refresh_age": 0,
            "refresh_pre_spawn": False,
            "post_auth_hook": None,
            "username_pattern": "",
            "delete_invalid_users": False,
        }
    )


def configured_admins(config: Any) -> set[str]:
    """Return the admins that the values give to whatever authenticator is configured."""
    found: set[str] = set()
    for section in [key for key in config if key.endswith(("Authenticator", "OAuth2"))]:
        found |= {str(name) for name in config[section].get("admin_users") or ()}
    return found
