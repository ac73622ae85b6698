"""B05: the documentation pages that older charts of the origin served beside the hub."""

from takeout.adapt.cite import infrastructure
from takeout.adapt.rule import Action, Case, Draft, Rule
from takeout.adapt.services import drop_service
from takeout.adapt.snippets import snippets, without_switched
from takeout.values.path import Path

_ADDRESS = "http://docs-service"
_WHY = "the origin's chart made its web server, and z2jh does not"
_SERVICE = ("jupyterhub", "hub", "services", "docs")


def change(draft: Draft) -> None:
    """Take out the service whose web server the origin's chart made, and the snippet that added it."""
    if draft.get((*_SERVICE, "url")) == _ADDRESS:
        drop_service(draft, "docs", why=_WHY)
        _drop_settings(draft, ("docs_service",))
    for path, text in snippets(draft):
        if _ADDRESS not in text:
            continue
        rest = without_switched(text, "custom.docs_service.enabled")
        if rest == "":
            draft.remove(path, why=_WHY)
        elif rest is not None:
            draft.set(path, rest, why=_WHY)
        _drop_settings(draft, ("jupyterhub", "custom", "docs_service"))


def _drop_settings(draft: Draft, path: Path) -> None:
    settings = draft.get_map(path)
    repository = settings.get("repo")
    draft.remove(path, why="only the origin's chart reads it")
    if settings.get("enabled") and isinstance(repository, str):
        text = (
            f"The hub served the pages of `{repository}` (branch `{settings.get('branch', 'main')}`) at "
            "`/services/docs`. Put them on any web host, GitHub Pages for one, and link to them from the "
            "home page."
        )
        draft.ask(Action("publish-docs", "Give the hub's documentation a place", text))


RULE = Rule(
    id="B05",
    title="Take out the documentation service of older charts",
    why=(
        "Otherwise the hub shows a service that answers nothing, for its web server was part of the origin's "
        "chart."
    ),
    source=infrastructure(
        "helm-charts/basehub/templates/docs-service-deployment.yaml",
        commit="1d8f47c9e422fde8a67fb631ef6847771d207ea8",
    ),
    safety="sure",
    change=change,
    cases=(
        Case(
            "switched on",
            given="""
                jupyterhub: {hub: {services: {docs: {url: "http://docs-service"}, own: {}}}}
                docs_service: {enabled: true, repo: "https://github.com/origin/docs", branch: gh-pages}
            """,
            expect="jupyterhub: {hub: {services: {own: {}}}}",
            actions=("publish-docs",),
        ),
        Case(
            "switched off",
            given="""
                jupyterhub: {hub: {services: {docs: {url: "http://docs-service"}}}}
                docs_service: {enabled: false}
            """,
            expect="jupyterhub: {hub: {services: {}}}",
        ),
        Case(
            "added by a snippet",
            given="""
                jupyterhub:
                  custom: {docs_service: {enabled: true, repo: "https://github.com/origin/docs", branch: gh-pages}}
                  hub:
                    extraConfig:
                      08-docs: |
                        from z2jh import get_config
                        if get_config("custom.docs_service.enabled"):
                            c.JupyterHub.services.append({"name": "docs", "url": "http://docs-service"})
            """,
            expect="jupyterhub: {custom: {}, hub: {extraConfig: {}}}",
            actions=("publish-docs",),
        ),
        Case(
            "pages of someone else",
            given="jupyterhub: {hub: {services: {docs: {url: 'https://docs.example.edu'}}}}",
        ),
    ),
)
