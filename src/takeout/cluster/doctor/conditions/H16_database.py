"""The hub does not get at its database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from takeout.cluster.doctor.condition import Case, Condition, Evidence, Finding, from_log
from takeout.cluster.doctor.pods import Container, Pod
from takeout.cluster.doctor.snapshot import Snapshot
from takeout.cluster.doctor.words import kubectl, restart, stopped_by


@dataclass(frozen=True, slots=True)
class _Trouble:
    """What a database's words mean, and the mend."""

    words: re.Pattern[str]
    what: str
    mend: str
    locked: bool = False


_TROUBLES = (
    _Trouble(
        re.compile(r"database is locked", re.IGNORECASE),
        "its database is locked",
        "Another process has the file open: a second hub, or one that has not ended; end it. On NFS a lock can "
        "outlive "
        "who took it: a hub's database belongs on a disk of its own (ReadWriteOnce), or on a database server.",
        locked=True,
    ),
    _Trouble(
        re.compile(
            r"readonly database|unable to open database file|Permission denied: '?/srv/jupyterhub", re.IGNORECASE
        ),
        "it may not write its database",
        "The file or its volume belongs to another user: the hub runs as 1000, so let the volume belong to "
        "1000:1000 "
        "(`hub.podSecurityContext.fsGroup`), also after a copy.",
    ),
    _Trouble(
        re.compile(r"database or disk is full|disk I/O error", re.IGNORECASE),
        "the volume of its database is full, or broken",
        "Have a larger volume: raise the claim's size, where its class can grow.",
    ),
    _Trouble(
        re.compile(r"Found database schema version|upgrade-db|database schema", re.IGNORECASE),
        "its database is of another JupyterHub's version, or cannot be opened",
        "Set `hub.db.upgrade` to true for one start, with a copy of the database at hand; an older hub cannot "
        "read a newer "
        "one's database. Where the version is right, the file is locked or not to be reached.",
    ),
    _Trouble(
        re.compile(
            r"could not (?:connect to server|translate host name)|connection to server at|password "
            r"authentication failed|"
            r"Can't connect to (?:MySQL|local)|Access denied for user|OperationalError.*(?:Connection "
            r"refused|timed? ?out)",
            re.IGNORECASE,
        ),
        "its database server does not let it in, or is not there",
        "See that the server's address, user and password in the values are right, and that the cluster's "
        "nodes reach it.",
    ),
)


def look(snapshot: Snapshot) -> Iterator[Finding]:
    """Find what a hub that does not run, or stumbles, says of its database."""
    for pod in snapshot.pods_of("hub"):
        for container in pod.spec.containers:
            if container.name != "hub":
                continue
            lines = snapshot.place(pod, container)
            fails = container.is_failing or not container.ready
            for trouble in _TROUBLES:
                told = [line for line in lines if trouble.words.search(line)]
                if told and (fails or trouble.locked):
                    yield _finding(snapshot, pod, container, trouble, told[-1])
                    break


def _finding(snapshot: Snapshot, pod: Pod, container: Container, trouble: _Trouble, line: str) -> Finding:
    claim = next(iter(pod.spec.claims), "")
    others = [p for p in snapshot.pods if claim and claim in p.spec.claims and p.name != pod.name]
    evidence = [from_log(f"{pod.name}/{container.name}", line)]
    evidence += [Evidence("object", f"Pod/{p.name}", f"mounts the claim {claim} too") for p in others]
    ending = tuple(kubectl(snapshot, f"delete pod {p.name}") for p in others)
    subject = f"PersistentVolumeClaim/{claim}" if claim else f"Pod/{pod.name}"
    return Finding(
        subject,
        f"the hub does not run: {trouble.what}" if not container.ready else f"the hub stumbles: {trouble.what}",
        trouble.mend,
        (*ending, restart(snapshot, "hub")) if trouble.locked else (restart(snapshot, "hub"),),
        values=((snapshot.facts.key("hub.db.upgrade"), True),) if "version" in trouble.what else (),
        evidence=tuple(evidence),
        stops=stopped_by(pod) if not container.ready else (f"pod/{pod.name}",),
        certainty="sure" if "cannot be opened" not in trouble.what else "likely",
    )


def _hub(log: str, *, ready: str = "false") -> str:
    return f"""
objects:
- kind: Pod
  metadata: {{name: hub-1, labels: {{component: hub}}}}
  spec: {{containers: [{{name: hub}}], volumes: [{{name: pvc, persistentVolumeClaim: {{claimName: hub-db-dir}}}}]}}
  status:
    containerStatuses:
    - name: hub
      ready: {ready}
      state: {{waiting: {{reason: CrashLoopBackOff}}}}
      lastState: {{terminated: {{exitCode: 1}}}}
- kind: Pod
  metadata: {{name: copy, labels: {{app: mine}}}}
  spec: {{containers: [{{name: a}}], volumes: [{{name: b, persistentVolumeClaim: {{claimName: hub-db-dir}}}}]}}
logs:
  hub-1/hub: "{log}"
"""


CONDITION = Condition(
    id="H16",
    title="The hub does not get at its database",
    why="Users, tokens and servers are in the hub's database. A file that another pod has locked, that "
    "belongs to another "
    "user after a copy, or that an older hub wrote keeps the hub from starting.",
    mend="End who holds the file, give it to user 1000, or have it upgraded.",
    source="https://github.com/jupyterhub/zero-to-jupyterhub-k8s/issues/872",
    look=look,
    cases=(
        Case(
            "another pod holds it",
            _hub("sqlalchemy.exc.OperationalError: (sqlite3.OperationalError) database is locked"),
            ("PersistentVolumeClaim/hub-db-dir",),
            ("Pod/copy: mounts the claim hub-db-dir too", "delete pod copy", "rollout restart deployment hub"),
        ),
        Case(
            "a file of root's",
            _hub("(sqlite3.OperationalError) attempt to write a readonly database"),
            ("PersistentVolumeClaim/hub-db-dir",),
            ("1000:1000",),
        ),
        Case(
            "a hub that does not say why",
            _hub("Failed to connect to db: sqlite:///jupyterhub.sqlite\\n    jupyterhub upgrade-db"),
            ("PersistentVolumeClaim/hub-db-dir",),
            ("hub.db.upgrade=True",),
        ),
        Case(
            "a server that is not there",
            _hub("connection to server at 10.0.0.9 failed: Connection refused"),
            ("PersistentVolumeClaim/hub-db-dir",),
        ),
        Case("a hub that was upgraded and runs", _hub("Running jupyterhub upgrade-db", ready="true")),
    ),
)
