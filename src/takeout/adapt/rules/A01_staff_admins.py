"""A01: the origin's staff are no admins of the replica."""

import ast
from functools import partial

from takeout.adapt.authenticators import needs_allow
from takeout.adapt.cite import infrastructure
from takeout.adapt.people import Staff, find_staff, staff_keys
from takeout.adapt.rule import Action, Case, Draft, Rule
from takeout.adapt.services import remove_items
from takeout.adapt.snippets import holds, is_only_about, snippets, without_statements
from takeout.values.node import Sequence, find, walk
from takeout.values.path import Path, format_path

_DOMAINS = ("allowed_domains", "allowed_hosted_domains", "allowed_idps", "hosted_domain")
_LISTS = ("admin_users", "allowed_users", *_DOMAINS)
NOBODY = "<your-domain>"
_WORDS = ("staff_user_ids", "user_id_type")


def change(draft: Draft) -> None:
    """Take out the staff lists, the snippet that uses them, and the staff wherever people are listed."""
    staff = find_staff(draft)
    _drop_snippets(draft)
    gone = _drop_people(draft, staff)
    for key in staff_keys(draft):
        draft.remove(("jupyterhub", "custom", key), why="it lists the origin's staff and how they become admins")
        gone = gone or _staff_came_in(draft, key)
    if gone or any(term.kind == "organisation" for term in draft.context.terms):
        _ask(draft)


def _staff_came_in(draft: Draft, key: str) -> bool:
    before = [c.before for c in draft.changes if c.path == ("jupyterhub", "custom", key)]
    flag = find(before[0], ("add_staff_user_ids_to_admin_users",)) if before and before[0] else None
    return bool(getattr(flag, "value", False))


def _drop_snippets(draft: Draft) -> None:
    for path, text in snippets(draft):
        if "staff_user_ids" not in text:
            continue
        if is_only_about(text, _WORDS):
            draft.remove(path)
            continue
        rest = without_statements(text, partial(_is_unwanted, text))
        if rest is not None and "staff_user_ids" not in rest:
            draft.set(path, rest)


def _is_unwanted(text: str, statement: ast.stmt) -> bool:
    return holds(text, statement, _WORDS)


def _drop_people(draft: Draft, staff: Staff) -> bool:
    found: list[tuple[Path, list[int]]] = []
    for path, node in walk(draft.values):
        if isinstance(node, Sequence) and path and path[-1] in _LISTS:
            indexes = [
                i for i, item in enumerate(draft.get_list(path)) if item in staff or _is_named(node, i, staff)
            ]
            if path[-1] in _DOMAINS:
                indexes = [i for i, item in enumerate(draft.get_list(path)) if str(item).lower() in staff.domains]
            found.append((path, indexes))
    for path, indexes in found:
        remove_items(draft, path, indexes, why="this is the origin's staff")
        if indexes and path[-1] in _DOMAINS and not draft.get_list(path):
            _settle_empty(draft, path)
    return any(indexes for _, indexes in found)


def _settle_empty(draft: Draft, path: Path) -> None:
    # Without a list an old hub lets in everyone who has an account at the provider; so does any without the domain
    # that Google is asked for.
    if path[-1] != "hosted_domain" and needs_allow(draft.context.z2jh_version, oauth=True):
        draft.remove(path, why="nothing is left in it")
        return
    draft.set(path, [NOBODY], why="empty, it would let everyone in")
    text = (
        f"`{format_path(path)}` named the origin's staff alone. It lets **nobody** in now: name your own domains "
        "there, in `local.values.yaml`."
    )
    draft.ask(Action("allow-users", "Say who may log in", text, stage="login"))


def _is_named(node: Sequence, index: int, staff: Staff) -> bool:
    """Whether the comment beside an opaque id, such as an ORCID, is a staff member's name and nothing else."""
    return node.items[index].comments.after.lstrip("# ").strip().lower() in staff.names


def _ask(draft: Draft) -> None:
    config = draft.get_map("jupyterhub.hub.config")
    admins = sorted(
        {
            str(admin)
            for section in config.values()
            if isinstance(section, dict) and isinstance(people := section.get("admin_users"), list)
            for admin in people
        }
    )
    if admins:
        names = ", ".join(f"`{admin}`" for admin in admins)
        text = (
            "Staff of the organisation that ran the hub are no admins any more, as far as they are known by "
            f"name. These people are admins: {names}. See that you know them all."
        )
        title = "Look through the list of admins"
    else:
        text = (
            "Nobody who is named in the values is an admin now. Name at least one of your own in "
            "`local.values.yaml`, under `hub.config.Authenticator.admin_users`."
        )
        title = "Name an admin of your own"
    draft.ask(
        Action("name-admins", title, text, verify="`/hub/admin` opens for the people you chose.", stage="login")
    )


