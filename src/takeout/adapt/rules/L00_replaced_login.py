"""L00: another authenticator, where the owners ask for one with ``--auth``."""

import ast
from functools import partial

from takeout.adapt.authenticators import (
    AUTHENTICATORS,
    CLASS,
    CONFIG,
    Authenticator,
    current,
    find_authenticator,
    sections,
)
from takeout.adapt.rule import Action, Case, Draft, Rule
from takeout.adapt.services import remove_items
from takeout.adapt.snippets import holds, parse, snippets
from takeout.values.node import Data

# What says who may log in, and would let other people in under another login.
_ALLOW = ("allow_all", "allow_existing_users", "allowed_groups", "admin_groups", "manage_groups", "auto_login")
_ALLOW_OF_ONE = (
    "allowed_organizations",
    "allowed_google_groups",
    "allowed_hosted_domains",
    "allowed_idps",
    "idps",
)
_PEOPLE = ("allowed_users", "admin_users")
_KEPT = ("oauth_callback_url",)
_CHOSEN = "c.JupyterHub.authenticator_class"
_NATIVE_PAGES = """from pathlib import Path

import nativeauthenticator

# Its pages for signing up and for letting people in are found beside the package.
pages = Path(nativeauthenticator.__file__).parent / "templates"
c.JupyterHub.template_paths.append(str(pages))
"""


def change(draft: Draft) -> None:
    """Put the new authenticator in the place of the old one, with nothing of the old one's settings."""
    new = find_authenticator(draft.context.options.auth)
    old = current(draft)
    if new is None or new is old:
        return
    _drop_snippets(draft)
    people = _drop_settings(draft, old, new)
    draft.set(CLASS, new.short, why="it was asked for")
    _set_up(draft, new)
    _ask(draft, old, new, people)
    if new.short != "null" and not any(draft.get_list((*CONFIG, name, "admin_users")) for name in sections(new)):
        text = (
            "Under the new login nobody is an admin. Name admins by their new names, under "
            "`hub.config.Authenticator`."
        )
        draft.ask(Action("name-admins", "Name an admin of your own", text, stage="login"))


def _keeps_names(old: Authenticator | None, new: Authenticator) -> bool:
    """Whether names of the old login are the same people under the new one, or can be given to them."""
    return old is not None and old.names == new.names and new.names in ("email", "chosen")


def _drop_snippets(draft: Draft) -> None:
    """Take out snippets that choose a class of their own, which would win over the values."""
    for path, text in snippets(draft):
        if _CHOSEN in text and (tree := parse(text)) and any(_chooses(text, statement) for statement in tree.body):
            rest = [s for s in tree.body if not _is_part(text, s)]
            if not rest:
                draft.remove(path, why="it chooses the login that is replaced")


def _chooses(text: str, statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Assign) and holds(text, statement, (_CHOSEN,))


def _is_part(text: str, statement: ast.stmt) -> bool:
    """Whether a statement is an import, a class, or the choice itself."""
    is_plain = isinstance(statement, ast.Import | ast.ImportFrom | ast.ClassDef | ast.FunctionDef)
    return is_plain or partial(_chooses, text)(statement)


def _drop_settings(draft: Draft, old: Authenticator | None, new: Authenticator) -> list[str]:
    """Take out every setting of other logins, and return the names of people that went with them."""
    gone: list[str] = []
    for section in [item.section for item in AUTHENTICATORS if item is not new]:
        gone += _names_in(draft, section)
        draft.remove((*CONFIG, section), why="it belongs to a login that is not used any more")
    gone += _names_in(draft, new.section)
    for name in (*_ALLOW, *_PEOPLE, *_ALLOW_OF_ONE):
        # Rules that slept in the new login's section while another was in use let nobody in until now.
        draft.remove((*CONFIG, new.section, name), why="nobody could log in by this rule before")
    for name in draft.get_map((*CONFIG, "OAuthenticator")):
        if name not in _KEPT:
            draft.remove((*CONFIG, "OAuthenticator", name), why="it belongs to a login that is not used any more")
    for name in _ALLOW:
        draft.remove((*CONFIG, "Authenticator", name), why="it would let other people in under another login")
    if new.names == "email":
        gone += _drop_other_names(draft)
    if not _keeps_names(old, new):
        gone += _names_in(draft, "Authenticator")
        for name in _PEOPLE:
            draft.remove(
                (*CONFIG, "Authenticator", name), why="these names can be other people under another login"
            )
    return sorted(set(gone))


