"""L09: secrets of authenticators that the hub does not use."""

from takeout.adapt.authenticators import AUTHENTICATORS, CONFIG, current
from takeout.adapt.placeholders import is_placeholder
from takeout.adapt.rule import Case, Draft, Rule


def change(draft: Draft) -> None:
    """Take out what was encrypted for a login that is not in use, or that the one in use does not know."""
    if current(draft) is None:
        return
    for section in [item.section for item in AUTHENTICATORS]:
        for name, value in draft.get_map((*CONFIG, section)).items():
            if is_placeholder(value):
                draft.remove(
                    (*CONFIG, section, name),
                    why="it was encrypted, and the login that is in use has no need of it",
                )
                draft.prune((*CONFIG, section))


RULE = Rule(
    id="L09",
    title="Leave out secrets of logins that are not in use",
    why="Otherwise the owners are asked for ids and passwords that nothing reads.",
    source="https://z2jh.jupyter.org/en/stable/administrator/authentication.html",
    safety="sure",
    change=change,
    cases=(
        Case(
            "a login of earlier days",
            given="""
                jupyterhub:
                  hub:
                    config:
                      JupyterHub: {authenticator_class: github}
                      CILogonOAuthenticator: {client_id: "<secret: a>", client_secret: "<secret: b>"}
                      DummyAuthenticator: {password: "<secret: c>", auto_login: true}
            """,
            expect="""
                jupyterhub:
                  hub:
                    config:
                      JupyterHub: {authenticator_class: github}
                      DummyAuthenticator: {auto_login: true}
            """,
        ),
        Case(
            "a login of one's own",
            given="""
                jupyterhub:
                  hub:
                    config:
                      JupyterHub: {authenticator_class: own.OwnAuthenticator}
                      GitHubOAuthenticator: {client_secret: "<secret: a>"}
            """,
        ),
    ),
)
