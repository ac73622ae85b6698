"""A server that is to start in a directory that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from takeout.cluster.doctor.condition import Case, Condition, Evidence, Finding
from takeout.cluster.doctor.homes import said
from takeout.cluster.doctor.pods import Pod
from takeout.cluster.doctor.snapshot import Snapshot
from takeout.cluster.doctor.words import restart, stopped_by, whose

_CHDIR = re.compile(
    r'chdir to cwd \(\\?"(?P<path>[^"\\]+)\\?"\).*(?:no such file or directory|not a directory)|'
    r"(?:mkdir|working directory) (?P<made>/[^\s:]+): .*(?:not a directory|no such file|read-only file system)",
    re.IGNORECASE,
)
_ROOT_DIR = re.compile(r"No such (?:notebook dir|directory): '*(?P<path>[^']+)'*")


def look(snapshot: Snapshot) -> Iterator[Finding]:
    """Find servers whose working directory or notebook directory is not in the image or on a volume."""
    for pod in snapshot.pods_of("singleuser-server"):
        for container in pod.spec.containers:
            ended = container.ended or container.last
            messages = (container.message, ended.message if ended else "")
            match = next((m for message in messages if (m := _CHDIR.search(message))), None)
            if match is not None:
                evidence = Evidence("object", f"Pod/{pod.name}", match.string)
                yield _finding(snapshot, pod, match["path"] or match["made"], evidence, "working_dir")
    for pod, evidence in said(snapshot, _ROOT_DIR):
        if match := _ROOT_DIR.search(evidence.text):
            yield _finding(snapshot, pod, match["path"], evidence, "notebook_dir")


def _finding(snapshot: Snapshot, pod: Pod, path: str, evidence: Evidence, setting: str) -> Finding:
    key = snapshot.facts.key(f"hub.config.KubeSpawner.{setting}")
    return Finding(
        f"Pod/{pod.name}",
        f"{whose(pod)} starts and ends: the directory {path} is not there",
        f"Name a directory that is there as `{key}` (or in the profile's own settings), or leave it out and "
        "the image's own "
        "counts; images of another kind have other homes. Then let people start their servers again.",
        (restart(snapshot, "hub"),),
        values=((key, "" if setting == "notebook_dir" else None),),
        evidence=(evidence,),
        stops=stopped_by(pod),
    )


_GIVEN = """
objects:
- kind: Pod
  metadata: {name: jupyter-ada, labels: {component: singleuser-server},
      annotations: {hub.jupyter.org/username: ada}}
  spec: {containers: [{name: notebook, workingDir: /home/rstudio}]}
  status:
    containerStatuses:
    - name: notebook
      ready: false
      state: {waiting: {reason: CrashLoopBackOff}}
      lastState: {terminated: {exitCode: 128, reason: StartError, message: 'MESSAGE'}}
"""

CONDITION = Condition(
    id="H21",
    title="A server starts in a directory that is not there",
    why="Where a server starts is set once for all images, and images differ in where their home is. The "
    "container "
    "cannot be started, or the Jupyter server refuses its notebook directory and ends.",
    mend="Name a directory that is in every image, or leave it to the images.",
    source="https://github.com/jupyter/docker-stacks/issues/323",
    look=look,
    cases=(
        Case(
            "a working directory",
            _GIVEN.replace(
                "MESSAGE",
                'chdir to cwd ("/home/rstudio") set in config.json failed: no such file or directory: unknown',
            ),
            ("Pod/jupyter-ada",),
            ("hub.config.KubeSpawner.working_dir=None", "the directory /home/rstudio is not there"),
        ),
        Case(
            "a notebook directory",
            _GIVEN.replace("MESSAGE", "")
            + 'previous: {jupyter-ada/notebook: "[C] Bad config encountered during initialization: '
            "No such directory: ''/home/jovyan/work''\"}",
            ("Pod/jupyter-ada",),
            ("hub.config.KubeSpawner.notebook_dir=",),
        ),
        Case("an end of another kind", _GIVEN.replace("MESSAGE", "exec format error")),
    ),
)