def _drop_other_names(draft: Draft) -> list[str]:
    """Take out names that are no e-mail addresses, which nobody can have under the new login."""
    gone: list[str] = []
    for name in _PEOPLE:
        people = draft.get_list((*CONFIG, "Authenticator", name))
        others = [index for index, person in enumerate(people) if "@" not in str(person)]
        remove_items(draft, (*CONFIG, "Authenticator", name), others, why="the new login tells e-mail addresses")
        gone += [str(people[index]) for index in others]
    return gone


def _names_in(draft: Draft, section: str) -> list[str]:
    return [str(name) for trait in _PEOPLE for name in draft.get_list((*CONFIG, section, trait))]


def _set_up(draft: Draft, new: Authenticator) -> None:
    section = (*CONFIG, new.section)
    settings: dict[str, Data] = {}
    if new.short in ("shared-password", "native"):
        why = (
            "a password stands before the hub"
            if new.short == "shared-password"
            else "an admin lets in each person"
        )
        draft.set((*CONFIG, "Authenticator", "allow_all"), True, why=why)
    if new.short == "native":
        draft.remove(
            (*CONFIG, "Authenticator", "allowed_users"), why="whoever signs up first would get these names"
        )
        draft.set(("jupyterhub", "hub", "extraConfig", "00-native-login-pages"), _NATIVE_PAGES)
    if new.short == "github":
        settings = {"scope": ["read:org"]}
    elif new.short == "cilogon":
        provider: Data = {"username_derivation": {"username_claim": "email"}}
        settings = {"allowed_idps": {"<your-identity-provider>": provider}}
    elif new.short == "generic-oauth":
        urls = ("authorize_url", "token_url", "userdata_url")
        settings = {name: f"<{name.replace('_', ' ')} of your provider>" for name in urls}
        settings |= {"username_claim": "email", "scope": ["openid", "email"]}
    for name, value in settings.items():
        if not draft.has((*section, name)):
            draft.set((*section, name), value)
    if draft.get("jupyterhub.custom.auth.anonymizeUsername"):
        draft.set(
            "jupyterhub.custom.auth.anonymizeUsername", False, why="names are derived from CILogon's answers alone"
        )


def _ask(draft: Draft, old: Authenticator | None, new: Authenticator, people: list[str]) -> None:
    host = draft.context.options.host
    before = old.names_text if old else "what the former login said"
    parts = [f"Before, a user was called by {before}. Now a user is called by {new.names_text}."]
    if new.names == "random":
        parts.append("**Nobody finds an old home again**: every login makes a new one.")
    elif new.names == "chosen":
        parts.append("Homes bear the old names: whoever takes **exactly the old name** finds the old home.")
    elif _keeps_names(old, new):
        parts.append(
            "Both are e-mail addresses, so most people keep their names and homes. Compare a few, capitals "
            "and domains "
            "included, before anybody logs in."
        )
    else:
        parts.append(
            "Homes bear the old names, so that **everyone would start with an empty home**. Make a table of "
            "old and new "
            "names, and rename every home before its owner logs in for the first time."
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
            "Some profiles ask for groups (`allowed_groups`) that the former login told: see that the new "
            "one does."
        )
    commands: tuple[str, ...] = ()
    if not _keeps_names(old, new) and new.names not in ("random", "none", "chosen"):
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
