"""The authenticators that hubs use: their names, where to register the hub with them, what a user is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from takeout.adapt.rule import Draft

CONFIG = ("jupyterhub", "hub", "config")
CLASS = (*CONFIG, "JupyterHub", "authenticator_class")

Names = Literal["github", "email", "claim", "chosen", "random", "none"]


@dataclass(frozen=True, slots=True)
class Authenticator:
    """A way to log in.

    Attributes:
        short: The name that JupyterHub knows it by, which ``--auth`` takes too.
        title: What people call it.
        section: The class that its settings stand under in ``hub.config``.
        names: Where user names come from; equal names are the same people only where this is equal.
        names_text: The same for people, as the end of "a user is called by …".
        oauth: Whether the hub is registered as an application somewhere, and gets an id and a secret.
        register: The page where that is done.
        package: The Python package it comes from, where the hub's image may lack it.
    """

    short: str
    title: str
    section: str
    names: Names
    names_text: str
    oauth: bool = True
    register: str = ""
    package: str = ""


# Source: the entry points and username_claim defaults of jupyterhub 5.4.4, oauthenticator 17.4.0,
# jupyterhub-tmpauthenticator 1.0.0, jupyterhub-nativeauthenticator 1.3.0.
AUTHENTICATORS: tuple[Authenticator, ...] = (
    Authenticator(
        "cilogon", "CILogon", "CILogonOAuthenticator", "email",
        "the claim that `username_derivation` names for each provider, mostly the e-mail address",
        register="https://cilogon.org/oauth2/register",
    ),
    Authenticator(
        "github", "GitHub", "GitHubOAuthenticator", "github", "the GitHub login, in lower case",
        register="https://github.com/settings/applications/new",
    ),
    Authenticator(
        "google", "Google", "GoogleOAuthenticator", "email",
        "the Google e-mail address, without its domain where exactly one `hosted_domain` is set",
        register="https://console.cloud.google.com/apis/credentials",
    ),
    Authenticator(
        "generic-oauth", "your OAuth 2.0 or OpenID Connect provider", "GenericOAuthenticator", "claim",
        "the field that `username_claim` names",
    ),
    Authenticator(
        "auth0", "Auth0", "Auth0OAuthenticator", "claim",
        "the field that `username_claim` names, by itself the e-mail address",
        register="https://manage.auth0.com/#/applications",
    ),
    Authenticator(
        "shared-password", "a shared password", "SharedPasswordAuthenticator", "chosen", "the name typed at login",
        oauth=False,
    ),
    Authenticator(
        "dummy", "a test login", "DummyAuthenticator", "chosen", "the name typed at login", oauth=False,
    ),
    Authenticator(
        "tmp", "a temporary account", "TmpAuthenticator", "random", "a new random name at every login",
        oauth=False, package="jupyterhub-tmpauthenticator",
    ),
    Authenticator(
        "native", "accounts kept by the hub", "NativeAuthenticator", "chosen", "the name chosen at sign-up",
        oauth=False, package="jupyterhub-nativeauthenticator",
    ),
    Authenticator(
        "null", "no login", "NullAuthenticator", "none", "nothing: nobody logs in", oauth=False,
    ),
    Authenticator(
        "azuread", "Microsoft Entra ID", "AzureAdOAuthenticator", "claim",
        "the field that `username_claim` names, by itself the display name",
        register="https://entra.microsoft.com/",
    ),
    Authenticator(
        "gitlab", "GitLab", "GitLabOAuthenticator", "claim", "the GitLab user name, in lower case",
        register="https://gitlab.com/-/user_settings/applications",
    ),
    Authenticator(
        "globus", "Globus", "GlobusOAuthenticator", "claim", "the Globus identity, mostly without its domain",
        register="https://app.globus.org/settings/developers",
    ),
    Authenticator(
        "bitbucket", "Bitbucket", "BitbucketOAuthenticator", "claim", "the Bitbucket user name",
        register="https://bitbucket.org/account/settings/",
    ),
    Authenticator(
        "mediawiki", "MediaWiki", "MWOAuthenticator", "claim", "the wiki's user name",
        register="https://meta.wikimedia.org/wiki/Special:OAuthConsumerRegistration/propose",
    ),
)  # fmt: skip

_OLD_SHORT_NAMES = {"null": "nullauthenticator", "tmp": "tmpauthenticator"}


def find_authenticator(name: str) -> Authenticator | None:
    """Return the authenticator of a short name, a class name or a class's full path; None for any other."""
    last = name.replace(":", ".").rpartition(".")[2].lower()
    for item in AUTHENTICATORS:
        known = {item.short, item.section.lower(), _OLD_SHORT_NAMES.get(item.short, item.short)}
        if last in known or name.lower() in known or last == f"local{item.section.lower()}":
            return item
    return None


def current(draft: Draft) -> Authenticator | None:
    """Return the authenticator that the values choose; None where there is none, or none that is known here."""
    name = draft.get(CLASS)
    return find_authenticator(name) if isinstance(name, str) else None


def trait(draft: Draft, authenticator: Authenticator, name: str, default: Any = None) -> Any:
    """Return a trait's value, from the most special of the sections that set it."""
    for section in sections(authenticator):
        settings = draft.get_map((*CONFIG, section))
        if name in settings:
            return settings[name]
    return default


def sections(authenticator: Authenticator) -> tuple[str, ...]:
    """Return the sections that an authenticator reads, the most special first."""
    middle = ("OAuthenticator",) if authenticator.oauth else ()
    return (authenticator.section, *middle, "Authenticator")


def needs_allow(z2jh_version: str, *, oauth: bool) -> bool:
    """Whether a hub of this z2jh version lets nobody in unless it is told whom.

    OAuthenticator 16 (z2jh 3.0) and JupyterHub 5 (z2jh 4.0) stopped to read an empty configuration as everyone.

    Source: https://z2jh.jupyter.org/en/stable/administrator/upgrading/upgrade-3-to-4.html
    """
    major = z2jh_version.lstrip("v~^>= ").split(".")[0]
    return not major.isdigit() or int(major) >= (3 if oauth else 4)


def callback_address(draft: Draft) -> str:
    """Return the address that the provider sends people back to."""
    base = draft.get("jupyterhub.hub.baseUrl")
    path = base.strip("/") if isinstance(base, str) else ""
    return f"https://{draft.context.options.host}/{f'{path}/' if path else ''}hub/oauth_callback"


def settings_of(data: Mapping[str, Any], section: str) -> dict[str, Any]:
    """Return a section of ``hub.config``; empty where there is none."""
    found = data.get(section)
    return dict(found) if isinstance(found, dict) else {}
