"""Labels that pods select their nodes by: machines, pools, zones, the origin's own."""

from __future__ import annotations

from takeout.adapt.cite import infrastructure
from takeout.adapt.machines import (
    GPU,
    GPU_LABEL,
    TYPE_LABELS,
    Pool,
    fit_guarantees,
    gpus_asked,
    pool_commands,
    replacement,
)
from takeout.adapt.pods import empty_out, paths_to
from takeout.adapt.rule import Action, Case, Cover, Draft, Rule
from takeout.values.path import Path, format_path

_EXPLAINED = ("hub.jupyter.org/", "k8s.dask.org/", GPU_LABEL)
_BUILDER: Path = ("binderhub-service", "config", "KubernetesBuildExecutor")
_PURPOSE = "hub.jupyter.org/node-purpose"
_OLD_POOLS = {"core-pool": "core", "user-pool": "user"}


def change(draft: Draft) -> None:
    """Select the target's machines in the place of the origin's, and take out labels that no node has."""
    pools: dict[Pool, None] = {}
    lost: list[str] = []
    for key in draft.get_map(_BUILDER):
        if "/" in key:
            draft.remove((*_BUILDER, key), why="it is a node's label, in a place where only settings are read")
    for path in paths_to(draft, "nodeSelector", "node_selector"):
        for label, value in draft.get_map(path).items():
            if isinstance(value, str):
                _select(draft, (*path, label), value, pools, lost)
    if draft.context.target.user_type and not any(not pool.gpus for pool in pools):
        pools = {Pool(draft.context.target.user_type): None, **pools}
    _ask_for_pools(draft, list(pools))
    _ask_for_gpus(draft, [pool for pool in pools if pool.gpus])
    if lost:
        draft.ask(
            Action(
                "node-labels",
                "Decide which nodes pods run on",
                "These selectors named nodes by labels of the origin's clusters and were taken out: "
                f"{'; '.join(dict.fromkeys(lost))}. If your nodes differ (zones, disks, owners), label them and "
                "select them in `local.values.yaml`.",
            )
        )


def _select(draft: Draft, path: Path, value: str, pools: dict[Pool, None], lost: list[str]) -> None:
    target, label = draft.context.target, str(path[-1])
    if label in TYPE_LABELS:
        gpus = gpus_asked(draft, path[:-1])
        pool = replacement(value, gpus, str(draft.get((*path[:-1], GPU_LABEL), "")), target)
        if pool is None:
            why = f"no node need be a {value}; the memory and cores that are asked for decide"
            empty_out(draft, path, why=why)
            if target.instance_types:
                lost.append(f"`{label}={value}` at `{format_path(path[:-1])}`")
            return
        if pool.machine != value:
            draft.set(path, pool.machine, why=f"{pool.machine} is nearest to {value}")
            fit_guarantees(draft, path[:-2], target.known_types[pool.machine])
        pools.setdefault(pool)
    elif target.offers(label, value):
        return
    elif label == "hub.jupyter.org/pool-name" and target.offers(_PURPOSE, _OLD_POOLS.get(value, "")):
        draft.set((*path[:-1], _PURPOSE), _OLD_POOLS[value], why="the pools are labelled in the newer way")
        draft.remove(path, why="the pools are labelled in the newer way")
    else:
        empty_out(draft, path, why=f"no node need have the label {label}={value}")
        if value != draft.context.hub.name and not label.startswith(_EXPLAINED):
            lost.append(f"`{label}={value}` at `{format_path(path[:-1])}`")


def _ask_for_pools(draft: Draft, pools: list[Pool]) -> None:
    plain = [pool for pool in pools if not pool.gpus]
    if plain and draft.context.target.instance_types:
        names = ", ".join(f"`{pool.machine}`" for pool in plain)
        draft.ask(
            Action(
                "node-pools",
                "Create the node pools that profiles select",
                f"People's servers run on {names}: one pool for each, empty until somebody needs it.",
                tuple(command for pool in plain for command in pool_commands(pool, draft)),
                "Start a server with each profile; `kubectl get nodes --label-columns "
                "node.kubernetes.io/instance-type` shows the machine.",
                stage="cluster",
                blocking=True,
            )
        )


