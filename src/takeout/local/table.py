"""What z2jh's values mean for JupyterHub, one row a value.

z2jh documents each value and what it becomes; a row says so in data. What takes more than a copy is in
``mapping``. The defaults are those of z2jh 4.3.3: without the chart at hand they are all there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

REFERENCE = "https://z2jh.jupyter.org/en/stable/resources/reference.html"


@dataclass(frozen=True, slots=True)
class Row:
    """One value that goes into one trait as it is.

    Attributes:
        key: The value's dotted path in z2jh's values.
        section: The class in JupyterHub's configuration.
        trait: The trait.
        default: What the chart has where the values say nothing.
        null: Whether a null is a meaning of its own; elsewhere it leaves the trait alone.
    """

    key: str
    section: str
    trait: str
    default: Any = None
    null: bool = False

    @property
    def reference(self) -> str:
        """Where z2jh documents the value."""
        return f"{REFERENCE}#{self.key.lower().replace('.', '-')}"


HUB = (
    Row("hub.concurrentSpawnLimit", "JupyterHub", "concurrent_spawn_limit", 64),
    Row("hub.activeServerLimit", "JupyterHub", "active_server_limit"),
    Row("hub.baseUrl", "JupyterHub", "base_url", "/"),
    Row("hub.allowNamedServers", "JupyterHub", "allow_named_servers", False),
    Row("hub.namedServerLimitPerUser", "JupyterHub", "named_server_limit_per_user"),
    Row("hub.authenticatePrometheus", "JupyterHub", "authenticate_prometheus"),
    Row("hub.redirectToServer", "JupyterHub", "redirect_to_server"),
    Row("hub.shutdownOnLogout", "JupyterHub", "shutdown_on_logout"),
    Row("hub.templatePaths", "JupyterHub", "template_paths", []),
    Row("hub.templateVars", "JupyterHub", "template_vars", {}),
    Row("hub.consecutiveFailureLimit", "Spawner", "consecutive_failure_limit", 5),
)

SINGLEUSER = (
    Row("singleuser.podNameTemplate", "KubeSpawner", "pod_name_template"),
    Row("singleuser.startTimeout", "KubeSpawner", "start_timeout", 300),
    Row("singleuser.image.pullPolicy", "KubeSpawner", "image_pull_policy"),
    Row("singleuser.events", "KubeSpawner", "events_enabled", True),
    Row("singleuser.extraLabels", "KubeSpawner", "extra_labels", {"hub.jupyter.org/network-access-hub": "true"}),
    Row("singleuser.extraAnnotations", "KubeSpawner", "extra_annotations", {}),
    Row("singleuser.uid", "KubeSpawner", "uid", 1000),
    Row("singleuser.fsGid", "KubeSpawner", "fs_gid", 100),
    Row("singleuser.serviceAccountName", "KubeSpawner", "service_account"),
    Row("singleuser.storage.extraLabels", "KubeSpawner", "storage_extra_labels", {}),
    Row("singleuser.nodeSelector", "KubeSpawner", "node_selector", {}),
    Row("singleuser.extraNodeAffinity.required", "KubeSpawner", "node_affinity_required", []),
    Row("singleuser.extraNodeAffinity.preferred", "KubeSpawner", "node_affinity_preferred", []),
    Row("singleuser.extraPodAffinity.required", "KubeSpawner", "pod_affinity_required", []),
    Row("singleuser.extraPodAffinity.preferred", "KubeSpawner", "pod_affinity_preferred", []),
    Row("singleuser.extraPodAntiAffinity.required", "KubeSpawner", "pod_anti_affinity_required", []),
    Row("singleuser.extraPodAntiAffinity.preferred", "KubeSpawner", "pod_anti_affinity_preferred", []),
    Row("singleuser.lifecycleHooks", "KubeSpawner", "lifecycle_hooks", {}),
    Row("singleuser.initContainers", "KubeSpawner", "init_containers", []),
    Row("singleuser.extraContainers", "KubeSpawner", "extra_containers", []),
    Row("singleuser.memory.limit", "KubeSpawner", "mem_limit"),
    Row("singleuser.memory.guarantee", "KubeSpawner", "mem_guarantee", "1G"),
    Row("singleuser.cpu.limit", "KubeSpawner", "cpu_limit"),
    Row("singleuser.cpu.guarantee", "KubeSpawner", "cpu_guarantee"),
    Row("singleuser.extraResource.limits", "KubeSpawner", "extra_resource_limits", {}),
    Row("singleuser.extraResource.guarantees", "KubeSpawner", "extra_resource_guarantees", {}),
    Row("singleuser.extraEnv", "KubeSpawner", "environment", {}),
    Row("singleuser.profileList", "KubeSpawner", "profile_list", []),
    Row("singleuser.extraPodConfig", "KubeSpawner", "extra_pod_config", {}),
    Row("singleuser.allowPrivilegeEscalation", "KubeSpawner", "allow_privilege_escalation", False, null=True),
    Row("singleuser.cmd", "Spawner", "cmd", "jupyterhub-singleuser"),
    Row("singleuser.defaultUrl", "Spawner", "default_url"),
)

ROWS = HUB + SINGLEUSER

_OTHER_DEFAULTS: dict[str, Any] = {
    "fullnameOverride": "",
    "hub.config": {"JupyterHub": {"admin_access": True, "authenticator_class": "dummy"}},
    "hub.db.type": "sqlite-pvc",
    "hub.extraConfig": {},
    "hub.extraEnv": {},
    "hub.extraFiles": {},
    "hub.services": {},
    "hub.loadRoles": {},
    "singleuser.image.name": "quay.io/jupyterhub/k8s-singleuser-sample",
    "singleuser.image.tag": "4.3.3",
    "singleuser.image.pullSecrets": [],
    "singleuser.networkTools.image.name": "quay.io/jupyterhub/k8s-network-tools",
    "singleuser.networkTools.image.tag": "4.3.3",
    "singleuser.networkTools.resources": {},
    "singleuser.cloudMetadata": {"blockWithIptables": True, "ip": "169.254.169.254"},
    "singleuser.extraFiles": {},
    "singleuser.extraTolerations": [],
    "singleuser.storage.type": "dynamic",
    "singleuser.storage.homeMountPath": "/home/jovyan",
    "singleuser.storage.capacity": "10Gi",
    "singleuser.storage.dynamic.volumeNameTemplate": "volume-{user_server}",
    "singleuser.storage.dynamic.storageAccessModes": ["ReadWriteOnce"],
    "singleuser.storage.static.subPath": "{username}",
    "scheduling.userScheduler.enabled": True,
    "scheduling.podPriority.enabled": False,
    "scheduling.userPods.nodeAffinity.matchNodePurpose": "prefer",
    "scheduling.userPods.tolerations": [
        {"key": key, "operator": "Equal", "value": "user", "effect": "NoSchedule"}
        for key in ("hub.jupyter.org/dedicated", "hub.jupyter.org_dedicated")
    ],
    "imagePullSecret.create": False,
    "imagePullSecret.automaticReferenceInjection": True,
    "imagePullSecrets": [],
    "cull": {
        "enabled": True,
        "users": False,
        "adminUsers": True,
        "removeNamedServers": False,
        "timeout": 3600,
        "every": 600,
        "concurrency": 10,
        "maxAge": 0,
    },
    "debug.enabled": False,
}


def defaults() -> dict[str, Any]:
    """Return the chart's defaults, as far as they reach the hub or its users' servers."""
    tree: dict[str, Any] = {}
    for key, value in [*((row.key, row.default) for row in ROWS), *_OTHER_DEFAULTS.items()]:
        if value is None:
            continue
        *way, last = key.split(".")
        place = tree
        for step in way:
            place = place.setdefault(step, {})
        place[last] = value
    return tree


READ: tuple[str, ...] = (
    *(row.key for row in ROWS),
    *_OTHER_DEFAULTS,
    "Chart",
    "Release",
    "custom",
    "global",
    "hub.cookieSecret",
    "hub.db.url",
    "hub.db.password",
    "singleuser.storage",
)
"""Every key that has a meaning here; what lies below one has too."""
