"""K01: what was secret at the origin is new on the replica."""

from collections.abc import Callable
from glob import escape

from takeout.adapt.placeholders import is_placeholder, placeholders
from takeout.adapt.rule import Action, Case, Cover, Draft, Rule, Secret
from takeout.values.path import Path, format_path

# z2jh makes these itself where they are not set. Source: jupyterhub/templates/hub/_helpers-passwords.tpl of z2jh
_MADE_BY_Z2JH: tuple[Path, ...] = (
    ("jupyterhub", "proxy", "secretToken"),
    ("jupyterhub", "hub", "cookieSecret"),
    ("jupyterhub", "hub", "config", "JupyterHub", "cookie_secret"),
    ("jupyterhub", "hub", "config", "ConfigurableHTTPProxy", "auth_token"),
    ("jupyterhub", "hub", "config", "CryptKeeper", "keys"),
    ("jupyterhub", "hub", "extraEnv", "JUPYTERHUB_CRYPT_KEY"),
    ("jupyterhub", "auth", "state", "cryptoKey"),
)
_PEPPER: Path = ("jupyterhub", "hub", "extraEnv", "USERNAME_DERIVATION_PEPPER")
_PULL: Path = ("jupyterhub", "imagePullSecret")
# Kubernetes refuses a pod with a placeholder in one of these.
_POD_LISTS = frozenset({"extraContainers", "extraVolumeMounts", "extraVolumes", "initContainers"})
_CONTENTS = ("data", "stringData", "binaryData")
_ENV: Path = ("jupyterhub", "singleuser", "extraEnv")


def change(draft: Draft) -> None:
    """Drop what z2jh makes anew; turn what only the origin can decrypt into secrets of the owners."""
    for path in _MADE_BY_Z2JH:
        draft.remove(path, why="z2jh makes a new one by itself; everybody logs in once more")
        draft.prune(path[:-1])
    _pepper(draft)
    if is_placeholder(draft.get((*_PULL, "create"))):
        draft.set((*_PULL, "create"), True, why="registry and password are set, so it was on")
    for path in list(placeholders(draft)):
        if not _is_for_login(path) and draft.has(path):
            _settle(draft, path)
    for holder in ("hub", "singleuser"):
        _ask_for_contents(draft, ("jupyterhub", holder, "extraFiles"))


def _is_for_login(path: Path) -> bool:
    """Whether a path belongs to an authenticator, which has rules of its own."""
    return path[:3] == ("jupyterhub", "hub", "config") and str(path[3]).endswith("Authenticator")


def _pepper(draft: Draft) -> None:
    is_used = bool(draft.get("jupyterhub.custom.auth.anonymizeUsername"))
    if not is_used and not draft.has(_PEPPER):
        return
    if not is_used:
        draft.remove(_PEPPER, why="user names are not derived from it")
        return
    purpose = (
        "64 hexadecimal digits that user names are derived from; the same as before keeps all names and homes"
    )
    draft.need(Secret(format_path(_PEPPER), purpose))
    text = (
        "User names are made from people's identities and a secret, the pepper. With another pepper **everybody "
        "gets a new name and an empty home**. Ask whoever ran the hub for `USERNAME_DERIVATION_PEPPER` and put "
        "it into `secrets.yaml`. Only where they cannot give it, make a new one, and move every home by hand."
    )
    commands = ("openssl rand -hex 32  # only where the old pepper is lost",)
    title = "Get the pepper that user names are made with"
    draft.ask(Action("keep-pepper", title, text, commands, stage="secrets", blocking=True))


def _settle(draft: Draft, path: Path) -> None:
    where = format_path(path)
    if any(isinstance(step, int) for step in path):
        # A list is replaced whole, so secrets.yaml cannot fill in one item.
        text = f"`{where}` is encrypted in the source, inside a list. Write that list anew in `local.values.yaml`."
        title = "Fill in what was encrypted in lists"
        covers = (Cover("references", f"*/{escape(str(draft.get(path)))}"),)
        blocking = not _POD_LISTS.isdisjoint(path)
        draft.ask(Action("fill-in-lists", title, text, stage="secrets", blocking=blocking, covers=covers))
    elif "extraConfig" in path or path[-1] == "mountPath":
        holder = path if "extraConfig" in path else path[:-1]
        draft.remove(holder, why="it is code or a file that only the origin can decrypt")
        draft.prune(holder[:-1])
        text = (
            f"`{format_path(holder)}` was encrypted, so that nobody can know what it did. It is left out. Ask "
            "whoever ran the hub for it; where it limits single people's storage, they can tell you the numbers."
        )
        draft.ask(
            Action("ask-for-encrypted-code", "Ask for configuration that was encrypted", text, stage="secrets")
        )
    else:
        draft.need(Secret(where, _purpose(path), blocking=_is_blocking(path)))


