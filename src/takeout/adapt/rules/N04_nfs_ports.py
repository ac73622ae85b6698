"""Privileged containers that close the ports of NFS to user pods."""

from __future__ import annotations

import ast

from takeout.adapt.pods import empty_out, paths_to
from takeout.adapt.rule import Action, Case, Draft, Rule
from takeout.adapt.snippets import parse, snippets, without_comments, without_statements

_WORD = "iptables"
_NFS_PORT = "2049"


def change(draft: Draft) -> None:
    """Take out the containers, where they are listed and where a snippet makes them."""
    for path in paths_to(draft, "initContainers", "init_containers"):
        containers = draft.get_list(path)
        for index in range(len(containers) - 1, -1, -1):
            if _WORD in str(containers[index]) and _NFS_PORT in str(containers[index]):
                empty_out(draft, (*path, index))
    for path, text in list(snippets(draft)):
        if _WORD not in text or _NFS_PORT not in text:
            continue
        clean = _without_blocking(text)
        if clean is not None:
            draft.set(path, clean)
            continue
        draft.ask(
            Action(
                "nfs-ports",
                "Look at a snippet that closes ports with iptables",
                f"`hub.extraConfig.{path[-1]}` adds a privileged container that runs `iptables` to user pods. "
                "Takeout did not recognise its form and left it. Clusters that enforce the Pod Security level "
                "`baseline` refuse it.",
            )
        )


def _without_blocking(text: str) -> str | None:
    """Return a snippet without what makes the container, or None where that cannot be told apart."""
    tree = parse(text)
    if tree is None:
        return None
    gone = {_place(s) for block in _function_bodies(tree) for s in _about_iptables(block, tree)}
    clean = without_statements(text, lambda statement: _place(statement) in gone)
    if clean is None:
        return None
    clean = without_comments(clean, _WORD)
    return None if _WORD in clean else clean


def _function_bodies(tree: ast.Module) -> list[list[ast.stmt]]:
    return [node.body for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def _about_iptables(block: list[ast.stmt], tree: ast.Module) -> list[ast.stmt]:
    """Return the statements that name iptables, and those whose only use is in such statements."""
    gone = [statement for statement in block if _WORD in ast.dump(statement)]
    grew = bool(gone)
    while grew:
        grew = False
        inside = [node for statement in gone for node in ast.walk(statement)]
        for statement in block:
            names = _assigned(statement)
            if statement in gone or not names:
                continue
            uses = [
                n
                for n in ast.walk(tree)
                if isinstance(n, ast.Name) and n.id in names and isinstance(n.ctx, ast.Load)
            ]
            if uses and all(use in inside for use in uses):
                gone.append(statement)
                grew = True
    return gone


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
    source="helm-charts/basehub/values.yaml",
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
            "other init containers stay",
            "jupyterhub: {singleuser: {initContainers: [{name: pull, command: [git]}]}}",
        ),
    ),
)
