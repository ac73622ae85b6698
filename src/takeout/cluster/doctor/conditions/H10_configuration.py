"""The hub's own configuration raises an error."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from takeout.cluster.doctor.condition import Case, Condition, Finding, from_log
from takeout.cluster.doctor.pods import Container, Pod
from takeout.cluster.doctor.snapshot import Snapshot
from takeout.cluster.doctor.words import kubectl, restart, stopped_by
from takeout.values.path import format_path

_LOADING = re.compile(r"Loading extra config: (?P<name>.+?)\s*$")
_CONFIG = re.compile(
    r'File "(?P<file>\S*(?:jupyterhub_config\.py|jupyterhub_config\.d/[^"]+|z2jh\.py))", line (?P<line>\d+)'
)
_SNIPPET = re.compile(r'File "<string>", line (?P<line>\d+)')
_ERROR = re.compile(
    r"^\s*(?P<error>(?:[\w.]*\.)?[A-Z]\w*(?:Error|Exception|Exit|Warning|Interrupt)\b.*|KeyError:.*)"
)
_FATAL = re.compile(
    r"FATAL: (?P<error>Invalid hub\.config section name: (?P<section>\S+?)\.)|Bad config encountered during "
    r"initialization: (?P<bad>.*)"
)
_DATABASE = ("sqlalchemy", "sqlite3.", "alembic", "upgrade-db")


def look(snapshot: Snapshot) -> Iterator[Finding]:
    """Find the snippet and the line that keep the hub from starting."""
    for pod in snapshot.pods_of("hub"):
        for container in pod.spec.containers:
            if container.name == "hub" and (container.is_failing or not container.ready):
                yield from _of(snapshot, pod, container)


def _of(snapshot: Snapshot, pod: Pod, container: Container) -> Iterator[Finding]:
    lines = snapshot.place(pod, container)
    where = f"{pod.name}/{container.name}"
    for line in lines:
        if fatal := _FATAL.search(line):
            section = fatal["section"]
            path = snapshot.facts.key(f"hub.config.{section}") if section else "hub.config"
            yield Finding(
                f"Value/{path}",
                f"the hub does not start: {(fatal['error'] or fatal['bad']).rstrip('.')}",
                f"Sections of `{snapshot.facts.key('hub.config')}` are names of classes: move what stands in "
                f"`{path}` to "
                "where it belongs, or take it out."
                if section
                else f"Mend the value that the message names in `{snapshot.facts.key('hub.config')}`.",
                (kubectl(snapshot, f"logs {pod.name} --container hub"),),
                evidence=(from_log(where, line),),
                stops=stopped_by(pod),
            )
            return
    last = max((index for index, line in enumerate(lines) if "Traceback" in line), default=-1)
    trace = lines[max(last, 0) :]
    configured = next((m for line in trace if (m := _CONFIG.search(line))), None)
    if last < 0 or configured is None or any(word in line for line in trace for word in _DATABASE):
        return
    yield _raised(snapshot, pod, where, lines[:last], trace)


def _raised(snapshot: Snapshot, pod: Pod, where: str, before: Sequence[str], trace: Sequence[str]) -> Finding:
    error = next((m["error"].strip() for line in reversed(trace) if (m := _ERROR.search(line))), "an error")
    in_snippet = next((m["line"] for line in reversed(trace) if (m := _SNIPPET.search(line))), "")
    names = [match["name"] for line in before if (match := _LOADING.search(line))]
    evidence = tuple(from_log(where, line) for line in trace if _SNIPPET.search(line) or error in line)
    shown = kubectl(snapshot, f"logs {pod.name} --container hub --previous")
    no_text = "exec() arg 1 must be" in error
    if not names or not (in_snippet or no_text):
        place = next(m for line in trace if (m := _CONFIG.search(line)))
        return Finding(
            f"Pod/{pod.name}",
            f"the hub does not start: {place['file'].rpartition('/')[2]}, line {place['line']}, raises {error}",
            "A value in `hub.config` or `hub.extraFiles` is not what the hub's configuration expects; the log "
            "names it.",
            (shown, restart(snapshot, "hub")),
            evidence=evidence,
            stops=stopped_by(pod),
        )
    path = snapshot.facts.key(format_path(("hub", "extraConfig", names[-1])))
    return Finding(
        f"Value/{path.replace(' ', '_')}",
        f"the hub does not start: the snippet {names[-1]} is not a text"
        if no_text
        else f"the hub does not start: the snippet {names[-1]} raises {error} in its line {in_snippet}",
        f"Mend `{path}`, or put an empty text in its place: a null does not take out what the chart itself has "
        "not. "
        "`takeout hub try` runs a replica's snippets here, without a cluster.",
        (shown,),
        values=((path, ""),),
        evidence=(from_log(where, f"Loading extra config: {names[-1]}"), *evidence),
        stops=stopped_by(pod),
    )


_POD = """
objects:
- kind: Pod
  metadata: {name: hub-1, labels: {component: hub}}
  spec: {containers: [{name: hub}]}
  status:
    phase: Running
    containerStatuses:
    - name: hub
      ready: false
      restartCount: 3
      state: {waiting: {reason: CrashLoopBackOff}}
      lastState: {terminated: {reason: Error, exitCode: 1}}