def _ask_for_gpus(draft: Draft, pools: list[Pool]) -> None:
    demands = [path for path in paths_to(draft, GPU) if str(draft.get(path)).isdigit()]
    counts = [int(str(draft.get(path))) for path in demands]
    if not any(counts):
        return
    if not pools:
        pools = [Pool("", max(counts))]
    draft.ask(
        Action(
            "gpu-nodes",
            "Have nodes with GPUs, or take those profiles out",
            f"Choices of the profile list ask for a GPU (`{GPU}`): {sum(map(bool, counts))}. A cluster has none "
            "until you make them; quota for them takes days to get. Until then servers with these choices stay "
            "pending: take the choices out in `local.values.yaml` (`singleuser.profileList` is replaced whole) "
            "if you do not want them.",
            tuple(dict.fromkeys(command for pool in pools for command in pool_commands(pool, draft))),
            r"kubectl get nodes -o custom-columns='NAME:.metadata.name,GPU:.status.allocatable.nvidia\.com/gpu'",
            stage="cluster",
            covers=(Cover("nodes", f"device:{GPU}*"),),
        )
    )


RULE = Rule(
    id="N02",
    title="Select nodes that the target has",
    why=(
        "Pods select machines by the names of one cloud, and labels that only the origin's clusters have; "
        "elsewhere they would stay pending for ever. A profile keeps the cores and memory that it promises, as "
        "far as the other machine leaves them to a person."
    ),
    source=infrastructure("helm-charts/basehub/values.jsonnet", lines="L243-L285"),
    safety="likely",
    change=change,
    cases=(
        Case(
            "from one cloud to another",
            """
jupyterhub:
  singleuser:
    nodeSelector: {2i2c/hub-name: prod, node.kubernetes.io/instance-type: r5.xlarge}
    profileList:
      - kubespawner_override:
          extra_resource_limits: {nvidia.com/gpu: '1'}
          node_selector: {node.kubernetes.io/instance-type: g4dn.xlarge}
      - kubespawner_override:
          mem_guarantee: 29.6G
          mem_limit: 29.6G
          cpu_guarantee: 3.75
          node_selector: {node.kubernetes.io/instance-type: r5.xlarge}
""",
            """
jupyterhub:
  singleuser:
    nodeSelector: {node.kubernetes.io/instance-type: n2-highmem-4}
    profileList:
      - kubespawner_override:
          extra_resource_limits: {nvidia.com/gpu: '1'}
          node_selector: {node.kubernetes.io/instance-type: g2-standard-4}
      - kubespawner_override:
          mem_guarantee: 27.0G
          mem_limit: 29.6G
          cpu_guarantee: 3.52
          node_selector: {node.kubernetes.io/instance-type: n2-highmem-4}
""",
            target="gke",
            actions=("node-pools", "gpu-nodes"),
        ),
        Case(
            "where machines have no names only the demand is left",
            """
jupyterhub:
  singleuser:
    nodeSelector: {node.kubernetes.io/instance-type: r5.xlarge}
    profileList: [{kubespawner_override: {mem_guarantee: 7G, node_selector: {disk: fast}}}]
binderhub-service: {dockerApi: {nodeSelector: {hub.jupyter.org/node-purpose: user}}}
""",
            """
jupyterhub: {singleuser: {profileList: [{kubespawner_override: {mem_guarantee: 7G}}]}}
binderhub-service: {dockerApi: {}}
""",
            actions=("node-labels",),
        ),
        Case(
            "the labels of old pools",
            "jupyterhub: {hub: {nodeSelector: {hub.jupyter.org/pool-name: core-pool}}}",
            "jupyterhub: {hub: {nodeSelector: {hub.jupyter.org/node-purpose: core}}}",
            target="aks",
            actions=("node-pools",),
        ),
        Case(
            "a label among the settings of what builds images",
            "binderhub-service: {config: {KubernetesBuildExecutor: {2i2c/hub-name: prod, memory_limit: 2G}}}",
            "binderhub-service: {config: {KubernetesBuildExecutor: {memory_limit: 2G}}}",
        ),
        Case("no selector, nothing to do", "jupyterhub: {singleuser: {memory: {guarantee: 1G}}}"),
    ),
)
