"""Which login a hub has, and who may use it."""

from typing import Any

import pytest

from takeout.adapt.access import access
from takeout.adapt.authenticators import callback_address, current, find_authenticator, needs_allow
from takeout.adapt.context import Context, Dependency, HubFacts, Options
from takeout.adapt.rule import Draft
from takeout.adapt.rules import all_rules
from takeout.targets.load import load_target
from takeout.values.node import Mapping, from_data


def draft_of(hub: dict[str, Any], version: str = "") -> Draft:
    values = from_data({"jupyterhub": {"hub": hub}})
    assert isinstance(values, Mapping)
    charts = {"jupyterhub": Dependency("jupyterhub", "jupyterhub", version, "https://hub.jupyter.org/helm-chart/")}
    context = Context(HubFacts("prod", dependencies=charts), load_target("any"), (), Options(domain="hub.uni.edu"))
    return Draft(all_rules()[0], values, context)


def who(short: str, version: str = "4.3.3", **config: Any) -> Any:
    draft = draft_of({"config": {"JupyterHub": {"authenticator_class": short}, **config}}, version)
    authenticator = current(draft)
    assert authenticator is not None
    return access(draft, authenticator)


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("github", "github"),
        ("oauthenticator.GitHubOAuthenticator", "github"),
        ("oauthenticator.github.GitHubOAuthenticator", "github"),
        ("oauthenticator.github:LocalGitHubOAuthenticator", "github"),
        ("oauthenticator.generic.GenericOAuthenticator", "generic-oauth"),
        ("oauthenticator.auth0.Auth0OAuthenticator", "auth0"),
        ("tmpauthenticator.TmpAuthenticator", "tmp"),
        ("nullauthenticator.NullAuthenticator", "null"),
        ("dummyauthenticator.DummyAuthenticator", "dummy"),
        ("jupyterhub.authenticators.shared.SharedPasswordAuthenticator", "shared-password"),
        ("CILogon", "cilogon"),
    ],
)
def test_names_of_every_era_are_known(name: str, short: str) -> None:
    found = find_authenticator(name)
    assert found is not None
    assert found.short == short


@pytest.mark.parametrize("name", ["", "pam", "ldapauthenticator.LDAPAuthenticator", "own.Login"])
def test_other_names_are_not(name: str) -> None:
    assert find_authenticator(name) is None


@pytest.mark.parametrize(
    ("version", "oauth", "other"),
    [
        ("0.11.1", False, False),
        ("2.0.0", False, False),
        ("3.1.0", True, False),
        ("4.0.0", True, True),
        ("", True, True),
    ],
)
def test_when_an_empty_configuration_means_nobody(version: str, oauth: bool, other: bool) -> None:
    assert needs_allow(version, oauth=True) is oauth
    assert needs_allow(version, oauth=False) is other


def test_the_callback_address_has_the_hubs_base() -> None:
    assert callback_address(draft_of({})) == "https://hub.uni.edu/hub/oauth_callback"
    assert callback_address(draft_of({"baseUrl": "/lab/"})) == "https://hub.uni.edu/lab/hub/oauth_callback"


def test_nobody_where_no_rule_lets_anybody_in() -> None:
    assert who("github").is_nobody
    assert who("cilogon", CILogonOAuthenticator={"allowed_idps": {"https://a": {"default": True}}}).is_nobody


def test_everyone_on_old_charts_where_nothing_is_said() -> None:
    found = who("github", "2.0.0", Authenticator={"admin_users": ["dan"]})
    assert found.is_everyone
    assert found.warnings
    assert not who("github", "2.0.0", GitHubOAuthenticator={"allowed_organizations": ["x"]}).is_everyone


def test_the_most_special_section_wins() -> None:
    found = who("google", GoogleOAuthenticator={"allow_all": False}, Authenticator={"allow_all": True})
    assert not found.is_everyone


def test_every_kind_of_rule_is_told() -> None:
    text = who(
        "cilogon",
        CILogonOAuthenticator={
            "idps": {"https://a": {"allow_all": True}, "https://b": {"allowed_domains": ["b.edu"]}}
        },
        Authenticator={"admin_users": ["x"], "allowed_users": ["y", "z"], "allow_existing_users": True},
    ).text()
    for part in ("`https://a`", "`b.edu`", "admins by name (1)", "people by name (2)", "database"):
        assert part in text


def test_google_domains_that_keep_nobody_out_are_told() -> None:
    found = who("google", GoogleOAuthenticator={"allow_all": True, "allowed_hosted_domains": ["uni.edu"]})
    assert found.is_everyone
    assert "everyone with a Google account" in found.text()
    restricted = who("google", GoogleOAuthenticator={"allow_all": True, "hosted_domain": ["uni.edu"]})
    assert "everyone of `uni.edu`" in restricted.text()


def test_a_pattern_of_names_is_told() -> None:
    assert "`.+@uni`" in who("github", Authenticator={"allow_all": True, "username_pattern": ".+@uni"}).text()


def test_a_test_login_lets_everyone_in_by_itself() -> None:
    assert who("dummy").is_everyone
    assert not who("dummy", Authenticator={"allowed_users": ["dan"]}).is_everyone
