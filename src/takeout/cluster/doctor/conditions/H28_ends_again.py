"""A container that ends again and again, whatever for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from takeout.cluster.doctor.condition import Case, Condition, Evidence, Finding, from_log
from takeout.cluster.doctor.pods import Container, Pod
from takeout.cluster.doctor.snapshot import Snapshot
from takeout.cluster.doctor.words import kubectl, stopped_by, whose

_NOT_FOUND = re.compile(
    r'exec: \\?"(?P<program>[^"\\]+)\\?": (?:executable file not found|stat)|'
    r"exec (?P<named>\S+) failed: No such file"
)
_ERROR = re.compile(r"^\s*(?:[\w.]+\.)?[A-Z]\w*(?:Error|Exception)\b|\b(?:ERROR|FATAL|CRITICAL|error:)|^\[[CE] ")
_FORMAT = "exec format error"


def look(snapshot: Snapshot) -> Iterator[Finding]:
    """Find containers that end and are started again."""
    for pod in snapshot.pods:
        if pod.deleted:
            continue
        for container in pod.spec.containers:
            ended = container.ended or container.last
            if container.is_failing and ended is not None and ended.reason != "OOMKilled":
                yield _finding(snapshot, pod, container)
                break


def _finding(snapshot: Snapshot, pod: Pod, container: Container) -> Finding:
    ended = container.ended or container.last
    reason = f"{ended.reason}, exit code {ended.exit_code}" if ended else container.reason
    message = ended.message if ended else ""
    lines = snapshot.place(pod, container)
    telling = [line for line in lines if _ERROR.search(line)] or list(lines)
    evidence = [Evidence("object", f"Pod/{pod.name}", f"the container {container.name} ended: {reason}")]
    evidence += [Evidence("object", f"Pod/{pod.name}", message[:300])] if message else []
    evidence += [from_log(f"{pod.name}/{container.name}", line) for line in telling[-1:]]
    told = " ".join((message, *lines))
    if match := _NOT_FOUND.search(told):
        program = match["program"] or match["named"]
        why = f": its image has no {program}"
        mend = (
            f"The image has to bring {program}: an image for users needs the package jupyterhub, of "
            "about the "
            "hub's version. Name another image, or build one."
        )
    elif _FORMAT in told:
        why = ": its image is for another processor"
        mend = "Name an image that is built for the nodes' processors, or have nodes of the other kind."
    else:
        why = f" ({reason})"
        mend = "The last lines of its log say why; mend that, and it is started again by itself."
    previous = " --previous" if container.last is not None else ""
    return Finding(
        f"Pod/{pod.name}",
        f"{whose(pod)} ends again and again{why}",
        mend,
        (kubectl(snapshot, f"logs {pod.name} --container {container.name}{previous}"),),
        evidence=tuple(evidence),
        stops=stopped_by(pod),
        follows=(f"pod/{pod.name}", "path/proxy") if pod.part == "hub" else (f"pod/{pod.name}",),
        certainty="possible",
    )


_GIVEN = """
objects:
- kind: Pod
  metadata: {name: proxy-1, labels: {component: proxy}}
  spec: {containers: [{name: chp}]}
  status:
    containerStatuses:
    - name: chp
      ready: READY
      state: {waiting: {reason: CrashLoopBackOff}}
      lastState: {terminated: {reason: StartError, exitCode: 128, message: MESSAGE}}
previous: {proxy-1/chp: "first\\nError: listen EADDRINUSE\\n"}
"""

CONDITION = Condition(
    id="H28",
    title="A container ends again and again",
    why="Whatever a container ends for, it is started again, ever more rarely. What it said last stands in "
    "the log of "
    "the run before, which few people think of asking for.",
    mend="Read the last lines of the run before, and mend what they name.",
    source="https://kubernetes.io/docs/tasks/debug/debug-application/debug-pods/",
    look=look,
    cases=(
        Case(
            "the proxy",
            _GIVEN.replace("READY", "false").replace("MESSAGE", "''"),
            ("Pod/proxy-1",),
            ("Error: listen EADDRINUSE", "logs proxy-1 --container chp --previous"),
        ),
        Case(
            "an image without the program",
            _GIVEN.replace("READY", "false").replace(
                "MESSAGE", "'exec: \"jupyterhub-singleuser\": executable file not found in $PATH'"
            ),
            ("Pod/proxy-1",),
            ("its image has no jupyterhub-singleuser",),
        ),
        Case(
            "an image without the program, as tini says it",
            _GIVEN.replace("READY", "false")
            .replace("MESSAGE", "''")
            .replace("first", "exec hub failed: No such file"),
            ("Pod/proxy-1",),
            ("its image has no hub",),
        ),
        Case("it runs again", _GIVEN.replace("READY", "true").replace("MESSAGE", "''")),
    ),
)
