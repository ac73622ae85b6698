"""B05: the documentation pages that older charts of the origin served beside the hub."""

from takeout.adapt.rule import Action, Case, Draft, Rule
from takeout.adapt.services import drop_service

_SERVICE = ("jupyterhub", "hub", "services", "docs")


def change(draft: Draft) -> None:
    """Take out the service whose web server the origin's chart made."""
    if draft.get((*_SERVICE, "url")) == "http://docs-service":
        drop_service(draft, "docs", why="the origin's chart made its web server, and z2jh does not")
        settings = draft.get_map("docs_service")
        repository = settings.get("repo")
        draft.remove("docs_service", why="only the origin's chart reads it")
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
    source="helm-charts/basehub/templates/docs-service-deployment.yaml",
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
            "pages of someone else",
            given="jupyterhub: {hub: {services: {docs: {url: 'https://docs.example.edu'}}}}",
        ),
    ),
)
