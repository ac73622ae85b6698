"""A04: CILogon's entry for Google where it exists for the origin's staff alone."""

from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from takeout.adapt.authenticators import current
from takeout.adapt.cite import infrastructure
from takeout.adapt.rule import Case, Draft, Rule
from takeout.adapt.rules.A01_staff_admins import NOBODY
from takeout.values.node import Data

GOOGLE = "http://google.com/accounts/o8/id"
_SECTION = ("jupyterhub", "hub", "config", "CILogonOAuthenticator")


def change(draft: Draft) -> None:
    """Take out Google where it lets nobody in by itself and nobody who is named needs it."""
    authenticator = current(draft)
    if authenticator is not None and authenticator.short != "cilogon":
        return
    for trait in ("allowed_idps", "idps"):
        providers = draft.get_map((*_SECTION, trait))
        google = providers.get(GOOGLE)
        others = {key: value for key, value in providers.items() if key != GOOGLE}
        if not others or not isinstance(google, dict) or google.get("allow_all"):
            continue
        if google.get("allowed_domains") not in (None, [], [NOBODY]):
            continue
        if _lets_known_users_in(draft):
            continue
        if not any(_covers(others, person) is False for person in _named(draft)):
            draft.remove((*_SECTION, trait, GOOGLE), why="nobody but the origin's staff came in through Google")


def _lets_known_users_in(draft: Draft) -> bool:
    """Whether people are let in because they were here before, through whichever provider."""
    sections = ("Authenticator", "OAuthenticator", "CILogonOAuthenticator")
    return any(draft.get(("jupyterhub", "hub", "config", name, "allow_existing_users")) for name in sections)


def _named(draft: Draft) -> list[str]:
    """Return everyone whom the configuration lets in by name."""
    people: list[str] = []
    for section in ("Authenticator", "OAuthenticator", "CILogonOAuthenticator"):
        for trait in ("admin_users", "allowed_users"):
            people += [str(name) for name in draft.get_list(("jupyterhub", "hub", "config", section, trait))]
    return people


def _covers(providers: dict[str, Data], person: str) -> bool:
    """Whether a person of this name can be expected to log in through one of the providers."""
    domain = person.rpartition("@")[2].lower()
    return any(_serves(entity, settings, domain) for entity, settings in providers.items())


def _serves(entity: str, settings: Data, domain: str) -> bool:
    if not isinstance(settings, dict):
        return False
    domains = settings.get("allowed_domains")
    if isinstance(domains, list) and any(fnmatchcase(domain, str(pattern).lower()) for pattern in domains):
        return True
    # A university's provider serves the university's addresses: idp.uni.edu and uni.edu, or mail.uni.edu.
    name = entity.rpartition(":")[2] if entity.startswith("urn:") else urlsplit(entity).hostname
    host = (name or "").split(".")
    return len(host) > 1 and domain.split(".")[-2:] == host[-2:]


RULE = Rule(
    id="A04",
    title="Take out the login through Google that existed for the origin's staff",
    why="Otherwise the login page offers a way in that leads everyone but the origin's staff to an error.",
    source=infrastructure("docs/hub-deployment-guide/configure-auth/cilogon.md"),
    safety="likely",
    change=change,
    cases=(
        Case(
            "admins who have the university's own login",
            given="""
                jupyterhub:
                  hub:
                    config:
                      Authenticator: {admin_users: [dan@uni.edu, eve@cs.uni.edu]}
                      CILogonOAuthenticator:
                        allowed_idps:
                          https://idp.uni.edu/idp/shibboleth: {allow_all: true, default: true}
                          http://google.com/accounts/o8/id: {username_derivation: {username_claim: email}}
            """,
            expect="""
                jupyterhub:
                  hub:
                    config:
                      Authenticator: {admin_users: [dan@uni.edu, eve@cs.uni.edu]}
                      CILogonOAuthenticator:
                        allowed_idps:
                          https://idp.uni.edu/idp/shibboleth: {allow_all: true, default: true}
            """,
        ),
        Case(
            "a provider with a name instead of an address",
            given="""
                jupyterhub:
                  hub:
                    config:
                      Authenticator: {admin_users: [dan@uni.edu]}
                      CILogonOAuthenticator:
                        idps: {"urn:mace:x:uni.edu": {allow_all: true}, "http://google.com/accounts/o8/id": {}}
            """,
            expect="""
                jupyterhub:
                  hub:
                    config:
                      Authenticator: {admin_users: [dan@uni.edu]}
                      CILogonOAuthenticator: {idps: {"urn:mace:x:uni.edu": {allow_all: true}}}
            """,
        ),
        Case(
            "an admin from elsewhere",
            given="""
                jupyterhub:
                  hub:
                    config:
                      Authenticator: {admin_users: [dan@uni.edu, eve@gmail.com]}
                      CILogonOAuthenticator:
                        allowed_idps:
                          https://idp.uni.edu/idp/shibboleth: {allow_all: true}
                          http://google.com/accounts/o8/id: {username_derivation: {username_claim: email}}
            """,
        ),
        Case(
            "Google for a domain of the community",
            given="""
                jupyterhub:
                  hub:
                    config:
                      CILogonOAuthenticator:
                        allowed_idps:
                          https://idp.uni.edu/idp/shibboleth: {allow_all: true}
                          http://google.com/accounts/o8/id: {allowed_domains: [college.edu]}
            """,
        ),
        Case(
            "Google alone",
            given="""
                jupyterhub:
                  hub: {config: {CILogonOAuthenticator: {allowed_idps: {"http://google.com/accounts/o8/id": {}}}}}
            """,
        ),
    ),
)
