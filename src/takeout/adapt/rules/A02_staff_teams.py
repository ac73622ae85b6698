"""A02: the origin's teams open nothing on the replica."""

import ast
import re
from functools import partial

from takeout.adapt.authenticators import needs_allow
from takeout.adapt.cite import infrastructure
from takeout.adapt.rule import Action, Case, Cover, Draft, Rule
from takeout.adapt.services import remove_items
from takeout.adapt.snippets import holds, is_only_about, snippets, without_statements
from takeout.values.node import Data, Mapping, walk
from takeout.values.path import Path, format_path

_LISTS = ("allowed_organizations", "allowed_groups", "allowed_teams", "admin_groups")
_STAFF_TEAM = re.compile(r"[\w.-]+:[\w.-]*\bstaff\b[\w.-]*", re.IGNORECASE)
_ORGANISATION = "2i2c-org"  # on GitHub; other names of the origin come from its source
_TRAIT = "GitHubOAuthenticator.allowed_organizations"
NOBODY = "<your-organisation:your-team>"


def change(draft: Draft) -> None:
    """Take the staff's teams out of lists and snippets; ask about lists left empty or that mention the origin."""
    _drop_snippets(draft)
    lists = [
        path for path, node in walk(draft.values) if path and path[-1] in _LISTS and not isinstance(node, Mapping)
    ]
    emptied: list[Path] = []
    for path in lists:
        items = _items(draft, path)
        unwanted = [i for i, item in enumerate(items) if _is_staff_team(item, draft)]
        if unwanted and len(unwanted) == len(items):
            emptied.append(path)
        remove_items(draft, path, unwanted, why="only the origin's staff are in this team")
    _settle_empty(draft, emptied)
    _ask_about_mentions(draft, [path for path in lists if path not in emptied])


def _items(draft: Draft, path: Path) -> list[Data]:
    """Return a list's items; a text that stands for a list is its one item."""
    value = draft.get(path)
    return value if isinstance(value, list) else [value]


def _is_staff_team(item: object, draft: Draft) -> bool:
    """Whether an item is the origin's own organisation, a team of it, or one of its staff elsewhere."""
    if not isinstance(item, str):
        return False
    organisation = item.partition(":")[0].casefold()
    own = {_ORGANISATION, *(term.text.casefold() for term in draft.context.terms if term.kind == "organisation")}
    is_staff = _STAFF_TEAM.fullmatch(item) is not None and draft.context.mentions_origin(organisation)
    return is_staff or organisation in own


def _drop_snippets(draft: Draft) -> None:
    for path, text in snippets(draft):
        if _TRAIT not in text or "staff" not in text:
            continue
        teams = [team for team in _STAFF_TEAM.findall(text) if _is_staff_team(team, draft)]
        if not teams:
            continue
        rest = "" if is_only_about(text, (_TRAIT,)) else without_statements(text, partial(_adds, text, teams))
        if rest is None or any(team in rest for team in teams):
            continue
        if rest:
            draft.set(path, rest)
        else:
            draft.remove(path, why="it lets a team of the origin's staff in")


def _adds(text: str, teams: list[str], statement: ast.stmt) -> bool:
    return statement.lineno == statement.end_lineno and holds(text, statement, tuple(teams))


def _settle_empty(draft: Draft, emptied: list[Path]) -> None:
    profiles = [path for path in emptied if "profileList" in path]
    if profiles:
        shown = ", ".join(f"`{format_path(path)}`" for path in profiles)
        text = (
            f"Only the origin's staff could choose what these lists guard: {shown}. They are empty now, so "
            "**nobody** sees these choices. Name your own groups there, or take the choice out of the profiles."
        )
        draft.ask(Action("decide-profile-access", "Decide who may use the staff's profiles", text, stage="login"))
    for path in emptied:
        if path in profiles:
            continue
        # An empty list once meant that nobody was asked for anything, and everyone came in.
        if needs_allow(draft.context.z2jh_version, oauth=True):
            draft.remove(path, why="nothing is left in it")
        else:
            draft.set(path, [NOBODY], why="empty, it would let everyone in")
        if path[-1] == "admin_groups":
            continue
        text = (
            f"`{format_path(path)}` named the origin's staff alone. It lets **nobody** in now: name your own "
            "organisations or teams there, in `local.values.yaml`."
        )
        draft.ask(Action("allow-users", "Say who may log in", text, stage="login"))


