"""Objects of a cluster as data: read, made, changed and deleted by their kinds and names."""

from __future__ import annotations

from typing import Any, Literal

from takeout.cluster.connection import Connection
from takeout.cluster.kinds import Kind, Kinds
from takeout.cluster.refusals import CONFLICT, GONE, NOT_FOUND
from takeout.errors import ClusterError

Object = dict[str, Any]
"""A Kubernetes object as the API gives it."""

Objects = list[Object]

MANAGER = "takeout"
"""The field manager: what it applied is Takeout's to change and to remove."""

_PAGE = "500"


class Store:
    """The objects of a cluster.

    Kinds are named ``Pod`` where Kubernetes itself has them, ``apps/v1/Deployment`` or
    ``cert-manager.io/v1/ClusterIssuer`` otherwise. A namespace that is empty means all of them for ``list``, and
    none for what lives in none.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._kinds = Kinds(connection)

    def has(self, kind: str) -> bool:
        """Whether the cluster knows a kind."""
        return self._kinds.find(kind) is not None

    def get(self, kind: str, name: str, namespace: str = "") -> Object:
        """Return an object.

        Raises:
            ClusterError: When there is none (``status`` 404), or it may not be read.
        """
        known = self._kinds.of(kind)
        what = f"read {known.words(name, namespace)}"
        return self.connection.json("GET", known.path(namespace, name), what)

    def find(self, kind: str, name: str, namespace: str = "") -> Object | None:
        """Return an object, or None where there is none, or the cluster does not know its kind."""
        known = self._kinds.find(kind)
        if known is None:
            return None
        try:
            return self.get(kind, name, namespace)
        except ClusterError as error:
            if error.status != NOT_FOUND:
                raise
            return None

    def list(self, kind: str, namespace: str = "", *, labels: str = "", fields: str = "") -> Objects:
        """Return every object of a kind; none where the cluster does not know the kind.

        Args:
            kind: The kind.
            namespace: The namespace; all of them where empty.
            labels: A label selector, ``app=jupyterhub,component=hub``.
            fields: A field selector, ``spec.nodeName=x``.
        """
        known = self._kinds.find(kind)
        if known is None:
            return []
        query = {"limit": _PAGE, "labelSelector": labels, "fieldSelector": fields}
        query = {name: value for name, value in query.items() if value}
        what = f"list {known.plural}" + (f" in the namespace {namespace}" if namespace else "")
        items: Objects = []
        while True:
            try:
                page = self.connection.json("GET", known.path(namespace), what, query=query)
            except ClusterError as error:
                if error.status != GONE or "continue" not in query:
                    raise
                # The pages' snapshot is too old: begin again.
                query.pop("continue")
                items = []
                continue
            for item in page.get("items") or ():
                items.append({"apiVersion": known.version, "kind": known.kind, **item})
            more = (page.get("metadata") or {}).get("continue")
            if not more:
                return items
            query["continue"] = str(more)

    def create(self, item: Object, namespace: str = "", *, dry_run: bool = False) -> Object:
        """Create an object and return it; ``ClusterError`` with ``status`` 409 where it is there."""
        known = self._kinds.of_object(item)
        name, namespace = _placed(item, namespace, known)
        query = {"dryRun": "All"} if dry_run else {}
        what = f"create {known.words(name, namespace)}"
        return self.connection.json("POST", known.path(namespace), what, query=query, body=item)

    def replace(self, item: Object, namespace: str = "") -> Object:
        """Replace an object by ``item`` and return it; its ``resourceVersion`` guards against others' changes."""
        known = self._kinds.of_object(item)
        name, namespace = _placed(item, namespace, known)
        what = f"change {known.words(name, namespace)}"
        return self.connection.json("PUT", known.path(namespace, name), what, body=item)

    def apply(
        self,
        item: Object,
        namespace: str = "",
        *,
        dry_run: bool = False,
        force: bool = False,
        manager: str = MANAGER,
    ) -> Object:
        """Apply an object on the server and return what it is then.

        Args:
            item: The object.
            namespace: Where it goes if it names none.
            dry_run: Let the cluster check everything and change nothing.
            force: Take fields over from other managers.
            manager: The field manager.

        Raises:
            ClusterError: When the cluster does not take it; 409 where another manager owns a field.

        Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/
        """
        known = self._kinds.of_object(item)
        name, namespace = _placed(item, namespace, known)
        query = {"fieldManager": manager, "fieldValidation": "Warn"}
        query |= {"dryRun": "All"} if dry_run else {}
        query |= {"force": "true"} if force else {}
        return self.connection.json(
            "PATCH",
            known.path(namespace, name),
            f"apply {known.words(name, namespace)}",
            query=query,
            body=item,
            content_type="application/apply-patch+yaml",
        )

    def patch(self, kind: str, name: str, namespace: str, change: Object) -> Object:
        """Merge ``change`` into an object and return it; a None removes."""
        known = self._kinds.of(kind)
        return self.connection.json(
            "PATCH",
            known.path(namespace, name),
            f"change {known.words(name, namespace)}",
            query={"fieldManager": MANAGER},
            body=change,
            content_type="application/merge-patch+json",
        )

    def delete(
        self,
        kind: str,
        name: str,
        namespace: str = "",
        *,
        uid: str = "",
        version: str = "",
        propagation: Literal["Background", "Foreground", "Orphan"] = "Background",
    ) -> bool:
        """Delete an object; return whether there was one.

        Args:
            kind: The kind.
            name: The name.
            namespace: The namespace.
            uid: Delete only this very object, not another of the same name.
            version: Delete it only in this ``resourceVersion``.
            propagation: What becomes of what it owns.
        """
        known = self._kinds.find(kind)
        if known is None:
            return False
        body: Object = {"propagationPolicy": propagation}
        conditions = {"uid": uid, "resourceVersion": version}
        if any(conditions.values()):
            body["preconditions"] = {key: value for key, value in conditions.items() if value}
        try:
            what = f"delete {known.words(name, namespace)}"
            self.connection.json("DELETE", known.path(namespace, name), what, body=body)
        except ClusterError as error:
            if error.status == NOT_FOUND or (error.status == CONFLICT and body.get("preconditions")):
                return False
            raise
        return True


def _placed(item: Object, namespace: str, known: Kind) -> tuple[str, str]:
    metadata = item.get("metadata") or {}
    inside = str(metadata.get("namespace") or namespace) if known.namespaced else ""
    return str(metadata.get("name") or metadata.get("generateName") or ""), inside
