"""Find a cluster by way of a kubeconfig, or of the pod that this runs in."""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from takeout.cluster.connection import PATIENCE_SECONDS, Connection, complaints, kubernetes
from takeout.errors import InputError, OptionError, ToolError, Where


def connect(
    context: str = "", *, kubeconfig: str | Path | None = None, patience_seconds: float = PATIENCE_SECONDS
) -> Connection:
    """Return a connection to the cluster of a kubeconfig's context; nothing is asked yet.

    Args:
        context: The context; the current one where empty.
        kubeconfig: The file; ``KUBECONFIG``, then ``~/.kube/config``, then the pod's own account where None.
        patience_seconds: How long to wait for a cluster that answered before.

    Raises:
        OptionError: When the kubeconfig has no such context.
        InputError: When there is no kubeconfig, or it is broken.
        ToolError: When the Kubernetes client is not installed.
    """
    config = kubernetes("config")
    configuration = kubernetes("client").Configuration()
    files = str(kubeconfig or os.environ.get("KUBECONFIG") or Path.home() / ".kube" / "config")
    present = [file for file in files.split(os.pathsep) if file and Path(file).expanduser().exists()]
    if not present:
        return _within_pod(config, configuration, files, context, patience_seconds)
    where = Where(files)
    try:
        contexts, current = config.list_kube_config_contexts(config_file=files)
        named = {str(item["name"]): item.get("context") or {} for item in contexts}
        name = context or str((current or {}).get("name", ""))
        if name not in named:
            raise _unknown(name, list(named), where)
        with complaints() as said:
            # Nothing is written back: the file is the person's, and other programs renew it too.
            config.load_kube_config(
                config_file=files, context=name, client_configuration=configuration, persist_config=False
            )
    except config.ConfigException as error:
        if "exec: " in str(error):
            raise _no_plugin(str(error), name) from error
        raise InputError(
            f"the kubeconfig cannot be used: {error}", where=where, hint="`kubectl config view` shows what it says"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise InputError(f"the kubeconfig cannot be read: {error}", where=where) from error
    return Connection(
        configuration,
        context=name,
        namespace=str(named[name].get("namespace") or "default"),
        kubeconfig=files,
        complaint=said[-1] if said else "",
        patience_seconds=patience_seconds,
    )


def _within_pod(config: Any, configuration: Any, files: str, context: str, patience_seconds: float) -> Connection:
    hint = "give the cluster's kubeconfig in KUBECONFIG; the provider's own command writes one"
    if context or "KUBERNETES_SERVICE_HOST" not in os.environ:
        raise InputError("there is no kubeconfig", where=Where(files), hint=hint)
    try:
        config.load_incluster_config(client_configuration=configuration)
    except config.ConfigException as error:
        raise InputError(f"there is no kubeconfig, and the pod has no account: {error}", hint=hint) from error
    account = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
    namespace = account.read_text(encoding="utf-8").strip() if account.is_file() else "default"
    return Connection(configuration, context="in-cluster", namespace=namespace, patience_seconds=patience_seconds)


def _unknown(name: str, names: list[str], where: Where) -> OptionError:
    if not name:
        return OptionError(
            "the kubeconfig has no current context", where=where, hint=f"--context {'|'.join(names)}"
        )
    near = get_close_matches(name, names, n=3, cutoff=0.4) or names[:10]
    hint = f"it has: {', '.join(near)}" if near else "it has none"
    return OptionError(f"the kubeconfig has no context {name}", where=where, hint=hint)


def _no_plugin(complaint: str, context: str) -> ToolError:
    return ToolError(
        f"the credentials of the context {context} cannot be had: {complaint}",
        hint=f"log in as the provider says, until `kubectl --context {context} get nodes` answers",
    )
