"""Take a JupyterHub service out of the values, with every role that names it."""

from __future__ import annotations

from takeout.adapt.rule import Draft
from takeout.values.path import Path

HUB: Path = ("jupyterhub", "hub")
ROLES: Path = (*HUB, "loadRoles")

# JupyterHub has these roles without being told; one that is left with what it has by itself says nothing.
_OWN_SCOPES: dict[str, list[str]] = {"user": ["self"], "server": ["users:activity!user", "access:servers!server"]}


def drop_service(draft: Draft, name: str, *, why: str = "") -> None:
    """Remove a service, its place in roles, the scopes that name it, and the variables with its token."""
    draft.remove((*HUB, "services", name), why=why)
    for role in draft.get_map(ROLES):
        _leave_role(draft, role, name)
    _drop_items(draft, (*HUB, "config", "Spawner", "oauth_client_allowed_scopes"), name)
    for variable, value in draft.get_map((*HUB, "extraEnv")).items():
        if _token_of(value) == name:
            draft.remove((*HUB, "extraEnv", variable), why=f"the service {name} whose token it holds is gone")


def remove_items(draft: Draft, path: str | Path, unwanted: list[int], *, why: str = "") -> None:
    """Remove positions of the list at ``path``, so that the others keep their comments and places."""
    base = draft_path(path)
    for index in sorted(unwanted, reverse=True):
        draft.remove((*base, index), why=why)


def draft_path(path: str | Path) -> Path:
    """Return ``path`` as a tuple."""
    return tuple(path.split(".")) if isinstance(path, str) else path


def _leave_role(draft: Draft, role: str, name: str) -> None:
    path = (*ROLES, role)
    services = draft.get_list((*path, "services"))
    if name in services:
        remove_items(draft, (*path, "services"), [i for i, item in enumerate(services) if item == name])
        if len(services) == 1:
            draft.remove((*path, "services"), why="nothing is left in it")
            if not any(draft.get((*path, holder)) for holder in ("users", "groups")) and role not in _OWN_SCOPES:
                draft.remove(path, why=f"the service {name} alone had this role")
                return
    _drop_items(draft, (*path, "scopes"), name)
    if draft.get_map(path) == {"scopes": _OWN_SCOPES.get(role)}:
        draft.remove(path, why="what is left of it is what JupyterHub gives the role by itself")


def _drop_items(draft: Draft, path: Path, name: str) -> None:
    scopes = draft.get_list(path)
    suffix = f"!service={name}"
    remove_items(draft, path, [i for i, s in enumerate(scopes) if isinstance(s, str) and s.endswith(suffix)])


def _token_of(value: object) -> str:
    """Return the service whose token z2jh's own Secret gives to a variable, or an empty text."""
    source = value.get("valueFrom") if isinstance(value, dict) else None
    reference = source.get("secretKeyRef") if isinstance(source, dict) else None
    key = reference.get("key") if isinstance(reference, dict) else None
    if isinstance(key, str) and key.startswith("hub.services.") and key.endswith(".apiToken"):
        return key.removeprefix("hub.services.").removesuffix(".apiToken")
    return ""
