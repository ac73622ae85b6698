"""L00: another authenticator, where the owners ask for one with ``--auth``."""

from takeout.adapt.authenticators import CLASS, CONFIG, Authenticator, current, find_authenticator, sections
from takeout.adapt.replace_login import drop_settings, drop_snippets, keeps_names, set_up
from takeout.adapt.rule import Action, Case, Draft, Rule


def change(draft: Draft) -> None:
    """Put the new authenticator in the place of the old one, with nothing of the old one's settings."""
    new = find_authenticator(draft.context.options.auth)
    old = current(draft)
    if new is None or new is old:
        return
    drop_snippets(draft)
    people = drop_settings(draft, old, new)
    draft.set(CLASS, new.short, why="it was asked for")
    set_up(draft, new)
    _ask(draft, old, new, people)
    if new.short != "null" and not any(draft.get_list((*CONFIG, name, "admin_users")) for name in sections(new)):
        text = (
            "Under the new login nobody is an admin. Name admins by their new names, under "
            "`hub.config.Authenticator`."
        )
        draft.ask(Action("name-admins", "Name an admin of your own", text, stage="login"))


def _ask(draft: Draft, old: Authenticator | None, new: Authenticator, people: list[str]) -> None:
    host = draft.context.options.host
    before = old.names_text if old else "what the former login said"
    parts = [f"Before, a user was called by {before}. Now a user is called by {new.names_text}."]
    if new.names == "random":
        parts.append("**Nobody finds an old home again**: every login makes a new one.")
    elif new.names == "chosen":
        parts.append("Homes bear the old names: whoever takes **exactly the old name** finds the old home.")
    elif keeps_names(old, new):
        parts.append(
            "Both are e-mail addresses, so most people keep their names and homes. Compare a few, capitals and "
            "domains included, before anybody logs in."
        )
    else:
        parts.append(
            "Homes bear the old names, so that **everyone would start with an empty home**. Make a table of old "
            "and new names, and rename every home before its owner logs in for the first time."
        )
    if new.short == "native":
        parts.append(
            f"Sign up for the admins' names first, at `https://{host}/hub/signup`, before others know the address."
        )
    if people:
        shown = ", ".join(f"`{name}`" for name in people)
        parts.append(
            f"These people were named, and are not any more, for their names may be someone else's now: {shown}."
        )
    if "allowed_groups" in str(draft.get("jupyterhub.singleuser.profileList")):
        parts.append(
            "Some profiles ask for groups (`allowed_groups`) that the former login told: see that the new one "
            "does."
        )
    commands: tuple[str, ...] = ()
    if not keeps_names(old, new) and new.names not in ("random", "none", "chosen"):
        address = f"https://{host}/hub/api/users/<old-name>"
        data = '{"name": "<new-name>"}'
        rename = f"curl -X PATCH -H 'Authorization: token <admin-token>' -d '{data}' {address}"
        commands = (
            "mv <homes>/<old-name> <homes>/<new-name>",
            f"{rename}  # only with the old hub's database",
        )
    title = "Match user names, and so homes, to the new login"
    draft.ask(
        Action(
            "map-user-names", title, "\n\n".join(parts), commands, "An early user finds their files.", stage="data"
        )
    )


RULE = Rule(
    id="L00",
    title="Replace the login by the one that was asked for",
    why=(
        "Otherwise people are sent to a login that the owners do not have, or are let in by rules made for "
        "another one."
    ),
    source="https://jupyterhub.readthedocs.io/en/stable/howto/upgrading-v5.html",
    safety="ask",
    change=change,
    cases=(
        Case(
            "from GitHub to accounts of the hub",
            given="""
                jupyterhub:
                  hub:
                    config:
                      JupyterHub: {authenticator_class: github}
                      GitHubOAuthenticator: {client_secret: "<secret: a>", allowed_organizations: [community]}
                      OAuthenticator: {oauth_callback_url: "https://hub.example.edu/hub/oauth_callback"}
                      Authenticator: {admin_users: [dan], blocked_users: [mallory], allow_existing_users: true}
            """,
            expect="""
                jupyterhub:
                  hub:
                    config:
                      JupyterHub: {authenticator_class: native}
                      OAuthenticator: {oauth_callback_url: "https://hub.example.edu/hub/oauth_callback"}
                      Authenticator: {blocked_users: [mallory], allow_all: true}
                    extraConfig:
                      00-native-login-pages: |
                        from pathlib import Path

                        import nativeauthenticator

                        # Its pages for signing up and for letting people in are found beside the package.
                        pages = Path(nativeauthenticator.__file__).parent / "templates"
                        c.JupyterHub.template_paths.append(str(pages))
            """,
            options={"auth": "native"},
            actions=("map-user-names", "name-admins"),
        ),
        Case(
            "from CILogon to Google, both with e-mail addresses",
            given="""
                jupyterhub:
                  hub:
                    config:
                      JupyterHub: {authenticator_class: cilogon}
                      CILogonOAuthenticator: {allowed_idps: {"https://idp.uni.edu": {allow_all: true}}}
                      Authenticator: {admin_users: [dan@uni.edu]}
            """,
            expect="""
                jupyterhub:
                  hub:
                    config:
                      JupyterHub: {authenticator_class: google}
                      Authenticator: {admin_users: [dan@uni.edu]}
            """,
            options={"auth": "google"},
            actions=("map-user-names",),
        ),
        Case(
            "a class of its own, chosen in a snippet",
            given="""
                jupyterhub:
                  hub:
                    config: {JupyterHub: {authenticator_class: shared-password}, Authenticator: {allow_all: true}}
                    extraConfig:
                      06-own-login: |
                        from oauthenticator.generic import GenericOAuthenticator
                        class OwnLogin(GenericOAuthenticator):
                          pass
                        c.JupyterHub.authenticator_class = OwnLogin
            """,
            expect="""
                jupyterhub:
                  hub:
                    config:
                      JupyterHub: {authenticator_class: github}
                      Authenticator: {}
                      GitHubOAuthenticator: {scope: [read:org]}
                    extraConfig: {}
            """,
            options={"auth": "github"},
            actions=("map-user-names", "name-admins"),
        ),
        Case(
            "rules that slept",
            given="""
                jupyterhub:
                  hub:
                    config:
                      JupyterHub: {authenticator_class: google}
                      GitHubOAuthenticator: {allowed_organizations: [elsewhere], admin_users: [x], scope: [a]}
                      Authenticator: {admin_users: [dan@uni.edu]}
            """,
            expect="""
                jupyterhub:
                  hub:
                    config:
                      JupyterHub: {authenticator_class: github}
                      GitHubOAuthenticator: {scope: [a]}
                      Authenticator: {}
            """,
            options={"auth": "github"},
            actions=("map-user-names", "name-admins"),
        ),
        Case(
            "nothing asked for", given="jupyterhub: {hub: {config: {JupyterHub: {authenticator_class: github}}}}"
        ),
        Case(
            "the same login asked for",
            given=(
                "jupyterhub: "
                "{hub: {config: {JupyterHub: {authenticator_class: github}, Authenticator: {allow_all: true}}}}"
            ),
            options={"auth": "github"},
        ),
    ),
)