"""
_TRACE = """
previous:
  hub-1/hub: |
    Loading extra config: 09-first
    Loading extra config: 10-own
    [E 2026-08-21 11:54:02.810 JupyterHub app:3934]
        Traceback (most recent call last):
          File "/usr/local/lib/python3.12/site-packages/jupyterhub/app.py", line 3491, in initialize
            self.load_config_file(self.config_file)
          File "/usr/local/etc/jupyterhub/jupyterhub_config.py", line 542, in <module>
            exec(config_py)
          File "<string>", line 3, in <module>
        NameError: name 'undefined_thing' is not defined
"""

CONDITION = Condition(
    id="H10",
    title="The hub's configuration raises an error",
    why="Snippets of `hub.extraConfig` are run when the hub starts; what one of them raises ends the hub. "
    "Snippets of "
    "another operator count on that operator's image, files and values.",
    mend="Mend the line, or take the snippet out.",
    source="https://z2jh.jupyter.org/en/stable/administrator/advanced.html#hub-extraconfig",
    look=look,
    cases=(
        Case(
            "a snippet that raises",
            _POD + _TRACE,
            ("Value/hub.extraConfig.10-own",),
            ("NameError: name 'undefined_thing' is not defined in its line 3", "hub.extraConfig.10-own="),
        ),
        Case(
            "a snippet that somebody took out with a null, which only takes out what the chart itself has",
            _POD
            + _TRACE.replace('          File "<string>", line 3, in <module>\n', "").replace(
                "NameError: name 'undefined_thing' is not defined", "TypeError: exec() arg 1 must be a string"
            ),
            ("Value/hub.extraConfig.10-own",),
            ("the snippet 10-own is not a text", "hub.extraConfig.10-own="),
        ),
        Case(
            "a section that is no class",
            _POD
            + """
previous:
  hub-1/hub: 'FATAL: Invalid hub.config section name: loadRoles. hub.config sections must be Configurable
      class names'
release: {name: hub, values: {jupyterhub: {hub: {}, singleuser: {}}}}
""",
            ("Value/jupyterhub.hub.config.loadRoles",),
        ),
        Case(
            "the chart's own part raises over a value",
            _POD
            + """
previous:
  hub-1/hub: |
    Traceback (most recent call last):
      File "/usr/local/etc/jupyterhub/jupyterhub_config.py", line 264, in <module>
        volumes.update(extra_volumes)
    ValueError: dictionary update sequence element #0 has length 1; 2 is required
""",
            ("Pod/hub-1",),
            ("line 264, raises ValueError",),
        ),
        Case(
            "a database that is locked is another matter",
            _POD + _TRACE.replace("NameError", "sqlalchemy.exc.Error"),
        ),
        Case("a hub that runs", (_POD + _TRACE).replace("ready: false", "ready: true")),
    ),
)
