"""A home that the person may not write to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from takeout.cluster.doctor.condition import Case, Condition, Evidence, Finding, from_waiting
from takeout.cluster.doctor.homes import Home, home_of, said
from takeout.cluster.doctor.pods import Pod
from takeout.cluster.doctor.snapshot import Snapshot
from takeout.cluster.doctor.words import kubectl, stopped_by, whose

_DENIED = re.compile(
    r"(?:\[Errno 13\] )?Permission denied:? '?(?P<path>/[^\s'\"]+)|"
    r"(?P<where>/[^\s'\":]+)['\"]?: Permission denied|"
    r"Read-only file system: '?(?P<read>/[^\s'\"]+)|"
    r"cannot create directory .(?P<made>/[^\s'\u2019]+).: Permission denied"
)
_CHDIR = re.compile(r'chdir to cwd \(\\?"(?P<path>[^"\\]+)\\?"\).*permission denied', re.IGNORECASE)
_USER, _GROUP = 1000, 100
"""Jupyter's images run as jovyan of the group users."""


def look(snapshot: Snapshot) -> Iterator[Finding]:
    """Find servers that end because the home belongs to somebody else."""
    found: dict[str, tuple[Pod, str, Evidence]] = {}
    for pod, evidence in said(snapshot, _DENIED):
        if match := _DENIED.search(evidence.text):
            found[pod.name] = (pod, next(filter(None, match.groups()), ""), evidence)
    for pod in snapshot.pods_of("singleuser-server"):
        for container in pod.spec.containers:
            ended = container.ended or container.last
            for message in (container.message, ended.message if ended else ""):
                if match := _CHDIR.search(message):
                    evidence = (
                        from_waiting(pod, container)
                        if message == container.message
                        else Evidence("object", f"Pod/{pod.name}", message)
                    )
                    found[pod.name] = (pod, match["path"], evidence)
    for pod, path, evidence in found.values():
        home = home_of(pod, snapshot.facts.home)
        if home is None or _is_in(path, home.path):
            yield _finding(snapshot, pod, home, path, evidence)


def _finding(snapshot: Snapshot, pod: Pod, home: Home | None, path: str, evidence: Evidence) -> Finding:
    uid, gid = pod.spec.uid or _USER, pod.spec.gid or _GROUP
    user = "" if pod.spec.uid is None else f", and the server runs as {pod.spec.uid}"
    return Finding(
        f"Pod/{pod.name}",
        f"{whose(pod)} starts and ends: it may not write {path}{user}",
        f"Let the home belong to {uid}:{gid}: files that were copied by root still belong to root. On an NFS "
        "server that "
        "squashes root, do it there.",
        (_chown(snapshot, pod, home, f"{uid}:{gid}"),) if home else (f"chown -R {uid}:{gid} <home>",),
        evidence=(evidence,),
        stops=stopped_by(pod),
    )


def _chown(snapshot: Snapshot, pod: Pod, home: Home, owner: str) -> str:
    """Return a command that gives the home away, in a pod of the server's own image, which the nodes have."""
    image = next((container.image for container in pod.spec.containers if not container.init), "busybox")
    mount = {"name": "home", "mountPath": "/mend"} | ({"subPath": home.inside} if home.inside else {})
    container = {
        "name": "mend-home",
        "image": image,
        "command": ["chown", "-R", owner, "/mend"],
        "securityContext": {"runAsUser": 0},
        "volumeMounts": [mount],
    }
    volumes = [{"name": "home", "persistentVolumeClaim": {"claimName": home.claim}}]
    spec = json.dumps({"spec": {"containers": [container], "volumes": volumes}}, separators=(",", ":"))
    flags = f"--image={image} --restart=Never --rm --attach --overrides='{spec}'"
    return kubectl(snapshot, f"run mend-home {flags}")


def _is_in(path: str, home: str) -> bool:
    return path == home or path.startswith(home.rstrip("/") + "/")


_GIVEN = """
objects:
- kind: Pod
  metadata: {name: jupyter-ada, labels: {component: singleuser-server},
      annotations: {hub.jupyter.org/username: ada}}
  spec:
    securityContext: {fsGroup: 100}
    containers:
    - name: notebook
      image: quay.io/a/b:1
      securityContext: {runAsUser: 1000}
      volumeMounts: [{name: home, mountPath: /home/jovyan, subPath: ada}]
    volumes: [{name: home, persistentVolumeClaim: {claimName: home-nfs}}]
  status:
    phase: Running
    containerStatuses:
    - {name: notebook, ready: READY, state: {waiting: {reason: CrashLoopBackOff}},
        lastState: {terminated: {exitCode: 1}}}
"""

CONDITION = Condition(
    id="H20",
    title="A home belongs to somebody else",
    why="Homes that were copied belong to whoever copied them, mostly root; servers run as user 1000. The "
    "server ends at "
    "its first file, and starts for people whose home is new.",
    mend="Give the files to the user whom servers run as.",
    source="https://github.com/2i2c-org/infrastructure/pull/4477",
    look=look,
    cases=(
        Case(
            "a home of root's",
            _GIVEN.replace("READY", "false") + 'previous: {jupyter-ada/notebook: "PermissionError: '
            "[Errno 13] Permission denied: '/home/jovyan/.local'\"}",
            ("Pod/jupyter-ada",),
            (
                "1000:100",
                "chown",
                '"subPath":"ada"',
                '"claimName":"home-nfs"',
                "may not write /home/jovyan/.local",
            ),
        ),
        Case(
            "a home that may not even be entered",
            _GIVEN.replace("READY", "false").replace(
                "{exitCode: 1}",
                '{exitCode: 128, message: \'chdir to cwd ("/home/jovyan") set in config.json '
                "failed: permission denied'}",
            ),
            ("Pod/jupyter-ada",),
        ),
        Case(
            "something else that is denied",
            _GIVEN.replace("READY", "false")
            + "previous: {jupyter-ada/notebook: \"Permission denied: '/opt/conda/x'\"}",
        ),
        Case(
            "a server that runs",
            _GIVEN.replace("READY", "true")
            + "logs: {jupyter-ada/notebook: \"Permission denied: '/home/jovyan/x'\"}",
        ),
    ),
)
