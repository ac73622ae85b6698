"""X02: images that the origin's registry holds."""

import re
from glob import escape

from takeout.adapt.rule import Action, Case, Cover, Draft, Rule
from takeout.values.node import Data, Scalar, walk
from takeout.values.path import Path, format_path

_IMAGE = re.compile(r"(?:[\w.-]+(?::\d+)?/)?[\w.-]+(?:/[\w.-]+)*(?::[\w.-]+)?(?:@sha256:[0-9a-f]{64})?")
_HUB_IMAGE: Path = ("jupyterhub", "hub", "image", "name")


def change(draft: Draft) -> None:
    """Keep the images, which are public, and have the owners copy them."""
    found: dict[Path, str] = {}
    for path, node in walk(draft.values):
        value = node.value if isinstance(node, Scalar) else None
        if not isinstance(value, str) or not _names_image(path) or path == _HUB_IMAGE:
            continue
        if _IMAGE.fullmatch(value) and draft.context.mentions_origin(value):
            found[path] = _with_tag(draft, path, value)
    if not found:
        return
    images = sorted(set(found.values()))
    shown = "\n".join(f"- `{image}`" for image in images)
    text = (
        "These images are kept in a registry of the organisation that ran the hub, or built for it. They are "
        "public now, and live as long as their owner keeps them. Copy them, and name the copies in "
        f"`local.values.yaml`:\n\n{shown}"
    )
    commands = tuple(
        f"skopeo copy --all docker://{image} docker://<your-registry>/{_short(image)}" for image in images
    )
    covers = tuple(dict.fromkeys(_cover(path, draft.get(path)) for path in found))
    title = "Copy the images that the origin's registry holds"
    draft.ask(Action("mirror-images", title, text, commands, stage="images", covers=covers))


def _cover(path: Path, value: Data) -> Cover:
    """What the chart makes of an image has its tag behind it, wherever a pod uses it."""
    if path[-1] == "tag":
        return Cover("origin", "*", format_path(path))
    return Cover("origin", f"{escape(str(value))}*")


def _names_image(path: Path) -> bool:
    if not path:
        return False
    is_part = path[-1] in ("name", "tag") and any(step in ("image", "extraImages") for step in path[-3:-1])
    return path[-1] in ("image", "build_image") or is_part


def _with_tag(draft: Draft, path: Path, value: str) -> str:
    if path[-1] not in ("name", "tag"):
        return value
    name, tag = draft.get((*path[:-1], "name")), draft.get((*path[:-1], "tag"))
    return f"{name}:{tag}" if tag else str(name)


def _short(image: str) -> str:
    return image.rpartition("/")[2]


RULE = Rule(
    id="X02",
    title="Keep the origin's images and have them copied",
    why="Otherwise people's servers no longer start from the day the former operator deletes an image.",
    source="https://github.com/containers/skopeo",
    safety="sure",
    change=change,
    cases=(
        Case(
            "of user servers, profiles and choices",
            given="""
                jupyterhub:
                  singleuser:
                    image: {name: quay.io/origin/user-image, tag: 1a2b}
                    profileList:
                      - kubespawner_override: {image: "quay.io/origin/gpu:2"}
                        profile_options:
                          image: {choices: {a: {kubespawner_override: {image: "quay.io/community/x:1"}}}}
            """,
            terms=("origin",),
            actions=("mirror-images",),
        ),
        Case(
            "of others",
            given="jupyterhub: {singleuser: {image: {name: quay.io/jupyter/scipy-notebook, tag: 2024-03-18}}}",
            terms=("origin",),
        ),
    ),
)
