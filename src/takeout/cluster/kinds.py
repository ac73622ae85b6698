"""Kinds of objects: their group, their plural, and whether they live in a namespace, as the cluster tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from takeout.cluster.connection import Connection
from takeout.cluster.refusals import NOT_FOUND
from takeout.errors import ClusterError

_CORE = (
    "ConfigMap Endpoints Event LimitRange Namespace Node PersistentVolume PersistentVolumeClaim Pod ResourceQuota "
    "Secret Service ServiceAccount"
)
_GROUPS = {
    "apps/v1": "ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet",
    "apiextensions.k8s.io/v1": "CustomResourceDefinition",
    "apiregistration.k8s.io/v1": "APIService",
    "batch/v1": "CronJob Job",
    "cert-manager.io/v1": "Certificate CertificateRequest ClusterIssuer Issuer",
    "coordination.k8s.io/v1": "Lease",
    "discovery.k8s.io/v1": "EndpointSlice",
    "networking.k8s.io/v1": "Ingress IngressClass NetworkPolicy",
    "policy/v1": "PodDisruptionBudget",
    "rbac.authorization.k8s.io/v1": "ClusterRole ClusterRoleBinding Role RoleBinding",
    "scheduling.k8s.io/v1": "PriorityClass",
    "storage.k8s.io/v1": "CSIDriver StorageClass VolumeAttachment",
}
_HOME = dict.fromkeys(_CORE.split(), "v1") | {
    kind: version for version, kinds in _GROUPS.items() for kind in kinds.split()
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of objects.

    Attributes:
        version: The group's version, such as ``apps/v1``, or ``v1``.
        kind: The kind.
        plural: The resource's name.
        namespaced: Whether its objects live in namespaces.
    """

    version: str
    kind: str
    plural: str
    namespaced: bool

    @property
    def group(self) -> str:
        """The group; empty for Kubernetes' core."""
        return self.version.rpartition("/")[0]

    def path(self, namespace: str = "", name: str = "") -> str:
        """Return the path of the collection, or of one object in it."""
        root = f"/apis/{self.version}" if self.group else f"/api/{self.version}"
        within = f"/namespaces/{quote(namespace)}" if namespace and self.namespaced else ""
        return f"{root}{within}/{self.plural}" + (f"/{quote(name)}" if name else "")

    def words(self, name: str, namespace: str) -> str:
        """Return the object as a person would name it."""
        return f"{self.kind}/{name}" + (f" in the namespace {namespace}" if namespace and self.namespaced else "")


class Kinds:
    """What the cluster says of its kinds, asked once for each group version."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[str, dict[str, Kind]] = {}

    def find(self, name: str) -> Kind | None:
        """Return the kind ``name`` (``Pod``, ``apps/v1/Deployment``), or None where the cluster has none."""
        version, _, kind = name.rpartition("/")
        version = version or _HOME.get(kind, "v1")
        if version not in self._known:
            self._known[version] = self._asked(version)
        return self._known[version].get(kind)

    def of(self, name: str) -> Kind:
        """Return the kind ``name``.

        Raises:
            ClusterError: When the cluster has none; ``status`` is 404.
        """
        kind = self.find(name)
        if kind is None:
            raise ClusterError(
                f"the cluster does not know the kind {name}",
                status=NOT_FOUND,
                reason="NotFound",
                hint="an operator or a CustomResourceDefinition is missing, or Kubernetes is too old or too new",
            )
        return kind

    def of_object(self, item: Mapping[str, Any]) -> Kind:
        """Return an object's kind; see ``of``."""
        return self.of(f"{item.get('apiVersion')}/{item.get('kind')}")

    def _asked(self, version: str) -> dict[str, Kind]:
        path = f"/apis/{version}" if "/" in version else f"/api/{version}"
        try:
            listed = self._connection.json("GET", path, f"list the kinds of {version}")
        except ClusterError as error:
            if error.status != NOT_FOUND:
                raise
            return {}
        return {
            str(item["kind"]): Kind(version, str(item["kind"]), str(item["name"]), bool(item["namespaced"]))
            for item in listed.get("resources") or ()
            if "/" not in item["name"]
        }