RULE = Rule(
    id="A01",
    title="Take the origin's staff out of the admins",
    why=(
        "Otherwise the staff of the organisation that ran the hub stay admins of the replica, and can read all "
        "homes."
    ),
    source=infrastructure("helm-charts/basehub/values.yaml", lines="L1427-L1438"),
    safety="sure",
    change=change,
    cases=(
        Case(
            "lists and snippet",
            given="""
                jupyterhub:
                  custom:
                    2i2c:
                      add_staff_user_ids_to_admin_users: true
                      add_staff_user_ids_of_type: google
                      staff_github_ids: [ada]
                      staff_google_ids: [ada@origin.org, bob@origin.org]
                  hub:
                    config:
                      Authenticator:
                        admin_users: [ada@origin.org, carol@origin.org, ada@gmail.com, dan@uni.edu]
                        allowed_users: [Ada]
                    extraConfig:
                      03-add-staff-user-ids-to-admin-users: |
                        from z2jh import get_config
                        add = get_config("custom.2i2c.add_staff_user_ids_to_admin_users", False)
                        if add:
                            user_id_type = get_config("custom.2i2c.add_staff_user_ids_of_type")
                            c.Authenticator.admin_users = get_config(f"custom.2i2c.staff_{user_id_type}_ids", [])
            """,
            expect="""
                jupyterhub:
                  custom: {}
                  hub:
                    config:
                      Authenticator:
                        admin_users: [dan@uni.edu]
                        allowed_users: []
                    extraConfig: {}
            """,
            actions=("name-admins",),
        ),
        Case(
            "placeholders of older configurations",
            given="""
                jupyterhub: {hub: {config: {Authenticator: {admin_users: ["<staff_github_ids>", dan]}}}}
            """,
            expect="jupyterhub: {hub: {config: {Authenticator: {admin_users: [dan]}}}}",
            actions=("name-admins",),
        ),
        Case(
            "addresses at the origin's domain",
            given="jupyterhub: {hub: {config: {Authenticator: {admin_users: [ada@origin.org, dan@uni.edu]}}}}",
            expect="jupyterhub: {hub: {config: {Authenticator: {admin_users: [dan@uni.edu]}}}}",
            terms=("origin", "origin.org"),
            actions=("name-admins",),
        ),
        Case(
            "the origin's domain, in a hub that lets everyone in where nothing is said",
            given="""
                jupyterhub:
                  hub: {config: {CILogonOAuthenticator: {allowed_idps: {google: {allowed_domains: [origin.org]}}}}}
            """,
            expect="""
                jupyterhub:
                  hub:
                    config: {CILogonOAuthenticator: {allowed_idps: {google: {allowed_domains: [<your-domain>]}}}}
            """,
            hub={"dependencies": {"jupyterhub": "2.0.0"}},
            terms=("origin", "origin.org"),
            actions=("allow-users", "name-admins"),
        ),
        Case(
            "the origin's domain, in a hub that lets nobody in where nothing is said",
            given="""
                jupyterhub:
                  hub: {config: {CILogonOAuthenticator: {allowed_idps: {google: {allowed_domains: [origin.org]}}}}}
            """,
            expect="jupyterhub: {hub: {config: {CILogonOAuthenticator: {allowed_idps: {google: {}}}}}}",
            terms=("origin", "origin.org"),
            actions=("name-admins",),
        ),
        Case(
            "the origin's domain, as Google and older CILogon settings have it",
            given="""
                jupyterhub:
                  hub:
                    config:
                      GoogleOAuthenticator: {hosted_domain: [origin.org], allow_all: true}
                      CILogonOAuthenticator: {allowed_idps: [origin.org, uni.edu]}
            """,
            expect="""
                jupyterhub:
                  hub:
                    config:
                      GoogleOAuthenticator: {hosted_domain: [<your-domain>], allow_all: true}
                      CILogonOAuthenticator: {allowed_idps: [uni.edu]}
            """,
            terms=("origin", "origin.org"),
            actions=("allow-users", "name-admins"),
        ),
        Case(
            "an id that a comment explains",
            given="""
                jupyterhub:
                  custom: {2i2c: {staff_github_ids: [ada]}}
                  hub:
                    config:
                      Authenticator:
                        admin_users:
                          - 0000-0001-0000-0001 # ada
                          - 0000-0001-0000-0002 # Dan
            """,
            expect="""
                jupyterhub:
                  custom: {}
                  hub: {config: {Authenticator: {admin_users: [0000-0001-0000-0002]}}}
            """,
            actions=("name-admins",),
        ),
        Case(
            "a hub whose admins are its own",
            given="jupyterhub: {hub: {config: {Authenticator: {admin_users: [dan@uni.edu, eve@uni.edu]}}}}",
            terms=("uni.edu",),
        ),
    ),
)
