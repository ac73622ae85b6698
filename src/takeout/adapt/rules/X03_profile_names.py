"""X03: names inside the list of profiles that happen to mention the origin."""

from takeout.adapt.rule import Case, Draft, Rule
from takeout.values.node import Mapping, Scalar, find, walk

_PROFILES = ("jupyterhub", "singleuser", "profileList")


def change(draft: Draft) -> None:
    """Keep keys of options and choices, and slugs: people's last choices are remembered by them."""
    profiles = find(draft.values, _PROFILES)
    if profiles is None:
        return
    for path, node in walk(profiles, _PROFILES):
        if isinstance(node, Mapping) and path[-1] == "choices":
            for key in node.entries:
                if draft.context.mentions_origin(key):
                    draft.keep(
                        "origin", key, "the name of a choice, by which the hub remembers it", path=(*path, key)
                    )
        if path[-1] == "slug" and isinstance(node, Scalar) and draft.context.mentions_origin(str(node.value)):
            draft.keep("origin", "*", "the name of a profile or choice, by which the hub remembers it", path=path)


RULE = Rule(
    id="X03",
    title="Keep the names of profiles and choices",
    why="Otherwise people's last choices are forgotten, for the hub remembers them by these names.",
    source="https://jupyterhub-kubespawner.readthedocs.io/en/latest/spawner.html",
    safety="sure",
    change=change,
    cases=(
        Case(
            "a choice's key",
            given="""
                jupyterhub:
                  singleuser:
                    profileList:
                      - {profile_options: {image: {choices: {origin-edu: {display_name: Education}}}}}
            """,
            terms=("origin",),
        ),
        Case(
            "other names",
            given="""
                jupyterhub: {singleuser: {profileList: [{slug: s, profile_options: {image: {choices: {a: {}}}}}]}}
            """,
            terms=("origin",),
        ),
    ),
)
