"""Releases through Helm's own code: what is there, install, upgrade, roll back, uninstall."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from takeout.chart.helm import Chart, sdk
from takeout.chart.quiet import quiet
from takeout.cluster.api import Cluster
from takeout.cluster.records import Driver, storage_driver
from takeout.errors import ClusterError

_LOG = logging.getLogger("takeout.helm")
_LOG.propagate = False
_LOG.setLevel(logging.DEBUG)
_HELMS_LABELS = frozenset({"name", "owner", "status", "version", "createdAt", "modifiedAt"})
"""Of a release's record in a cluster; Helm writes them itself and takes them from nobody."""
PENDING = ("pending-install", "pending-upgrade", "pending-rollback")


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision of a release, as ``helm history`` shows it.

    Attributes:
        release: The release.
        number: The revision.
        status: Helm's word for its state.
        chart_name: The chart's name.
        chart_version: Its version.
        changed: When it was last worked on.
        labels: The labels of its record.
    """

    release: str
    number: int
    status: str
    chart_name: str
    chart_version: str
    changed: str
    labels: Mapping[str, str]

    @property
    def chart(self) -> str:
        """The chart as Helm writes it, ``jupyterhub-4.3.3``; where its name ends cannot be told from that."""
        return f"{self.chart_name}-{self.chart_version}"


class Releases:
    """The releases of a namespace; use it as a context manager, or ``close`` it."""

    def __init__(self, cluster: Cluster, namespace: str, driver: Driver | None = None) -> None:
        self._helm = sdk()
        self.namespace = namespace
        self.driver: Driver = driver or storage_driver()
        self._said = _Said()
        _LOG.addHandler(self._said)
        # What an error leaves out Helm says in its log; only connections made from here on log.
        self._helm.logging.enable_logging(logging.DEBUG, _LOG)
        files = cluster.connection.kubeconfig
        self._config = self._helm.Config(
            # More than one file is for Helm to find in KUBECONFIG, as it was for us.
            kubeconfig_path=files if files and os.pathsep not in files else None,
            kube_context=cluster.context if files else None,
            namespace=namespace,
            storage_driver=self.driver,
            qps=50.0,
            burst_limit=100,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connection back."""
        self._config.close()
        _LOG.removeHandler(self._said)

    def canceller(self) -> Any:
        """Return what ends an action when its ``cancel`` is called."""
        return self._helm.HelmContext()

    def all(self) -> list[Revision]:
        """Return the last revision of every release of the namespace, in any state."""
        return [_revision(item) for item in self._call("list releases", self._config.list, all_states=True)]

    def history(self, name: str) -> list[Revision]:
        """Return a release's revisions, the oldest first; none where there is no such release."""
        try:
            with quiet():
                found = self._config.history(name)
        except self._helm.HelmNotFoundError:
            return []
        except self._helm.HelmError as error:
            raise self._error("read the release's history", error) from error
        return sorted((_revision(item) for item in found), key=lambda revision: revision.number)

    def last(self, name: str) -> Revision | None:
        """Return a release's last revision."""
        return next(iter(self.history(name)[::-1]), None)

    def values(self, name: str, *, whole: bool = False, revision: int | None = None) -> dict[str, Any]:
        """Return the values that the release was given, or with ``whole`` those over the chart's defaults."""
        found = self._call("read the values", self._config.get_values, name, all_values=whole, revision=revision)
        return found if isinstance(found, dict) else {}

    def manifest(self, name: str, *, revision: int | None = None) -> str:
        """Return what the release rendered, hooks left out."""
        found = self._call("read the release", self._config.status, name, revision=revision)
        return str(found.get("manifest") or "")

    def render(self, chart: Chart, values: Mapping[str, Any], name: str, *, upgrade: bool) -> dict[str, str]:
        """Return what the chart renders with the cluster at hand, so that it finds the secrets it made before."""
        rendered: dict[str, str] = self._call(
            "render the chart",
            self._config.render,
            chart.handle,
            dict(values),
            name=name,
            namespace=self.namespace,
            is_install=not upgrade,
            is_upgrade=upgrade,
        )
        return rendered

    def put(
        self,
        chart: Chart,
        name: str,
        values: Mapping[str, Any],
        *,
        upgrade: bool,
        seconds: int,
        context: Any,
        labels: Mapping[str, str],
    ) -> None:
        """Install or upgrade, and wait until everything is ready.

        Raises:
            ClusterError: When it fails, or is not ready in time.
        """  # fmt: skip
        action = self._config.upgrade if upgrade else self._config.install
        options: dict[str, Any] = {
            "timeout": seconds,
            "wait": "watcher",
            "labels": dict(labels),
            "context": context,
        }
        options["description"] = "deployed by takeout"
        try:
            action(chart.handle, name, dict(values), **options)
        except self._helm.HelmError as error:
            raise self._error("upgrade the release" if upgrade else "install the release", error) from error

    def rewrite(self, chart: Path, last: Revision) -> None:
        """Have Helm write another revision, of a chart that changes nothing that runs; it has no values."""
        self._call(
            "write the release's record anew",
            self._config.upgrade,
            str(chart),
            last.release,
            {},
            reset_values=True,
            labels={name: value for name, value in last.labels.items() if name not in _HELMS_LABELS},
            description="takeout keeps its claims",
        )

    def roll_back(self, name: str, revision: int, seconds: int) -> None:
        """Roll a release back."""
        self._call("roll the release back", self._config.rollback, name, version=revision, timeout=seconds)

    def uninstall(self, name: str, seconds: int) -> None:
        """Uninstall a release, if it is there."""
        self._call(
            "uninstall the release",
            self._config.uninstall,
            name,
            timeout=seconds,
            wait="watcher",
            ignore_not_found=True,
        )

    def _call(self, what: str, action: Any, *arguments: Any, **options: Any) -> Any:
        try:
            with quiet():
                return action(*arguments, **options)
        except self._helm.HelmError as error:
            raise self._error(what, error) from error

    def _error(self, what: str, error: Exception) -> ClusterError:
        """Return Helm's error as one of ours; Go nests causes, the outermost first."""
        text = " ".join(str(error).split())
        cause = self._said.cause()
        more = f" ({cause})" if cause and cause not in text else ""
        return ClusterError(f"Helm cannot {what}: {text}{more}", reason="Helm")


class _Said(logging.Handler):
    """Keep the last cause that Helm's log names."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._cause = ""

    def emit(self, record: logging.LogRecord) -> None:
        _, found, cause = record.getMessage().partition(" error=")
        if found:
            self._cause = " ".join(cause.strip("[]").split())

    def cause(self) -> str:
        """Return the last cause, once."""
        cause, self._cause = self._cause, ""
        return cause


def _revision(item: Mapping[str, Any]) -> Revision:
    return Revision(
        str(item.get("name", "")),
        int(item.get("revision") or 0),
        str(item.get("status", "")),
        str(item.get("chart_name", "")),
        str(item.get("chart_version", "")),
        str(item.get("deployed_at") or ""),
        dict(item.get("labels") or {}),
    )
