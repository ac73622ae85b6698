"""B03: the hub's own image."""

from glob import escape

from takeout.adapt.cite import infrastructure
from takeout.adapt.rule import Action, Case, Cover, Draft, Rule
from takeout.adapt.snippets import snippets

_IMAGE = "jupyterhub.hub.image"
# Packages that snippets import and that the plain hub image of z2jh does not have.
_PACKAGES = {
    "jupyterhub_fancy_profiles": "jupyterhub-fancy-profiles",
    "jupyterhub_configurator": "jupyterhub-configurator",
}


def change(draft: Draft) -> None:
    """Keep the image, whose packages the snippets import, and have the owners copy it."""
    name = draft.get(f"{_IMAGE}.name")
    if not isinstance(name, str) or not draft.context.mentions_origin(name):
        return
    image = f"{name}:{draft.get(f'{_IMAGE}.tag') or 'latest'}"
    code = "\n".join(text for _, text in snippets(draft))
    needed = [package for module, package in _PACKAGES.items() if module in code]
    version = draft.context.z2jh_version
    packages = ", ".join(f"`{package}`" for package in needed)
    why = f"it has {packages}, which the configuration imports" if needed else "it is public"
    build = f" with {packages}" if needed else ""
    text = (
        f"The hub itself runs the image `{image}` of the organisation that ran it. It stays, because {why}; "
        "images live as long as their owner keeps them. Copy it to a registry of your own and name that in "
        "`local.values.yaml` under `hub.image`, or build one from "
        f"`quay.io/jupyterhub/k8s-hub:{version or '<version>'}`{build}."
    )
    command = f"skopeo copy --all docker://{image} docker://<your-registry>/hub:{image.rpartition(':')[2]}"
    title = "Copy the images that the origin's registry holds"
    covers = (Cover("origin", f"{escape(name)}*"),)
    draft.ask(Action("mirror-images", title, text, (command,), stage="images", covers=covers))


RULE = Rule(
    id="B03",
    title="Keep the hub's image and have it copied",
    why="Otherwise the hub no longer starts from the day its former operator deletes an image.",
    source=infrastructure("helm-charts/images/hub/Dockerfile"),
    safety="sure",
    change=change,
    cases=(
        Case(
            "an image of the origin",
            given="""
                jupyterhub:
                  hub:
                    image: {name: quay.io/origin/pilot-hub, tag: 0.0.1}
                    extraConfig:
                      07-enable-fancy-profiles: |
                        from jupyterhub_fancy_profiles import setup_ui
                        setup_ui(c)
            """,
            terms=("origin",),
            actions=("mirror-images",),
        ),
        Case(
            "an image of z2jh",
            given="jupyterhub: {hub: {image: {name: quay.io/jupyterhub/k8s-hub, tag: 4.3.3}}}",
            terms=("origin",),
        ),
    ),
)
