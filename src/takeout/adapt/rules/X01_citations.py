"""X01: links to the origin's code, issues and documentation, and comments in code."""

import re

from takeout.adapt.rule import Case, Draft, Rule
from takeout.values.node import Scalar, walk
from takeout.values.path import Path

# Places that are read by people: a repository, a file or an issue in it, a page of documentation.
_HOSTS = r"""(?: (?:gist\.)?github\.com | gitlab\.com | codeberg\.org | docs\.[\w.-]+
           | [\w.-]+\.readthedocs\.io | [\w-]+\.github\.io )"""
_LINK = re.compile(rf"https?://{_HOSTS}/[^\s\"'<>)\]`]*", re.IGNORECASE | re.VERBOSE)
# A whole value that is a link is used by something, unless it leads to a page.
_PAGE = re.compile(r"/(?:issues|pull|discussions|wiki|commit|blob|tree)/", re.IGNORECASE)
# What a container runs or reads is used, however much it looks like a page.
_USED = frozenset({"args", "command", "env", "extraEnv"})
_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)


def change(draft: Draft) -> None:
    """Keep every text whose mentions of the origin are all inside such links or comments."""
    for path, node in walk(draft.values):
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            continue
        text = node.value
        rest = _without_citations(path, text)
        if rest == text or not draft.context.mentions_origin(text) or draft.context.mentions_origin(rest):
            continue
        reason = "a comment, or a link to public code or documentation, says where something comes from"
        draft.keep("origin", "*", reason, path=path)


def _without_citations(path: Path, text: str) -> str:
    """Return a text without links to pages; without comments too, where it is code."""
    if "extraConfig" in path:
        text = _COMMENT.sub("", text)
    if "://" not in text or _USED.intersection(path) or (_LINK.fullmatch(text.strip()) and not _PAGE.search(text)):
        return text
    return _LINK.sub("", text)


RULE = Rule(
    id="X01",
    title="Keep comments, and links to the origin's public code and documentation",
    why="Without them nobody could look up where a piece of configuration comes from, and why it is there.",
    source="https://opensource.org/license/bsd-3-clause",
    safety="sure",
    change=change,
    cases=(
        Case(
            "a link in a message",
            given="""
                jupyterhub: {custom: {note: "Steps are in https://github.com/origin/infrastructure/issues/1"}}
            """,
            terms=("origin",),
        ),
        Case(
            "a comment in code",
            given="""
                dask-gateway:
                  gateway:
                    extraConfig:
                      options: |
                        # Fits the machines of Origin.
                        c.Backend.idle_timeout = 1800
            """,
            terms=("origin",),
        ),
        Case(
            "code and values that are used",
            given="""
                jupyterhub:
                  singleuser: {extraEnv: {OWNER: origin, APP: "https://github.com/apps/origin"}}
                  own: {args: ["-c", "git clone https://github.com/origin/homepage /srv"]}
                  hub: {extraConfig: {own: "c.Spawner.environment = {'OWNER': 'origin'}  # by origin"}}
            """,
            terms=("origin",),
        ),
    ),
)