def _ask_about_mentions(draft: Draft, lists: list[Path]) -> None:
    left = [
        (format_path(path), item)
        for path in lists
        for item in _items(draft, path)
        if isinstance(item, str) and draft.context.mentions_origin(item)
    ]
    if not left:
        return
    names = ", ".join(sorted({f"`{item}`" for _, item in left}))
    text = (
        f"These groups open the hub or some of its profiles, and their names mention the origin: {names}. Who is "
        "in them? Keep the ones that you manage yourselves, and replace the others by groups of your own."
    )
    covers = tuple(Cover("origin", "*", path) for path in dict.fromkeys(path for path, _ in left))
    title = "Look through the groups that mention the origin"
    draft.ask(Action("review-groups", title, text, stage="login", covers=covers))


RULE = Rule(
    id="A02",
    title="Take the origin's staff teams out of those who may log in",
    why="Otherwise a team of the organisation that ran the hub can log in for as long as it likes.",
    source=infrastructure("helm-charts/basehub/values.yaml", lines="L1713-L1735"),
    safety="sure",
    change=change,
    cases=(
        Case(
            "snippet, list and profile",
            given="""
                jupyterhub:
                  hub:
                    config:
                      GitHubOAuthenticator:
                        allowed_organizations: ["origin:hub-access-for-staff", "community:users"]
                    extraConfig:
                      09-add-staff-gh-team: |
                        if c.JupyterHub.authenticator_class == "github":
                          c.GitHubOAuthenticator.allowed_organizations.append("origin:hub-access-for-staff")
                      10-own: |
                        c.Spawner.debug = True
                  singleuser:
                    profileList:
                      - display_name: GPU
                        allowed_groups: ["origin:hub-access-for-staff"]
            """,
            expect="""
                jupyterhub:
                  hub:
                    config:
                      GitHubOAuthenticator:
                        allowed_organizations: ["community:users"]
                    extraConfig:
                      10-own: |
                        c.Spawner.debug = True
                  singleuser:
                    profileList:
                      - display_name: GPU
                        allowed_groups: []
            """,
            terms=("origin",),
            actions=("decide-profile-access",),
        ),
        Case(
            "staff alone, on a chart where no list means nobody",
            given="""
                jupyterhub:
                  hub: {config: {GitHubOAuthenticator: {scope: [a], allowed_organizations: ["origin:staff"]}}}
            """,
            expect="jupyterhub: {hub: {config: {GitHubOAuthenticator: {scope: [a]}}}}",
            hub={"dependencies": {"jupyterhub": "4.3.3"}},
            terms=("origin",),
            actions=("allow-users",),
        ),
        Case(
            "staff alone, on a chart where no list means everyone",
            given="""
                jupyterhub: {hub: {config: {GitHubOAuthenticator: {allowed_organizations: ["origin:staff"]}}}}
            """,
            expect="""
                jupyterhub:
                  hub: {config: {GitHubOAuthenticator: {allowed_organizations: ["<your-organisation:your-team>"]}}}
            """,
            hub={"dependencies": {"jupyterhub": "1.2.0"}},
            terms=("origin",),
            actions=("allow-users",),
        ),
        Case(
            "the whole organisation, written as a text",
            given="""
                jupyterhub:
                  hub: {config: {GitHubOAuthenticator: {scope: [a], allowed_organizations: origin}}}
            """,
            expect="jupyterhub: {hub: {config: {GitHubOAuthenticator: {scope: [a]}}}}",
            hub={"dependencies": {"jupyterhub": "4.3.3"}},
            terms=("origin",),
            actions=("allow-users",),
        ),
        Case(
            "groups that only mention the origin",
            given="""
                jupyterhub:
                  hub: {config: {GitHubOAuthenticator: {allowed_organizations: ["community:access-origin"]}}}
            """,
            terms=("origin",),
            actions=("review-groups",),
        ),
        Case(
            "staff of the community itself",
            given="""
                jupyterhub:
                  hub: {config: {GitHubOAuthenticator: {allowed_organizations: ["community:staff"]}}}
            """,
            terms=("origin",),
        ),
    ),
)
