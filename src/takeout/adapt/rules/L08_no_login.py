"""L08: hubs that nobody logs in to, such as one behind BinderHub."""

from takeout.adapt.authenticators import CONFIG
from takeout.adapt.login import chosen
from takeout.adapt.rule import Action, Case, Draft, Rule


def change(draft: Draft) -> None:
    """Take out people who cannot log in, and ask what starts servers on this hub."""
    if chosen(draft, "null") is None:
        return
    for trait in ("admin_users", "allowed_users"):
        draft.remove((*CONFIG, "Authenticator", trait), why="nobody logs in to this hub")
    if not draft.has("binderhub-service"):
        text = (
            "The hub's authenticator lets nobody log in: servers are started by another program through the "
            "hub's API. Where that program stays behind, choose a login with `--auth`."
        )
        draft.ask(Action("review-access", "See that something starts servers on this hub", text, stage="login"))


RULE = Rule(
    id="L08",
    title="Keep a hub that nobody logs in to as it is",
    why="Otherwise a hub behind BinderHub would ask for logins that nobody has.",
    source="https://jupyterhub.readthedocs.io/en/stable/reference/authenticators.html",
    safety="sure",
    change=change,
    cases=(
        Case(
            "behind BinderHub",
            given="""
                binderhub-service: {enabled: true}
                jupyterhub:
                  hub: {config: {JupyterHub: {authenticator_class: "null"}, Authenticator: {admin_users: [dan]}}}
            """,
            expect="""
                binderhub-service: {enabled: true}
                jupyterhub: {hub: {config: {JupyterHub: {authenticator_class: "null"}, Authenticator: {}}}}
            """,
        ),
        Case(
            "with nothing before it",
            given='jupyterhub: {hub: {config: {JupyterHub: {authenticator_class: "null"}}}}',
            actions=("review-access",),
        ),
        Case("another login", given="jupyterhub: {hub: {config: {JupyterHub: {authenticator_class: github}}}}"),
    ),
)
