"""Folders that several people see."""

from __future__ import annotations

from takeout.adapt.context import Storage
from takeout.adapt.homes import ADMIN, STORAGE, VOLUME, Mount, ask_about_shared_folders, home_mounts, kind
from takeout.adapt.rule import Action, Case, Draft, Rule
from takeout.adapt.snippets import is_only_about, snippets


def change(draft: Draft) -> None:
    """Take shared folders out where each person has a volume; have their directories made where all share one."""
    if kind(draft) == "static":
        _ask_for_directories(draft, [m for m in home_mounts(draft) if m.sub_path and not m.is_own])
        return
    if kind(draft) != "dynamic" or draft.get((*STORAGE, "dynamic", "volumeNameTemplate")) != VOLUME:
        return
    why = "each person has a volume, and nobody else sees it"
    shared = [m for m in home_mounts(draft) if not m.is_own and (m.sub_path or m.path[: len(ADMIN)] == ADMIN)]
    folders = [f"`{mount.mount_path}`" for mount in shared]
    for mount in reversed(shared):
        draft.remove(mount.path, why=why)
    for path, text in list(snippets(draft)):
        if "group_overrides" in text and "volume_mounts" in text and f'"{VOLUME}"' in text:
            folders.append(f"the folders of `hub.extraConfig.{path[-1]}`")
            if is_only_about(text, ("group_overrides", "volume_mounts")):
                draft.remove(path, why=why)
    if folders:
        ask_about_shared_folders(draft, folders)


def _ask_for_directories(draft: Draft, mounts: list[Mount]) -> None:
    """Have the directories made: those that the cluster makes for a mount belong to root."""
    directories = list(dict.fromkeys(mount.sub_path for mount in mounts))
    if not directories or draft.context.options.storage.kind == "home-nfs":
        return
    draft.ask(
        Action(
            "shared-directories",
            "Make the directories of shared folders",
            "Shared folders are directories beside the homes. Make them before the first server starts, owned by "
            "1000:1000, or nobody can write there.",
            tuple(f"sudo install --directory --owner 1000 --group 1000 '{name}'" for name in directories),
            "An administrator can make a file in the shared folder, and another person sees it.",
            stage="storage",
        )
    )


_ADMINS = """
jupyterhub:
  custom: {singleuserAdmin: {extraVolumeMounts: {rw: {name: home, mountPath: /home/jovyan/rw, subPath: _shared}}}}
  singleuser:
    storage:
      type: %s
      dynamic: {volumeNameTemplate: home}
      extraVolumeMounts:
        ro: {name: home, mountPath: /home/jovyan/shared, subPath: _shared, readOnly: true}
        rstudio: {name: home, mountPath: /home/rstudio}
"""

RULE = Rule(
    id="S02",
    title="Keep shared folders where homes share a volume, and take them out where they do not",
    why=(
        "A shared folder is a directory beside the homes, on the volume of all of them. On a volume for each "
        "person the same mount would show everybody an empty folder of their own that looks shared."
    ),
    source="https://infrastructure.2i2c.org/topic/infrastructure/storage-layer/",
    safety="ask",
    change=change,
    cases=(
        Case(
            "a volume for each person",
            _ADMINS % "dynamic",
            """
jupyterhub:
  custom: {singleuserAdmin: {extraVolumeMounts: {}}}
  singleuser:
    storage:
      type: dynamic
      dynamic: {volumeNameTemplate: home}
      extraVolumeMounts: {rstudio: {name: home, mountPath: /home/rstudio}}
""",
            actions=("shared-folders",),
        ),
        Case(
            "one volume for all",
            _ADMINS % "static",
            options={"storage": Storage("pvc", name="mine")},
            actions=("shared-directories",),
        ),
        Case(
            "folders of groups",
            """
jupyterhub:
  singleuser: {storage: {type: dynamic, dynamic: {volumeNameTemplate: home}}}
  hub:
    extraConfig:
      groups: |
        c.KubeSpawner.group_overrides = {"a": {"volume_mounts": {"x": {"name": "home"}}}}
""",
            """
jupyterhub:
  singleuser: {storage: {type: dynamic, dynamic: {volumeNameTemplate: home}}}
  hub: {extraConfig: {}}
""",
            actions=("shared-folders",),
        ),
        Case(
            "a volume called home that is somebody's own",
            _ADMINS.replace("dynamic: {volumeNameTemplate: home}", "") % "none",
        ),
    ),
)