def _ask_for_contents(draft: Draft, files: Path) -> None:
    """A file without contents had them in a file that hides even the hubs' names; the chart renders none such."""
    for name, file in draft.get_map(files).items():
        if isinstance(file, dict) and file.get("mountPath") and not any(file.get(key) for key in _CONTENTS):
            path = (*files, name, "stringData")
            if not any(secret.path == format_path(path) for secret in draft.secrets):
                draft.need(Secret(format_path(path), _purpose(path), blocking=False))


_PURPOSES: tuple[tuple[Callable[[Path], bool], str], ...] = (
    (
        lambda path: path[: len(_PULL)] == _PULL,
        "Access to the registry of private images, a robot account for one",
    ),
    (
        lambda path: path[: len(_ENV)] == _ENV,
        "A variable in every user's server; ask whoever uses it where it comes from",
    ),
    (lambda path: "extraFiles" in path, "A file in every user's server or in the hub; ask whoever uses it"),
    (lambda path: path[-1] == "client_id", "The id of an application that you register; not a secret by itself"),
    (lambda path: path[-1] == "client_secret", "The secret of an application that you register"),
    (lambda path: "db" in path, "Access to the hub's database"),
)


def _purpose(path: Path) -> str:
    said = next((text for matches, text in _PURPOSES if matches(path)), "A value that was encrypted at the origin")
    named = path[path.index("extraFiles") + 1] if "extraFiles" in path[:-1] else path[-1]
    return f"{said} (`{named}`)."


def _is_blocking(path: Path) -> bool:
    return "extraFiles" not in path and path[: len(_ENV)] != _ENV


RULE = Rule(
    id="K01",
    title="Have new secrets where the origin's were encrypted or pinned",
    why="Otherwise the replica runs with secrets that the organisation that ran it knows, or with none at all.",
    source="https://z2jh.jupyter.org/en/stable/resources/reference.html#proxy-secrettoken",
    safety="sure",
    change=change,
    cases=(
        Case(
            "what z2jh makes by itself",
            given="""
                jupyterhub:
                  proxy: {secretToken: 0123, service: {type: ClusterIP}}
                  hub:
                    cookieSecret: "4567"
                    config: {CryptKeeper: {keys: [abc]}, KubeSpawner: {http_timeout: 120}}
            """,
            expect="""
                jupyterhub:
                  proxy: {service: {type: ClusterIP}}
                  hub:
                    config: {KubeSpawner: {http_timeout: 120}}
            """,
        ),
        Case(
            "what only the origin can decrypt",
            given="""
                jupyterhub:
                  imagePullSecret: {create: "<secret: a>", registry: "<secret: b>", password: "<secret: c>"}
                  singleuser:
                    extraEnv: {API_KEY: "<secret: d>", OWN: x}
                    extraFiles: {licence: {mountPath: "<secret: e>", stringData: "<secret: f>"}}
                  hub: {config: {GitHubOAuthenticator: {client_secret: "<secret: g>"}}}
                jupyterhub-home-nfs: {quotaEnforcer: {extraConfig: {overrides: "<secret: h>"}}}
            """,
            expect="""
                jupyterhub:
                  imagePullSecret: {create: true}
                  singleuser: {extraEnv: {OWN: x}}
                  hub: {config: {GitHubOAuthenticator: {client_secret: "<secret: g>"}}}
            """,
            secrets=(
                "jupyterhub.imagePullSecret.password",
                "jupyterhub.imagePullSecret.registry",
                "jupyterhub.singleuser.extraEnv.API_KEY",
            ),
            actions=("ask-for-encrypted-code",),
        ),
        Case(
            "a file whose contents are in no file that can be read",
            given="""
                jupyterhub:
                  singleuser:
                    extraFiles:
                      app-key.pem: {mountPath: /etc/app-key.pem}
                      own: {mountPath: /etc/own, stringData: x}
            """,
            expect="""
                jupyterhub:
                  singleuser:
                    extraFiles:
                      app-key.pem: {mountPath: /etc/app-key.pem}
                      own: {mountPath: /etc/own, stringData: x}
            """,
            secrets=('jupyterhub.singleuser.extraFiles."app-key.pem".stringData',),
        ),
        Case(
            "inside a list",
            given="""
                jupyterhub:
                  hub: {extraContainers: [{name: "<secret: a[0].name>", volumeMounts: [{name: "<secret: b>"}]}]}
            """,
            actions=("fill-in-lists",),
        ),
        Case(
            "user names from a pepper",
            given="""
                jupyterhub:
                  custom: {auth: {anonymizeUsername: true}}
                  hub: {extraEnv: {USERNAME_DERIVATION_PEPPER: "<secret: p>", OWN: x}}
            """,
            expect="""
                jupyterhub:
                  custom: {auth: {anonymizeUsername: true}}
                  hub: {extraEnv: {OWN: x}}
            """,
            secrets=("jupyterhub.hub.extraEnv.USERNAME_DERIVATION_PEPPER",),
            actions=("keep-pepper",),
        ),
        Case(
            "nothing secret",
            given="""
                jupyterhub:
                  hub: {services: {dask-gateway: {display: false}}, extraEnv: {OWN: x}}
                  singleuser: {extraEnv: {OWN: x}}
            """,
        ),
    ),
)
