"""B01: the homepage's templates without the ConfigMap that the origin's chart made."""

from takeout.adapt.cite import infrastructure
from takeout.adapt.rule import Action, Case, Cover, Draft, Rule
from takeout.values.path import Path, format_path

_HUB: Path = ("jupyterhub", "hub")
_HOMEPAGE: Path = ("jupyterhub", "custom", "homepage")
_KEYS = {"GIT_REPO_URL": "gitRepoUrl", "GIT_REPO_BRANCH": "gitRepoBranch"}
_CLONE = "templates-clone"


def change(draft: Draft) -> None:
    """Write repository and branch where the ConfigMap was read, and tell the owners whose repository it is."""
    is_used = False
    for containers in ("initContainers", "extraContainers"):
        for index, container in enumerate(draft.get_list((*_HUB, containers))):
            if isinstance(container, dict):
                _fill_in(draft, (*_HUB, containers, index, "env"))
                is_used = is_used or container.get("name") == _CLONE
    if is_used:
        _tell(draft)


def _fill_in(draft: Draft, path: Path) -> None:
    for index, variable in enumerate(draft.get_list(path)):
        source = variable.get("valueFrom") if isinstance(variable, dict) else None
        reference = source.get("configMapKeyRef") if isinstance(source, dict) else None
        if not isinstance(reference, dict) or reference.get("name") != "hub-custom-templates-config":
            continue
        value = draft.get((*_HOMEPAGE, _KEYS.get(str(reference.get("key")), "")))
        if isinstance(value, str):
            draft.remove(
                (*path, index, "valueFrom"), why="the origin's chart made that ConfigMap, and z2jh does not"
            )
            draft.set((*path, index, "value"), value, why="it is what the ConfigMap held")


def _tell(draft: Draft) -> None:
    places = [
        (*_HUB, name, index)
        for name in ("initContainers", "extraContainers")
        for index, container in enumerate(draft.get_list((*_HUB, name)))
        if draft.context.mentions_origin(str(container))
    ]
    places += [
        (*_HOMEPAGE, key)
        for key in _KEYS.values()
        if draft.context.mentions_origin(str(draft.get((*_HOMEPAGE, key), "")))
    ]
    if not places:
        return
    address = draft.get((*_HOMEPAGE, "gitRepoUrl")) or "the repository that `templates-clone` names"
    branch = draft.get((*_HOMEPAGE, "gitRepoBranch")) or "its branch"
    text = (
        f"The hub's home and login pages come from `{address}` (branch `{branch}`), which belongs to the "
        "organisation that ran the hub. It is public, so the pages go on working; whoever may write there "
        "decides what your login page shows. Copy it to a repository of your own, and name that in "
        "`local.values.yaml`."
    )
    commands: tuple[str, ...] = ()
    if isinstance(draft.get((*_HOMEPAGE, "gitRepoUrl")), str):
        commands = (f"git clone {address} homepage",)
    covers = tuple(Cover("origin", "*", format_path(path)) for path in places)
    draft.ask(Action("own-homepage", "Copy the homepage's templates", text, commands, covers=covers))


RULE = Rule(
    id="B01",
    title="Get the homepage's templates without the origin's ConfigMap",
    why="Otherwise the hub's pod waits for ever for a ConfigMap that only the origin's chart made.",
    source=infrastructure("helm-charts/basehub/templates/configmap-hub-templates.yaml"),
    safety="sure",
    change=change,
    cases=(
        Case(
            "repository and branch",
            given="""
                jupyterhub:
                  custom:
                    homepage: {gitRepoUrl: "https://github.com/origin/homepage", gitRepoBranch: main}
                  hub:
                    initContainers:
                      - name: templates-clone
                        env:
                          - name: GIT_REPO_URL
                            valueFrom: {configMapKeyRef: {name: hub-custom-templates-config, key: GIT_REPO_URL}}
                    extraContainers:
                      - name: templates-sync
                        env:
                          - name: GIT_REPO_BRANCH
                            valueFrom: {configMapKeyRef: {name: hub-custom-templates-config, key: GIT_REPO_BRANCH}}
            """,
            expect="""
                jupyterhub:
                  custom:
                    homepage: {gitRepoUrl: "https://github.com/origin/homepage", gitRepoBranch: main}
                  hub:
                    initContainers:
                      - name: templates-clone
                        env: [{name: GIT_REPO_URL, value: "https://github.com/origin/homepage"}]
                    extraContainers:
                      - name: templates-sync
                        env: [{name: GIT_REPO_BRANCH, value: main}]
            """,
            terms=("origin",),
            actions=("own-homepage",),
        ),
        Case(
            "an older form, with the repository in the arguments",
            given="""
                jupyterhub:
                  hub:
                    initContainers:
                      - {name: templates-clone, args: [clone, --, "https://github.com/origin/homepage", /srv/repo]}
            """,
            terms=("origin",),
            actions=("own-homepage",),
        ),
        Case(
            "containers of others",
            given="""
                jupyterhub:
                  hub:
                    initContainers:
                      - {name: x, env: [{name: A, valueFrom: {configMapKeyRef: {name: me, key: GIT_REPO_URL}}}]}
            """,
            terms=("origin",),
        ),
    ),
)
