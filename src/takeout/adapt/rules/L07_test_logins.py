"""L07: logins that ask for no proof of who someone is: dummy and tmp."""

from takeout.adapt.access import access
from takeout.adapt.authenticators import CONFIG
from takeout.adapt.login import allow_somebody, chosen, need_trait
from takeout.adapt.rule import Action, Case, Draft, Rule

_PASSWORD = "The password that everyone types at login, under any name, an admin's too."  # noqa: S105 - a purpose


def change(draft: Draft) -> None:
    """Put a password before a dummy login; say what a temporary account means."""
    if dummy := chosen(draft, "dummy"):
        need_trait(draft, dummy, "password", _PASSWORD)
        allow_somebody(draft, access(draft, dummy))
        text = (
            "The login takes any name: whoever knows the one password can be anybody, admins included, and open "
            "every home. That will do for a trial. For people, choose another login with `--auth`."
        )
        draft.ask(Action("choose-login", "Choose a login that tells people apart", text, stage="login"))
    elif tmp := chosen(draft, "tmp"):
        who = access(draft, tmp)
        if who.is_nobody and draft.get((*CONFIG, "BinderSpawnerMixin", "auth_enabled")) is False:
            return  # BinderHub starts the servers, through the hub's API
        allow_somebody(draft, who)
        text = (
            "Everyone who opens the hub gets a new account with a random name and an empty home. **The hub is "
            "open to the whole internet**, and so is what its servers can reach. Limit it by network, by "
            "`activeServerLimit` and by what a server may use, or choose another login with `--auth`."
        )
        draft.ask(Action("review-access", "Decide whether the hub stays open to everyone", text, stage="login"))


RULE = Rule(
    id="L07",
    title="Say what a login without proof means",
    why="Otherwise whoever finds the address can be anybody on the hub, or use its machines for anything.",
    source="https://jupyterhub.readthedocs.io/en/stable/reference/authenticators.html",
    safety="ask",
    change=change,
    cases=(
        Case(
            "dummy",
            given="""
                jupyterhub:
                  hub:
                    config:
                      JupyterHub: {authenticator_class: dummy}
                      DummyAuthenticator: {password: "<secret: a>"}
            """,
            expect="""
                jupyterhub: {hub: {config: {JupyterHub: {authenticator_class: dummy}, DummyAuthenticator: {}}}}
            """,
            secrets=("jupyterhub.hub.config.DummyAuthenticator.password",),
            actions=("choose-login",),
        ),
        Case(
            "tmp",
            given="""
                jupyterhub:
                  hub:
                    config:
                      JupyterHub: {authenticator_class: tmpauthenticator.TmpAuthenticator}
                      Authenticator: {allow_all: true}
            """,
            actions=("review-access",),
        ),
        Case(
            "tmp behind BinderHub",
            given="""
                jupyterhub:
                  hub:
                    config: {JupyterHub: {authenticator_class: tmp}, BinderSpawnerMixin: {auth_enabled: false}}
            """,
        ),
        Case("another login", given="jupyterhub: {hub: {config: {JupyterHub: {authenticator_class: github}}}}"),
    ),
)
