"""Take one login out of the values, and put another in its place."""

from __future__ import annotations

import ast

from takeout.adapt.authenticators import AUTHENTICATORS, CONFIG, Authenticator
from takeout.adapt.rule import Draft
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


def keeps_names(old: Authenticator | None, new: Authenticator) -> bool:
    """Whether names of the old login are the same people under the new one, or can be given to them."""
    return old is not None and old.names == new.names and new.names in ("email", "chosen")


def drop_snippets(draft: Draft) -> None:
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
    return is_plain or _chooses(text, statement)


def drop_settings(draft: Draft, old: Authenticator | None, new: Authenticator) -> list[str]:
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
    if not keeps_names(old, new):
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


def set_up(draft: Draft, new: Authenticator) -> None:
    """Write what the new login needs, with placeholders for what only the owners know."""
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
