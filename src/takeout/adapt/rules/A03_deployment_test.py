"""A03: the service and the user of the origin's deployment test."""

from takeout.adapt.cite import infrastructure
from takeout.adapt.rule import Case, Draft, Rule
from takeout.adapt.services import drop_service, remove_items
from takeout.adapt.snippets import compares_with, is_inert, snippets, without_comments, without_statements
from takeout.values.node import Sequence, walk

SERVICE = "hub-health"
USER = "deployment-service-check"


def change(draft: Draft) -> None:
    """Take out the test's service with its roles, its user, and the snippets' special cases for that user."""
    drop_service(draft, SERVICE, why="it is an admin whose token the origin's deployment test used")
    lists = [
        path for path, node in walk(draft.values) if isinstance(node, Sequence) and USER in draft.get_list(path)
    ]
    for path in lists:
        items = draft.get_list(path)
        indexes = [i for i, item in enumerate(items) if item == USER]
        remove_items(draft, path, indexes, why="the user of the origin's test")
        draft.prune(path)
    for path, text in snippets(draft):
        if USER not in text:
            continue
        rest = without_statements(text, lambda statement: compares_with(statement, USER))
        if rest is None or rest == text:
            continue
        if is_inert(rest):
            draft.remove(path, why="it served the user of the origin's test alone")
        else:
            draft.set(path, without_comments(rest, USER))


RULE = Rule(
    id="A03",
    title="Take out the origin's deployment test",
    why="Otherwise the hub keeps a service with all rights, and exceptions for a user who never comes again.",
    source=infrastructure("helm-charts/basehub/values.yaml", lines="L1079-L1093"),
    safety="sure",
    change=change,
    cases=(
        Case(
            "service, user and snippets",
            given="""
                jupyterhub:
                  hub:
                    services:
                      hub-health: {admin: true}
                      dask-gateway: {display: false}
                    loadRoles:
                      health: {scopes: [list:users], services: [hub-health]}
                    config:
                      Authenticator: {blocked_users: [deployment-service-check]}
                      KubeSpawner: {http_timeout: 120}
                    extraConfig:
                      05-profile-groups: |
                        # Everyone is asked, except:
                        # - the user "deployment-service-check".
                        def profiles(all_profiles, spawner):
                            if spawner.user.name == "deployment-service-check":
                                print("Ignoring allowed_groups check for deployment-service-check")
                                return all_profiles

                            return [p for p in all_profiles if "allowed_groups" not in p]
                      10-skip_refresh_for_test_user.py: |
                        def refresh_user_hook(authenticator, user, auth_state):
                            if user.name == "deployment-service-check":
                                return True
                            # all others as usual
                            return None

                        c.OAuthenticator.refresh_user_hook = refresh_user_hook
            """,
            expect="""
                jupyterhub:
                  hub:
                    services:
                      dask-gateway: {display: false}
                    loadRoles: {}
                    config:
                      KubeSpawner: {http_timeout: 120}
                    extraConfig:
                      05-profile-groups: |
                        # Everyone is asked, except:
                        def profiles(all_profiles, spawner):

                            return [p for p in all_profiles if "allowed_groups" not in p]
            """,
        ),
        Case(
            "a service and users of others",
            given="""
                jupyterhub:
                  hub:
                    services: {health: {admin: true}}
                    config: {Authenticator: {blocked_users: [mallory]}}
                    extraConfig: {own: "c.Spawner.debug = True"}
            """,
        ),
    ),
)
