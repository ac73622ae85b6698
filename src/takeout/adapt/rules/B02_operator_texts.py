"""B02: texts that say who operates the hub."""

import ast
import re
from glob import escape

from takeout.adapt.cite import infrastructure
from takeout.adapt.nets.origin import tokens
from takeout.adapt.rule import Action, Case, Cover, Draft, Rule
from takeout.adapt.snippets import parse, snippets
from takeout.values.node import Scalar, walk
from takeout.values.path import Path, format_path

_TEMPLATE_VARS: tuple[Path, ...] = (
    ("jupyterhub", "custom", "homepage", "templateVars"),
    ("jupyterhub", "homepage", "templateVars"),
)
_ROLES = ("operated_by", "funded_by")
_PLACEHOLDER = {"name": "<who runs the hub now>", "url": "<their web address>"}
_WORDS = re.compile(r"\w[,:]? +\w+ +\w")
# Keys whose values are read by people and by no program.
_PROSE = frozenset({
    "about_message", "announcement", "announcements", "banner_message", "description", "display_name", "help",
    "login_service", "message", "support", "support_email", "title", "validation_message",
})  # fmt: skip


def change(draft: Draft) -> None:
    """Name the community where the operator was named, and show the owners every other text that mentions it."""
    changed = [path for base in _TEMPLATE_VARS for path in _rename(draft, base)]
    mentions = [
        path for path, node in walk(draft.values) if isinstance(node, Scalar) and _is_text(draft, path, node)
    ]
    covers = [Cover("origin", "*", format_path(path)) for path in mentions]
    for path, text in snippets(draft):
        if not draft.context.mentions_origin(text):
            continue
        if found := {token for prose in _prose(text) for token in tokens(prose, draft.context.terms)}:
            mentions.append(path)
            covers += [Cover("origin", escape(token), format_path(path)) for token in sorted(found)]
    if changed or mentions:
        _ask(draft, changed, mentions, covers)


def _rename(draft: Draft, base: Path) -> list[Path]:
    """Write the community's own name, or a placeholder, where the page says who operates and pays for the hub."""
    community = draft.get_map((*base, "org"))
    if not community.get("name") or any(draft.context.mentions_origin(str(v)) for v in community.values()):
        community = dict(_PLACEHOLDER)
    changed: list[Path] = []
    for role in _ROLES:
        told = draft.get_map((*base, role))
        if not any(draft.context.mentions_origin(str(value)) for value in told.values()):
            continue
        for key in told:
            draft.set((*base, role, key), community.get(key, _PLACEHOLDER.get(key, "")))
        changed.append((*base, role))
    return changed


def _is_text(draft: Draft, path: Path, node: Scalar) -> bool:
    if not isinstance(node.value, str) or not path:
        return False
    # An item of a list of texts has the list's name.
    key = next((step for step in reversed(path) if isinstance(step, str)), "")
    is_read = key in _PROSE or any(path[: len(base)] == base for base in _TEMPLATE_VARS)
    return is_read and draft.context.mentions_origin(node.value)


def _prose(code: str) -> list[str]:
    """Return the sentences for people in a snippet: the strings of several words that are no comments."""
    tree = parse(code)
    constants = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)] if tree else []
    return [text for text in constants if isinstance(text, str) and _WORDS.search(text)]


def _ask(draft: Draft, changed: list[Path], mentions: list[Path], covers: list[Cover]) -> None:
    parts: list[str] = []
    if changed:
        names = ", ".join(f"`{path[-1]}`" for path in changed)
        parts.append(
            f"The home page said that the organisation that ran the hub is behind it; {names} in "
            f"`{format_path(changed[0][:-1])}` got your community's name, as far as that was known. Correct it "
            "in `local.values.yaml`."
        )
    if mentions:
        shown = "\n".join(f"- `{format_path(path)}`: {str(draft.get(path))[:90]!r}" for path in mentions)
        parts.append(f"These texts still mention it. Change the ones that are not true any more:\n\n{shown}")
    title = "Say in your own words who runs the hub"
    draft.ask(Action("review-texts", title, "\n\n".join(parts), covers=tuple(covers)))


RULE = Rule(
    id="B02",
    title="Name the community where the operator was named",
    why=(
        "Otherwise the home page sends people with questions to an organisation that does not run the hub any "
        "more."
    ),
    source=infrastructure("helm-charts/basehub/values.yaml"),
    safety="ask",
    change=change,
    cases=(
        Case(
            "who operates the hub",
            given="""
                jupyterhub:
                  custom:
                    homepage:
                      templateVars:
                        org: {name: Some University, url: "https://uni.edu", logo_url: "https://uni.edu/logo.png"}
                        designed_by: {name: Origin, url: "https://origin.org"}
                        operated_by: {name: Origin, url: "https://origin.org"}
                        funded_by: {name: A Foundation, url: "https://foundation.example"}
            """,
            expect="""
                jupyterhub:
                  custom:
                    homepage:
                      templateVars:
                        org: {name: Some University, url: "https://uni.edu", logo_url: "https://uni.edu/logo.png"}
                        designed_by: {name: Origin, url: "https://origin.org"}
                        operated_by: {name: Some University, url: "https://uni.edu"}
                        funded_by: {name: A Foundation, url: "https://foundation.example"}
            """,
            terms=("origin", "origin.org"),
            actions=("review-texts",),
        ),
        Case(
            "no name of its own",
            given="""
                jupyterhub:
                  homepage: {templateVars: {org: {name: Origin}, operated_by: {name: Origin, url: "https://origin.org"}}}
            """,
            expect="""
                jupyterhub:
                  homepage:
                    templateVars:
                      org: {name: Origin}
                      operated_by: {name: "<who runs the hub now>", url: "<their web address>"}
            """,
            terms=("origin", "origin.org"),
            actions=("review-texts",),
        ),
        Case(
            "an address for support",
            given="""
                binderhub-service: {config: {BinderHub: {banner_message: Write to support@origin.org.}}}
            """,
            terms=("origin.org",),
            actions=("review-texts",),
        ),
        Case(
            "a welcome in a snippet",
            given="""
                jupyterhub:
                  hub:
                    extraConfig:
                      welcome: |
                        c.JupyterHub.template_vars = {"welcome": "Welcome to the hub of origin.org."}
            """,
            terms=("origin.org",),
            actions=("review-texts",),
        ),
        Case(
            "an address in a snippet, which is for another rule",
            given="""
                jupyterhub: {hub: {extraConfig: {own: 'c.X.url = "https://origin.org/a"'}}}
            """,
            terms=("origin.org",),
        ),
        Case(
            "texts of the community",
            given="""
                jupyterhub:
                  custom: {homepage: {templateVars: {operated_by: {name: Some University}}}}
                  singleuser: {extraEnv: {OWNER: origin}}
            """,
            terms=("origin",),
        ),
    ),
)
