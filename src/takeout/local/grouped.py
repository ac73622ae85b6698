"""Values of z2jh that many keys make together: the users' storage, the hub's services and roles."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

Trait = tuple[str, str, Any]
Get = Callable[..., Any]

_CULL_OPTIONS = (
    ("timeout", "--timeout"),
    ("every", "--cull-every"),
    ("concurrency", "--concurrency"),
)


def storage(get: Get, names: dict[str, str]) -> Iterable[Trait]:
    """Source: reference.html#singleuser-storage, #singleuser-extrafiles."""
    volumes: dict[str, Any] = {}
    mounts: dict[str, Any] = {}
    kind = get("singleuser.storage.type")
    home = get("singleuser.storage.homeMountPath")
    if kind == "dynamic":
        template = get("singleuser.storage.dynamic.pvcNameTemplate")
        if template:
            yield "KubeSpawner", "pvc_name_template", template
        yield "KubeSpawner", "storage_pvc_ensure", True
        for key, trait in (
            ("dynamic.storageClass", "storage_class"),
            ("dynamic.storageAccessModes", "storage_access_modes"),
            ("capacity", "storage_capacity"),
        ):
            value = get(f"singleuser.storage.{key}")
            if value is not None:
                yield "KubeSpawner", trait, value
        name, claim = get("singleuser.storage.dynamic.volumeNameTemplate"), "{pvc_name}"
    else:
        name, claim = "home", get("singleuser.storage.static.pvcName")
    if kind in ("dynamic", "static"):
        volumes[name] = {"name": name, "persistentVolumeClaim": {"claimName": claim}}
        sub_path = get(f"singleuser.storage.{kind}.subPath")
        mounts[name] = {"mountPath": home, "name": name, "subPath": sub_path}
    files = get("singleuser.extraFiles", {})
    if files:
        items = [
            {"key": key, "path": key, **({"mode": file["mode"]} if "mode" in file else {})}
            for key, file in files.items()
        ]
        volumes["files"] = {"name": "files", "secret": {"secretName": names["singleuser"], "items": items}}
        for number, (key, file) in enumerate(files.items()):
            mounts[f"{number}-files"] = {"mountPath": file["mountPath"], "subPath": key, "name": "files"}
    extra = get("singleuser.storage.extraVolumes", {})
    volumes |= extra if isinstance(extra, dict) else {volume["name"]: volume for volume in extra}
    extra = get("singleuser.storage.extraVolumeMounts", {})
    mounts |= extra if isinstance(extra, dict) else {f"{n}-{each['name']}": each for n, each in enumerate(extra)}
    yield "KubeSpawner", "volumes", volumes
    yield "KubeSpawner", "volume_mounts", mounts


def services_and_roles(get: Get, secrets: dict[str, str]) -> Iterable[Trait]:
    """Source: reference.html#cull, #hub-services, #hub-loadroles."""
    services, roles = [], []
    if get("cull.enabled"):
        services.append({"name": "jupyterhub-idle-culler", "command": _cull_command(get)})
        scopes = ["list:users", "read:users:activity", "read:servers", "delete:servers"]
        scopes += ["admin:users"] if get("cull.users") else []
        roles.append({"name": "jupyterhub-idle-culler", "scopes": scopes, "services": ["jupyterhub-idle-culler"]})
    for key, service in get("hub.services", {}).items():
        token = secrets[f"hub.services.{key}.apiToken"]
        kept = {name: value for name, value in service.items() if name != "apiToken"}
        services.append({"name": key, **kept, "api_token": token})
    roles += [{"name": key, **role} for key, role in get("hub.loadRoles", {}).items()]
    yield "JupyterHub", "services", services
    yield "JupyterHub", "load_roles", roles


def _cull_command(get: Get) -> list[str]:
    base = get("hub.baseUrl", "/").rstrip("/")
    command = ["python3", "-m", "jupyterhub_idle_culler", f"--url=http://localhost:8081{base}/hub/api"]
    command += [f"{option}={get(f'cull.{key}')}" for key, option in _CULL_OPTIONS if get(f"cull.{key}")]
    command += ["--cull-users"] if get("cull.users") else []
    command += [] if get("cull.adminUsers") else ["--cull-admin-users=false"]
    command += ["--remove-named-servers"] if get("cull.removeNamedServers") else []
    return command + ([f"--max-age={get('cull.maxAge')}"] if get("cull.maxAge") else [])
