"""A05: patterns of user names that let the origin's staff and test user in."""

import re

from takeout.adapt.people import find_staff
from takeout.adapt.rule import Action, Case, Cover, Draft, Rule
from takeout.adapt.rules.A03_deployment_test import USER

_CHOICE = re.compile(r"(?P<open>\^?\()(?P<inner>[^()]*)(?P<close>\)\$?)")
_DOMAIN = re.compile(r"@(?P<domain>(?:[\w-]+\\?\.)+\w+)$")


def change(draft: Draft) -> None:
    """Take the staff's domain and the test's user out of the choices that a pattern lists."""
    domains = find_staff(draft).domains
    for section, settings in draft.get_map("jupyterhub.hub.config").items():
        pattern = settings.get("username_pattern") if isinstance(settings, dict) else None
        if not isinstance(pattern, str):
            continue
        path = ("jupyterhub", "hub", "config", section, "username_pattern")
        match = _CHOICE.fullmatch(pattern)
        if match is None:
            _ask(draft, pattern, section)
            continue
        choices = match["inner"].split("|")
        kept = [choice for choice in choices if choice != USER and not _is_of(choice, domains, draft)]
        if kept and kept != choices:
            draft.set(path, match["open"] + "|".join(kept) + match["close"])
        elif not kept:
            _ask(draft, pattern, section)


def _is_of(choice: str, domains: frozenset[str], draft: Draft) -> bool:
    found = _DOMAIN.search(choice)
    if found is None:
        return False
    domain = found["domain"].replace("\\.", ".").lower()
    return domain in domains or draft.context.mentions_origin(domain)


def _ask(draft: Draft, pattern: str, section: str) -> None:
    if USER not in pattern and not draft.context.mentions_origin(pattern.replace("\\", "")):
        return
    where = f"jupyterhub.hub.config.{section}.username_pattern"
    text = f"The pattern `{pattern}` says which user names may log in, and names the origin's. Write your own."
    covers = (Cover("origin", "*", where),)
    draft.ask(
        Action("review-username-pattern", "Write the pattern of user names", text, stage="login", covers=covers)
    )


RULE = Rule(
    id="A05",
    title="Take the origin's staff out of the pattern of user names",
    why="Otherwise everybody with an address at the organisation that ran the hub matches it.",
    source="https://jupyterhub.readthedocs.io/en/stable/reference/api/auth.html",
    safety="sure",
    change=change,
    cases=(
        Case(
            "a list of choices",
            given=r"""
                jupyterhub:
                  hub:
                    config:
                      Authenticator: {username_pattern: '^(.+@origin\.org|.+@uni\.edu|deployment-service-check)$'}
            """,
            expect=r"""
                jupyterhub: {hub: {config: {Authenticator: {username_pattern: '^(.+@uni\.edu)$'}}}}
            """,
            terms=("origin.org",),
        ),
        Case(
            "a pattern that is not a list",
            given=r"""
                jupyterhub: {hub: {config: {Authenticator: {username_pattern: '^.+@origin\.org$'}}}}
            """,
            terms=("origin.org",),
            actions=("review-username-pattern",),
        ),
        Case(
            "a pattern of the community",
            given=r"jupyterhub: {hub: {config: {Authenticator: {username_pattern: '^(.+@a\.edu|.+@b\.org)$'}}}}",
            terms=("origin.org",),
        ),
    ),
)
