"""What code added to a hub's values and no file shows, replaced by what it meant.

In E4 and E5 the deployer's Python wrote addresses, homepage and login into every hub; from E7 on the chart's
jsonnet writes the addresses. Tokens are not repeated: a replica has new ones. Neither is what served the origin
alone, such as the service of its own health check.
"""

from __future__ import annotations

import ast
import posixpath
import re
from dataclasses import dataclass, field, replace

from takeout.source.clusters import ClusterSpec, HubSpec
from takeout.source.eras.homepage import homepage
from takeout.source.model import Layer
from takeout.source.tree import Tree
from takeout.values.encrypted import placeholder
from takeout.values.node import Data, Mapping, Mark, from_data, with_node
from takeout.values.path import Path

FILE = "deployer"
"""The name of the layer, which is no file of values."""

TLS_SECRET = "https-auto-tls"  # noqa: S105 - the name of a Secret, from the templates of every era
_CLIENT_KEYS = ("client_id", "client_secret")
BINDERHUB_SERVICE = "binderhub-service"
"""The chart of that name, and the key of its values."""

_BINDERHUB = "binderhub"
_HOMEPAGE = re.compile(r"""["'](https://[^"']*homepage[^"']*)["']""")
_PROXY_HTTPS = re.compile(r"""["']proxy["']:\s*\{[^}]*["']https["']""")
_BINDER_HUB = re.compile(r"""hub\.\{self\.spec\[["']domain""")
_BRANCH_WITH_CLUSTER = re.compile(r"""git reset --hard origin/\{self\.cluster\.spec""")


@dataclass(frozen=True, slots=True)
class Deployer:
    """What the deployer's Python did, as far as it meant something.

    Attributes:
        file: The Python file.
        homepage: The repository of the login page's templates; empty where it cloned none.
        branch_has_cluster: Whether a hub's branch there is ``<cluster>-<hub>``, rather than ``<hub>``.
        proxy_https: Whether it named the hub's address for z2jh's own HTTPS as well.
        binder_hub: Whether the hub of a BinderHub was at ``hub.`` below the address, which was BinderHub's own.
        auth0: Whether it registered hubs with Auth0.
        username_keys: The field of an Auth0 profile that became the user name, by connection.
    """

    file: str
    homepage: str = ""
    branch_has_cluster: bool = False
    proxy_https: bool = False
    binder_hub: bool = False
    auth0: bool = False
    username_keys: dict[str, str] = field(default_factory=dict)


def read_deployer(tree: Tree, file: str) -> Deployer:
    """Return what the deployer in ``file`` did; the code is read, never run."""
    code = tree.read(file).decode(errors="replace")
    homepage = _HOMEPAGE.search(code)
    auth = posixpath.join(posixpath.dirname(file), "auth.py")
    keys: dict[str, str] = {}
    for beside in (auth, posixpath.join(posixpath.dirname(file), "auth0.py")):
        if tree.is_file(beside):
            keys |= _username_keys(tree.read(beside).decode(errors="replace"))
    return Deployer(
        file=file,
        homepage=homepage[1] if homepage else "",
        branch_has_cluster=bool(_BRANCH_WITH_CLUSTER.search(code)),
        proxy_https=bool(_PROXY_HTTPS.search(code)),
        binder_hub=bool(_BINDER_HUB.search(code)),
        auth0='spec["auth0"]' in code or "spec['auth0']" in code,
        username_keys=keys,
    )


def deployer_layer(
    deployer: Deployer, cluster: ClusterSpec, hub: HubSpec, jupyterhub: Path
) -> tuple[Layer, tuple[Path, ...]]:
    """Return the layer that stands for what the deployer added, and the paths of what only it knew."""
    by_domain = Mark(cluster.file, hub.line("domain"))
    by_code = Mark(deployer.file)
    if hub.entry.chart == _BINDERHUB:
        return _binderhub_layer(deployer, hub, jupyterhub, by_domain), ()
    root = with_addresses(Mapping(mark=by_code), jupyterhub, hub, by_domain)
    if deployer.proxy_https and hub.domains:
        root = _put(root, (*jupyterhub, "proxy", "https", "hosts"), list(hub.domains), by_domain)
    image = cluster.facts.get("image_repo")
    if isinstance(image, str) and image:
        root = _put(root, (*jupyterhub, "singleuser", "image", "name"), image, Mark(cluster.file))
    if deployer.homepage:
        branch = f"{cluster.name}-{hub.entry.name}" if deployer.branch_has_cluster else hub.entry.name
        for path, data in homepage(deployer.homepage, branch).items():
            root = _put(root, (*jupyterhub, *path), data, by_code)
    unknown: tuple[Path, ...] = ()
    login = _login(deployer, hub)
    if login:
        by_hub = Mark(cluster.file, hub.line("auth0"))
        base: Path = (*jupyterhub, "hub", "config")
        unknown = tuple((*base, "Auth0OAuthenticator", key) for key in _CLIENT_KEYS)
        login |= {str(path[-1]): placeholder(path) for path in unknown}
        root = _put(root, (*base, "JupyterHub", "authenticator_class"), "auth0", by_hub)
        root = _put(root, (*base, "Auth0OAuthenticator"), login, by_hub)
    if hub.entry.chart == "daskhub":
        # with this z2jh makes a token, which the gateway's chart reads from 2022.10.0 on without being told
        root = _put(root, (*jupyterhub, "hub", "services", "dask-gateway", "display"), False, by_code)
    return Layer(FILE, "generated", root), unknown


