"""Where homes are in a hub's values: the claim, the mounts of a person's own home, the mounts that all share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from takeout.adapt.pods import paths_to
from takeout.adapt.rule import Action, Draft
from takeout.values.node import Data, Mapping, Scalar
from takeout.values.path import Path

STORAGE: Path = ("jupyterhub", "singleuser", "storage")
ADMIN: Path = ("jupyterhub", "custom", "singleuserAdmin")
VOLUME = "home"
"""The name that z2jh gives to the volume of homes that are on one claim."""

CLAIM = "home-nfs"
# A directory for each person, as templates of KubeSpawner write it, and what follows below it.
_OWN = re.compile(r"(?:.*/)?[^/]*\{(?:escaped_|unescaped_)?(?:username|user_server)\}[^/]*(?:/(?P<below>.*))?")


@dataclass(frozen=True, slots=True)
class Mount:
    """A mount of the volume that homes are on.

    Attributes:
        path: Where in the values.
        mount_path: Where in the pod.
        sub_path: What of the volume; empty for all of it.
    """

    path: Path
    mount_path: str
    sub_path: str

    @property
    def is_own(self) -> bool:
        """Whether it mounts the home of the person whose server it is."""
        return _OWN.fullmatch(self.sub_path) is not None

    @property
    def below(self) -> str:
        """What it mounts of that home; empty for all of it."""
        own = _OWN.fullmatch(self.sub_path)
        return (own["below"] or "") if own else ""


def kind(draft: Draft) -> str:
    """Return the hub's type of storage: ``dynamic``, ``static`` or ``none``."""
    return str(draft.get((*STORAGE, "type"), "dynamic"))


def claim(draft: Draft) -> str:
    """Return the claim that all homes are on."""
    name = draft.get((*STORAGE, "static", "pvcName"))
    return name if isinstance(name, str) and name else CLAIM


def home_mounts(draft: Draft) -> Iterator[Mount]:
    """Yield every mount of the volume that homes are on, whoever's pod it is in."""
    for where in paths_to(draft, "mountPath", "mount_path"):
        node = draft.node(where[:-1])
        if where[0] == "jupyterhub" and isinstance(node, Mapping) and _text(node, "name") == VOLUME:
            sub_path = _text(node, "subPath") or _text(node, "sub_path")
            yield Mount(where[:-1], _text(node, str(where[-1])), sub_path)


def claim_volumes(draft: Draft, name: str) -> list[tuple[Path, str]]:
    """Return the volumes that values make of the claim ``name``: the place of each, and what it is called."""
    found = []
    for path in paths_to(draft, "claimName", "claim_name"):
        if draft.get(path) == name:
            volume = path[:-2]
            found.append((volume, str(draft.get((*volume, "name"), ""))))
    return found


def ask_about_shared_folders(draft: Draft, folders: list[str]) -> None:
    """Say which shared folders are gone, each in Markdown, and how to have them again."""
    named = ", ".join(dict.fromkeys(folders))
    draft.ask(
        Action(
            "shared-folders",
            "Decide about shared folders",
            f"With a volume for each person there is nothing that all of them see: {named} went. What was in them "
            "is the community's: copy it. To have them again, run Takeout with storage that can be shared: "
            "`--storage home-nfs`, `nfs:HOST:/PATH`, `pvc:NAME` (ReadWriteMany), or `hostpath:DIR` on one "
            "machine.",
            stage="storage",
        )
    )


def ask_for_copies(draft: Draft) -> None:
    """Say how homes come along, under the names that the replica gives to their directories."""
    storage, hub = draft.context.options.storage, draft.context.hub.name
    old = str(draft.get((*STORAGE, "static", "subPath"), "{username}"))
    server = f"kubectl --namespace {hub} exec --stdin jupyter-PERSON --container notebook"
    if storage.kind == "dynamic":
        text = (
            "Each person has a volume of their own, made when their server first starts. Start a server for each "
            "(an administrator can, from the admin page) and unpack their home into it: what the server writes is "
            "theirs."
        )
        commands: tuple[str, ...] = (
            "rsync --archive --hard-links --numeric-ids ORIGIN:/export/HUB/ homes/",
            f"tar --create --directory homes/PERSON . | {server} -- tar --extract --no-same-owner --directory .",
        )
    else:
        text = (
            f"Directories keep their names: the replica looks for a home at `{old}`, as the origin did. "
            "Everything must belong to 1000:1000."
        )
        commands = (
            "rsync --archive --hard-links --numeric-ids ORIGIN:/export/HUB/ HOMES/",
            "sudo chown --recursive 1000:1000 HOMES/",
        )
    if storage.kind == "home-nfs":
        name = draft.get("jupyterhub-home-nfs.fullnameOverride") or "storage-quota"
        files = f"kubectl --namespace {hub} exec --stdin deployment/{name}-home-nfs --container nfs-server"
        unpack = f"{files} -- tar --extract --directory /export/{hub}"
        commands = (*commands, f"sudo tar --create --directory HOMES . | {unpack}")
    draft.ask(
        Action(
            "copy-homes",
            "Copy homes, and keep the names of their directories",
            f"Ask the origin to read its homes, or for an archive of each. {text} Where people's names on the hub "
            "change (another login), rename their directories first. Anybody can take their own home along with "
            "`takeout home pull`.",
            commands,
            "Log in as somebody whose home was copied: their files are there, and they can save.",
            stage="data",
        )
    )


