"""X01: links to the origin's code, issues and documentation."""

import re

from takeout.adapt.rule import Case, Draft, Rule
from takeout.values.node import Scalar, walk

# Places that are read by people: a repository, a file or an issue in it, a page of documentation.
_HOSTS = r"""(?: (?:gist\.)?github\.com | gitlab\.com | codeberg\.org | docs\.[\w.-]+
           | [\w.-]+\.readthedocs\.io | [\w-]+\.github\.io )"""
_LINK = re.compile(rf"https?://{_HOSTS}/[^\s\"'<>)\]`]*", re.IGNORECASE | re.VERBOSE)
# A whole value that is a link is used by something, unless it leads to a page and its key says so.
_PAGE = re.compile(r"/(?:issues|pull|discussions|wiki|commit|blob|tree)/", re.IGNORECASE)


def change(draft: Draft) -> None:
    """Keep every text whose mentions of the origin are all inside such links."""
    for path, node in walk(draft.values):
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            continue
        text = node.value
        if "://" not in text or not draft.context.mentions_origin(text):
            continue
        is_whole = _LINK.fullmatch(text.strip()) is not None
        if is_whole and not _PAGE.search(text):
            continue
        if not draft.context.mentions_origin(_LINK.sub("", text)):
            draft.keep(
                "origin", "*", "a link to public code or documentation says where something comes from", path=path
            )


RULE = Rule(
    id="X01",
    title="Keep links to the origin's public code and documentation",
    why="Without the links nobody could look up where a piece of configuration comes from.",
    source="https://opensource.org/license/bsd-3-clause",
    safety="sure",
    change=change,
    cases=(
        Case(
            "a link in a comment",
            given="""
                jupyterhub:
                  hub:
                    extraConfig:
                      01-own: |
                        # See https://github.com/origin/infrastructure/issues/1
                        c.Spawner.debug = True
            """,
            terms=("origin",),
        ),
        Case(
            "no link",
            given="jupyterhub: {singleuser: {extraEnv: {OWNER: origin}}}",
            terms=("origin",),
        ),
    ),
)