def _binderhub_layer(deployer: Deployer, hub: HubSpec, jupyterhub: Path, mark: Mark) -> Layer:
    """Return what the deployer added to a BinderHub: an address for its hub, and later nothing."""
    root = Mapping(mark=mark)
    if deployer.binder_hub:
        at_hub = replace(hub, domains=tuple(f"hub.{domain}" for domain in hub.domains))
        root = with_addresses(root, jupyterhub, at_hub, mark)
    return Layer(FILE, "generated", root)


def with_addresses(root: Mapping, jupyterhub: Path, hub: HubSpec, mark: Mark) -> Mapping:
    """Return ``root`` with the hub's ingress at its address; ``root`` itself where that is unknown."""
    if not hub.domains:
        return root
    hosts: list[Data] = list(hub.domains)
    root = _put(root, (*jupyterhub, "ingress", "hosts"), hosts, mark)
    return _put(root, (*jupyterhub, "ingress", "tls"), [{"secretName": TLS_SECRET, "hosts": hosts}], mark)


def with_callback(root: Mapping, jupyterhub: Path, hub: HubSpec, mark: Mark) -> Mapping:
    """Return ``root`` with the address that a login service sends people back to."""
    if not hub.domains:
        return root
    path = (*jupyterhub, "hub", "config", "OAuthenticator", "oauth_callback_url")
    return _put(root, path, f"https://{hub.domains[0]}/hub/oauth_callback", mark)


def with_binder(root: Mapping, jupyterhub: Path, hub: HubSpec, mark: Mark) -> Mapping:
    """Return ``root`` with what connects the companion binderhub-service to its hub."""
    api = f"http://hub.{hub.entry.name}.svc.cluster.local:8081/hub/api"
    env: Data = [{"name": "JUPYTERHUB_API_URL", "value": api}]
    root = _put(root, (*jupyterhub[:-1], BINDERHUB_SERVICE, "extraEnv"), env, mark)
    if not hub.domains:
        return root
    path = (*jupyterhub, "hub", "services", "binder", "oauth_redirect_uri")
    return _put(root, path, f"https://{hub.domains[0]}/services/binder/oauth_callback", mark)


def _put(root: Mapping, path: Path, data: Data, mark: Mark) -> Mapping:
    return with_node(root, path, from_data(data, mark))


def _login(deployer: Deployer, hub: HubSpec) -> dict[str, Data]:
    about = hub.without_values()
    auth0 = about.get("auth0") if isinstance(about, dict) else None
    if not deployer.auth0 or not isinstance(auth0, dict) or auth0.get("enabled", True) is False:
        return {}
    connection = str(auth0.get("connection") or "")
    return {
        "username_key": deployer.username_keys.get(connection, "email"),
        "scope": ["openid", "name", "profile", "email"],
    }


def _username_keys(code: str) -> dict[str, str]:
    """Return the table of that name from Python code."""
    try:
        module = ast.parse(code)
    except (SyntaxError, ValueError):
        return {}
    for statement in module.body:
        if (
            isinstance(statement, ast.Assign)
            and any(isinstance(name, ast.Name) and name.id == "USERNAME_KEYS" for name in statement.targets)
            and isinstance(statement.value, ast.Dict)
        ):
            pairs = zip(statement.value.keys, statement.value.values, strict=True)
            return {
                str(key.value): str(value.value)
                for key, value in pairs
                if isinstance(key, ast.Constant) and isinstance(value, ast.Constant)
            }
    return {}
