"""Privileged containers that close the ports of NFS to user pods."""

from __future__ import annotations

import ast
from functools import lru_cache

from takeout.adapt.cite import infrastructure
from takeout.adapt.context import Storage
from takeout.adapt.pods import empty_out, paths_to
from takeout.adapt.rule import Action, Case, Draft, Rule
from takeout.adapt.snippets import parse, snippets, without_comments, without_statements

_WORD = "iptables"
_NFS_PORT = "2049"


def change(draft: Draft) -> None:
    """Take out the containers, where they are listed and where a snippet makes them, unless homes are on NFS."""
    listed = [
        (*path, index)
        for path in paths_to(draft, "initContainers", "init_containers")
        for index, container in enumerate(draft.get_list(path))
        if _WORD in str(container) and _NFS_PORT in str(container)
    ]
    made = [(path, text) for path, text in snippets(draft) if _WORD in text and _NFS_PORT in text]
    if draft.context.options.storage.kind in ("nfs", "home-nfs"):
        if listed or made:
            _ask_about_kept(draft)
        return
    for place in reversed(listed):
        empty_out(draft, place)
    for path, text in made:
        clean = _without_blocking(text)
        if clean is None:
            _ask_about_snippet(draft, str(path[-1]))
        else:
            draft.set(path, clean)


def _ask_about_kept(draft: Draft) -> None:
    draft.ask(
        Action(
            "nfs-ports",
            "Decide how people are kept from the file server",
            "Homes are on NFS, which believes every client: a program in somebody's server could read all homes. "
            "The hub prevents that with a privileged container in each server that closes NFS's ports, and it "
            "stays. Where your cluster enforces network policies on people's servers (GKE, AKS and k3s as set up "
            "here do; the VPC CNI of EKS does not) it may go, and must go where Pod Security `baseline` is "
            "enforced.",
        )
    )


def _ask_about_snippet(draft: Draft, name: str) -> None:
    draft.ask(
        Action(
            "nfs-ports",
            "Look at a snippet that closes ports with iptables",
            f"`hub.extraConfig.{name}` adds a privileged container that runs `iptables` to people's servers. "
            "Takeout did not recognise its form and left it. Clusters that enforce Pod Security `baseline` "
            "refuse it.",
        )
    )


@lru_cache(maxsize=64)  # hubs of one source share their chart's snippets
def _without_blocking(text: str) -> str | None:
    """Return a snippet without what makes the container, or None where that cannot be told apart."""
    tree = parse(text)
    if tree is None:
        return None
    loads = _loads(tree)
    bodies = [body for body in _function_bodies(tree) if _WORD in ast.dump(ast.Module(body, []))]
    gone = {_place(s) for body in bodies for s in _about_iptables(body, loads)}
    clean = without_statements(text, lambda statement: _place(statement) in gone)
    if clean is None:
        return None
    clean = without_comments(clean, _WORD)
    return None if _WORD in clean else clean


def _function_bodies(tree: ast.Module) -> list[list[ast.stmt]]:
    return [node.body for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def _about_iptables(block: list[ast.stmt], loads: dict[str, list[ast.Name]]) -> list[ast.stmt]:
    """Return the statements that name iptables, and those whose only use is in such statements."""
    gone = [statement for statement in block if _WORD in ast.dump(statement)]
    grew = bool(gone)
    while grew:
        grew = False
        inside = {id(node) for statement in gone for node in ast.walk(statement)}
        for statement in block:
            uses = [use for name in _assigned(statement) for use in loads.get(name, ())]
            if statement not in gone and uses and all(id(use) in inside for use in uses):
                gone.append(statement)
                grew = True
    return gone


def _loads(tree: ast.Module) -> dict[str, list[ast.Name]]:
    """Return where each name is read."""
    loads: dict[str, list[ast.Name]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            loads.setdefault(node.id, []).append(node)
    return loads


def _assigned(statement: ast.stmt) -> set[str]:
    if not isinstance(statement, ast.Assign):
        return set()
    return {target.id for target in statement.targets if isinstance(target, ast.Name)}


def _place(statement: ast.stmt) -> tuple[int, int]:
    return statement.lineno, statement.col_offset


RULE = Rule(
    id="N04",
    title="Take out the privileged containers that close the ports of NFS",
    why=(
        "Every user pod, and the pods that build images, begin with a privileged container that runs iptables, so "
        "that nobody talks to the origin's NFS server. Clusters that enforce the Pod Security level `baseline` "
        "refuse such pods. z2jh's network policy already keeps user pods off private addresses, where the cluster "
        "enforces policies."
    ),
    source=infrastructure("helm-charts/basehub/values.yaml", lines="L1391-L1423"),
    safety="likely",
    change=change,
    cases=(
        Case(
            "in a hook of the spawner, and in a list",
            """
jupyterhub:
  hub:
    extraConfig:
      02-spawner: |
        def modify_pod_hook(spawner, pod):
            if spawner.user.admin:
                mount(pod)

            # Setup iptables blocking for everyone
            block_ports = [2049, 111]
            commands = []
            for port in block_ports:
                commands.append(["iptables", "--destination-port", str(port)])
            shell_command = " && ".join(commands)
            iptables_container = {"command": shell_command}
            pod.spec.init_containers.append(iptables_container)
            return pod
        c.KubeSpawner.modify_pod_hook = modify_pod_hook
binderhub-service:
  dockerApi:
    initContainers: [{name: block-nfs-access, command: [iptables --destination-port 2049]}]
""",
            """
jupyterhub:
  hub:
    extraConfig:
      02-spawner: |
        def modify_pod_hook(spawner, pod):
            if spawner.user.admin:
                mount(pod)

            return pod
        c.KubeSpawner.modify_pod_hook = modify_pod_hook
binderhub-service: {dockerApi: {}}
""",
        ),
        Case(
            "a form that is not known",
            """
jupyterhub:
  hub:
    extraConfig:
      mine: |
        c.KubeSpawner.init_containers = [{"command": ["iptables", "2049"]}]
""",
            actions=("nfs-ports",),
        ),
        Case(
            "homes on NFS go on being protected",
            "jupyterhub: {singleuser: {initContainers: [{command: [iptables --destination-port 2049]}]}}",
            options={"storage": Storage("home-nfs")},
            actions=("nfs-ports",),
        ),
        Case(
            "other init containers stay",
            "jupyterhub: {singleuser: {initContainers: [{name: pull, command: [git]}]}}",
        ),
    ),
)