def drop_claim_volumes(draft: Draft, name: str) -> None:
    """Take out volumes that are made of the claim ``name``, and what mounts them."""
    why = f"there is no claim {name} that all mount"
    gone = []
    for _, volume in claim_volumes(draft, name):
        for where in reversed(paths_to(draft, "mountPath", "mount_path")):
            if draft.get((*where[:-1], "name")) == volume:
                gone.append(str(draft.get(where)))
                draft.remove(where[:-1], why=why)
    for path, _ in reversed(claim_volumes(draft, name)):
        draft.remove(path, why=why)
    if gone:
        ask_about_shared_folders(draft, [f"`{folder}`" for folder in gone[::-1]])


def uses_homes(draft: Draft) -> bool:
    """Whether any pod mounts what homes are on."""
    return kind(draft) == "static" or bool(claim_volumes(draft, claim(draft)))


def namespace_directory(draft: Draft) -> str:
    """Return the directory on a file server that holds the hub's homes: its name, unless the hub says another."""
    other = draft.get("nfs.pv.shareNameOverride")
    return other if isinstance(other, str) and other else draft.context.hub.name


def volume_and_claim(draft: Draft, source: dict[str, Data], *, name: str, options: list[str]) -> None:
    """Add a volume for all homes of this hub, and the claim on it."""
    volume = f"{draft.context.hub.name}-{name}"
    spec: dict[str, Data] = {
        "capacity": {"storage": "1Mi"},
        "accessModes": ["ReadWriteMany"],
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": "",
        **source,
    }
    if options:
        spec["mountOptions"] = list(options)
    draft.add({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": volume}, "spec": spec})
    draft.add(
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": name},
            "spec": {
                "accessModes": ["ReadWriteMany"],
                "storageClassName": "",
                "volumeName": volume,
                # A volume of files has no size of its own, and a claim must name one.
                "resources": {"requests": {"storage": "1Mi"}},
            },
        }
    )


def own_homes(draft: Draft) -> None:
    """Have a server's home belong to its user, on storage where a new directory belongs to root.

    A profile's list of init containers takes the place of the hub's, so each such list gets its own.
    """
    uid = draft.get("jupyterhub.singleuser.uid", 1000)
    home = str(draft.get((*STORAGE, "homeMountPath"), "/home/jovyan"))
    sub_path = str(draft.get((*STORAGE, "static", "subPath"), "{username}"))
    container: Data = {
        "name": "own-home",
        "image": "busybox:1.36.1",
        "command": ["sh", "-c", f'[ "$(stat -c %u {home})" = {uid} ] || chown {uid}:{uid} {home}'],
        "securityContext": {"runAsUser": 0},
        "volumeMounts": [{"name": VOLUME, "mountPath": home, "subPath": sub_path}],
    }
    why = "storage makes a new person's directory as root, and nobody could write there"
    base: Path = ("jupyterhub", "singleuser", "initContainers")
    lists = paths_to(draft, "init_containers")
    for path in (base, *lists):
        if "chown" not in str(draft.get(path)) and (path != base or not draft.has(path) or _is_list(draft, path)):
            draft.append(path, container, why=why)


def _is_list(draft: Draft, path: Path) -> bool:
    return draft.get(path) is None or isinstance(draft.get(path), list)


def _text(node: Mapping, key: str) -> str:
    child = node.entries.get(key)
    return child.value if isinstance(child, Scalar) and isinstance(child.value, str) else ""
