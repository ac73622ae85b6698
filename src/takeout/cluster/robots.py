"""Users for a test, made inside the hub's own pod, so that no login is needed and none is changed.

Whoever may run commands in the hub's pod is the hub's administrator already. The first user and its token are made
there, with JupyterHub's own classes, as ``jupyterhub token`` does; the others by the hub's REST API. Tokens end by
themselves after an hour, are held in memory alone, and everything is removed at the end.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import quote

import httpx

from takeout.cluster.api import Cluster
from takeout.cluster.session import TokenSession
from takeout.errors import ClusterError, TakeoutError
from takeout.local.browser import StepError

PREFIX = "takeout-check"
_MARK = "takeout-answer:"
_HOUR = 3600

_PROGRAM = """
import json, sys
from jupyterhub import orm
from jupyterhub.app import JupyterHub
wish = json.loads(sys.argv[1])
hub = JupyterHub()
hub.load_config_file(wish["config"])
db = orm.new_session_factory(hub.db_url, **hub.db_kwargs)()
user = orm.User.find(db, wish["name"])
answer = {}
if wish["make"]:
    if user is None:
        user = orm.User(name=wish["name"], admin=True)
        db.add(user)
        db.commit()
    try:
        from jupyterhub import roles
        roles.assign_default_roles(db, entity=user)
    except ImportError:
        pass
    answer["token"] = user.new_api_token(note="takeout hub deploy", expires_in=wish["seconds"])
elif user is not None:
    db.delete(user)
db.commit()
print(wish["mark"] + json.dumps(answer))
"""
_CONFIG = "/usr/local/etc/jupyterhub/jupyterhub_config.py"


@dataclass(frozen=True, slots=True)
class Robots:
    """Users for a test.

    Attributes:
        admin: An administrator of the hub.
        one: A user.
        other: Another user.
        groups: The groups that they are in.
    """

    admin: TokenSession
    one: TokenSession
    other: TokenSession
    groups: frozenset[str] = frozenset()


@contextmanager
def robots(
    cluster: Cluster, namespace: str, hub_pod: str, url: str, groups: Iterable[str] = ()
) -> Iterator[Robots]:
    """Yield users for a test; they are gone after the block, and their servers with them.

    Args:
        cluster: The cluster.
        namespace: The hub's namespace.
        hub_pod: The hub's pod.
        url: The address at which the hub is reached.
        groups: The groups that profiles ask for; where the login manages groups, they cannot be in any.

    Raises:
        StepError: When they cannot be made.
        ClusterError: When no command may be run in the hub's pod.
    """
    mark = secrets.token_hex(3)
    names = [f"{PREFIX}-{mark}-{role}" for role in ("admin", "one", "other")]
    token = _inside(cluster, namespace, hub_pod, names[0], make=True)
    made: list[str] = []
    with ExitStack() as stack:
        sessions = [stack.enter_context(TokenSession(url, names[0], token))]
        try:
            for name in names[1:]:
                sessions.append(stack.enter_context(TokenSession(url, name, _made(sessions[0], name))))
            joined = frozenset(name for name in groups if _join(sessions[0], name, names, made))
            yield Robots(sessions[0], sessions[1], sessions[2], joined)
        finally:
            for name in made:
                with suppress(httpx.HTTPError):
                    sessions[0].api("DELETE", f"groups/{quote(name, safe='')}")
            for session in sessions:
                _remove(sessions[0], session)
            with suppress(TakeoutError):
                _inside(cluster, namespace, hub_pod, names[0], make=False)
            with suppress(TakeoutError):
                _forget(cluster, namespace, names)


def _inside(cluster: Cluster, namespace: str, pod: str, name: str, *, make: bool) -> str:
    """Make the administrator inside the hub's pod and return a token, or remove it."""
    wish = json.dumps({"config": _CONFIG, "name": name, "make": make, "seconds": _HOUR, "mark": _MARK})
    done = cluster.execute(pod, namespace, ["python3", "-c", _PROGRAM, wish], container="hub", timeout_seconds=120)
    lines = [line for line in done.out.splitlines() if line.startswith(_MARK)]
    if done.code != 0 or not lines:
        last = next(iter(done.err.strip().splitlines()[::-1]), "no word")
        raise ClusterError(f"no user can be made in the hub's pod: {last}", hint="`takeout hub doctor` tells more")
    return str(json.loads(lines[-1].removeprefix(_MARK)).get("token", ""))


def _made(admin: TokenSession, name: str) -> str:
    answer = admin.api("POST", f"users/{name}", {})
    if answer.status_code != httpx.codes.CREATED:
        raise StepError(f"the hub does not make the user {name} ({answer.status_code}): {answer.text[:200]}")
    answer = admin.api("POST", f"users/{name}/tokens", {"expires_in": _HOUR, "note": "takeout hub deploy"})
    if answer.status_code not in (httpx.codes.OK, httpx.codes.CREATED):
        raise StepError(f"the hub does not give {name} a token ({answer.status_code}): {answer.text[:200]}")
    return str(answer.json()["token"])


def _forget(cluster: Cluster, namespace: str, names: list[str]) -> None:
    """Delete the claims of users that were made here, by their names; KubeSpawner deletes those of some only."""
    for item in cluster.list("PersistentVolumeClaim", namespace, labels="component=singleuser-storage"):
        metadata = item["metadata"]
        if (metadata.get("annotations") or {}).get("hub.jupyter.org/username") in names:
            cluster.delete("PersistentVolumeClaim", metadata["name"], namespace, uid=metadata["uid"])


def _join(admin: TokenSession, group: str, names: list[str], made: list[str]) -> bool:
    """Put the users into a group, which is made where it is not there; return whether they are in it."""
    place = f"groups/{quote(group, safe='')}"
    if admin.api("POST", place).status_code == httpx.codes.CREATED:
        made.append(group)
    answer = admin.api("POST", f"{place}/users", {"users": names})
    return answer.status_code == httpx.codes.OK


def _remove(admin: TokenSession, session: TokenSession) -> None:
    """Stop a user's server and remove the user; the administrator is removed inside the pod."""
    with suppress(StepError, httpx.HTTPError):
        session.stop(120)
    if session is not admin:
        with suppress(httpx.HTTPError):
            admin.api("DELETE", f"users/{session.user}")
