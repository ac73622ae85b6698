"""KubeSpawner on a stand-in for the cluster.

Only what would reach the Kubernetes API is replaced. Profiles, overrides, templates of names, hooks and the pod's
manifest are KubeSpawner's own work, and a hub's own class on top of it never knows.

Source: https://github.com/jupyterhub/kubespawner/blob/7.1.0/kubespawner/spawner.py
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, ClassVar

import kubespawner
import kubespawner.spawner
from jupyterhub.utils import random_port

from takeout.local.inside.cluster import Cluster
from takeout.local.plan import Plan


class DescribedError(Exception):
    """Not a failure: the pod's manifest is complete and nothing is to be started.

    Attributes:
        manifest: The pod, as JSON has it.
    """

    def __init__(self, manifest: dict[str, Any]) -> None:
        super().__init__("described")
        self.manifest = manifest


class _Reflector:
    """What KubeSpawner asks for the state of the cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    @property
    def pods(self) -> dict[str, dict[str, Any]]:
        return self._cluster.pods

    @property
    def events(self) -> list[dict[str, Any]]:
        return self._cluster.events


class KubeSpawner(kubespawner.KubeSpawner):
    """KubeSpawner whose pods are processes of this machine."""

    cluster: ClassVar[Cluster]

    @property
    def pod_reflector(self) -> _Reflector:
        """Return the state of the pods."""
        return _Reflector(self.cluster)

    @property
    def event_reflector(self) -> _Reflector:
        """Return what happened to the pods."""
        return _Reflector(self.cluster)

    @property
    def _key(self) -> str:
        return f"{self.namespace}/{self.pod_name}"

    async def _start_watching_pods(self, replace: bool = False) -> None:
        """Nothing is watched: the cluster is in this process."""

    async def _start_watching_events(self, replace: bool = False) -> None:
        """Nothing is watched."""

    async def _ensure_namespace(self) -> None:
        """Every namespace is there."""

    async def _ensure_not_exists(self, kind: str, name: str) -> bool:  # noqa: ARG002 - KubeSpawner's signature
        return True

    async def _make_create_resource_request(self, kind: str, manifest: Any) -> bool:  # noqa: ARG002
        return True

    async def _check_pvc_exists(self, pvc_name: str, namespace: str) -> bool:  # noqa: ARG002
        return False

    async def _make_create_pvc_request(self, pvc: Any, request_timeout: float) -> bool:  # noqa: ARG002
        return True  # the folder is made when a pod mounts it

    async def _make_delete_pvc_request(self, pvc_name: str, request_timeout: float) -> bool:  # noqa: ARG002
        return True  # deleting a user here must not delete files

    async def _make_create_pod_request(self, pod: Any, request_timeout: float) -> bool:  # noqa: ARG002
        manifest = self.api.api_client.sanitize_for_serialization(pod)
        if self.cluster.plan.dry:
            raise DescribedError(manifest)
        self.cluster.create(self.namespace, manifest, random_port())
        return True

    async def _make_delete_pod_request(
        self,
        pod_name: str,
        delete_options: Any,  # noqa: ARG002
        grace_seconds: float,
        request_timeout: float,  # noqa: ARG002
    ) -> bool:
        await self.cluster.delete(f"{self.namespace}/{pod_name}", grace_seconds)
        return True

    def _get_pod_url(self, pod: Any) -> str:  # noqa: ARG002
        return f"http://127.0.0.1:{self.cluster.port_of(self._key)}"

    async def _start(self) -> str:
        """Start the pod, and fail at once when its process ends, not after the timeout."""
        start = asyncio.ensure_future(super()._start())
        watch = asyncio.ensure_future(self.cluster.fail_if_ended(self._key))
        try:
            await asyncio.wait({start, watch}, return_when=asyncio.FIRST_COMPLETED)
            if not start.done():
                start.cancel()
                watch.result()
            url: str = await start
            return url
        finally:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await watch


def install(plan: Plan) -> Cluster:
    """Put the class in KubeSpawner's place, so that a hub's own snippets build on it too."""
    KubeSpawner.cluster = Cluster(plan)
    KubeSpawner.__module__ = "kubespawner"
    kubespawner.KubeSpawner = KubeSpawner
    kubespawner.spawner.KubeSpawner = KubeSpawner
    return KubeSpawner.cluster
