"""K02: the GitHub App that lets people push from their servers."""

from takeout.adapt.rule import Action, Case, Cover, Draft, Rule

_ENV = "jupyterhub.singleuser.extraEnv"
_PREFIX = "GH_SCOPED_CREDS_"


def change(draft: Draft) -> None:
    """Keep the App, which is public, and have the owners register one of their own."""
    address = draft.get(f"{_ENV}.{_PREFIX}APP_URL")
    if not isinstance(address, str) or not draft.context.mentions_origin(address):
        return
    text = (
        f"People push to GitHub from their servers with the App <{address}>, which belongs to the organisation "
        "that ran the hub. It goes on working as long as they keep it. For one of your own, register a GitHub "
        "App with device flow and read and write access to contents at <https://github.com/settings/apps/new>, "
        f"and put its client id and its public page into `{_PREFIX}CLIENT_ID` and `{_PREFIX}APP_URL` under "
        "`singleuser.extraEnv` in `local.values.yaml`."
    )
    covers = (Cover("origin", "*", f"{_ENV}.{_PREFIX}APP_URL"),)
    draft.ask(
        Action("register-github-app", "Register a GitHub App for pushing", text, stage="login", covers=covers)
    )


RULE = Rule(
    id="K02",
    title="Have the GitHub App for pushing replaced",
    why="Otherwise nobody can push any more on the day the former operator deletes an App.",
    source="https://github.com/jupyterhub/gh-scoped-creds",
    safety="likely",
    change=change,
    cases=(
        Case(
            "an App of the origin",
            given="""
                jupyterhub:
                  singleuser:
                    extraEnv:
                      GH_SCOPED_CREDS_CLIENT_ID: Iv1.0
                      GH_SCOPED_CREDS_APP_URL: https://github.com/apps/origin-push
            """,
            terms=("origin",),
            actions=("register-github-app",),
        ),
        Case(
            "an App of the community",
            given=(
                "jupyterhub: {singleuser: {extraEnv: {GH_SCOPED_CREDS_APP_URL: 'https://github.com/apps/ours'}}}"
            ),
            terms=("origin",),
        ),
    ),
)
