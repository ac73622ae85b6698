"""Releases that Helm keeps in a database of its own: deployed, upgraded, read as a source, removed."""

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.deploy.small import arguments, volume_for_its_claim
from takeout.cluster.api import Cluster

pytestmark = pytest.mark.cluster

_DEBIANS = Path("/usr/lib/postgresql")
_SECONDS = 300
Takeout = Callable[..., tuple[int, dict[str, Any]]]


def _folder_of_postgres() -> Path:
    """Return where PostgreSQL's programs are; Debian has those of the server on nobody's PATH."""
    found = shutil.which("pg_ctl")
    if found:
        return Path(found).resolve().parent
    folders = sorted(_DEBIANS.glob("*/bin")) if _DEBIANS.is_dir() else []
    servers = [folder for folder in folders if (folder / "pg_ctl").exists()]
    if not servers:
        pytest.skip("there is no PostgreSQL; as root: apt-get install postgresql")
    return servers[-1]


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """How to connect to a PostgreSQL of the tests' own, which listens on no network."""
    programs = _folder_of_postgres()
    # It refuses to run as root, and no other may look into pytest's own folders.
    owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    user: dict[str, Any] = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    user = user if os.geteuid() == 0 else {}
    home = Path(tempfile.mkdtemp(prefix="takeout-sql-"))
    os.chown(home, owner.pw_uid, owner.pw_gid)

    def run(program: str, *words: str | Path) -> None:
        done = subprocess.run(
            [programs / program, "-D", home / "data", *words],
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=_SECONDS,
            check=False,
            **user,
        )
        assert done.returncode == 0, done.stderr.decode()

    try:
        run("initdb", "--auth=trust", "--username=takeout", "--locale=C", "--encoding=UTF8", "--no-sync")
        options = f"-c listen_addresses= -c fsync=off -k {home}"
        run("pg_ctl", "-o", options, "-l", home / "log", "-t", str(_SECONDS - 20), "-w", "start")
        try:
            yield f"host={home} user=takeout dbname=postgres sslmode=disable"
        finally:
            run("pg_ctl", "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(home)


@pytest.fixture
def takeout(database: str) -> Takeout:
    """Run a command of Takeout; Helm reads its own variables once, when a process begins."""
    environment = {**os.environ, "HELM_DRIVER": "sql", "HELM_DRIVER_SQL_CONNECTION_STRING": database}

    def run(*words: str) -> tuple[int, dict[str, Any]]:
        command = [sys.executable, "-m", "takeout", *words]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        return done.returncode, json.loads(done.stdout) if done.stdout.strip() else {"told": done.stderr}

    return run


def test_a_release_in_a_database(  # noqa: PLR0917 - fixtures
    live: Cluster, space: str, replica: Path, tiny_chart: Path, takeout: Takeout, tmp_path: Path
) -> None:
    words = arguments(replica, tiny_chart, space)
    code, document = takeout(*words)
    assert code == 0, document
    assert live.list("Secret", space, labels="owner=helm") == [], "the record is to be in the database alone"

    (replica / "local.values.yaml").write_text("word: two\n")
    code, document = takeout(*words, "--diff")
    assert (code, document["revision"]) == (0, 1), document
    assert [(v["path"], v["after"]) for v in document["values"]] == [("word", "two")]
    code, document = takeout(*words)
    assert code == 0, document
    assert (document["deployed"]["revision"], document["deployed"]["upgraded"]) == (2, True)
    assert live.get("ConfigMap", "hub", space)["data"]["word"] == "two"

    source = f"release:{live.context}/{space}/reef"
    code, document = takeout("hub", "doctor", source, "--json")
    assert (document["hub"]["revision"], document["hub"]["status"]) == (2, "deployed"), document
    assert "the release" not in [item["what"] for item in document["unread"]]
    code, document = takeout(
        "hub", "replicate", "--source", source, "--to", str(tmp_path / "again"), "--with-secrets", "--json"
    )
    assert code in (0, 1), document
    from takeout.replica.files import read_files  # noqa: PLC0415
    from takeout.values.node import to_data  # noqa: PLC0415

    again = to_data(read_files(tmp_path / "again").merged)
    assert again == to_data(read_files(replica).merged)

    code, document = takeout(*words, "--undeploy")
    assert code == 0, document
    assert document["removed"] == ["the release reef", f"the namespace {space}"]


def test_claims_of_a_release_in_a_database_stay(
    live: Cluster, space: str, replica: Path, tiny_chart: Path, takeout: Takeout
) -> None:
    words = arguments(replica, tiny_chart, space)
    (replica / "local.values.yaml").write_text("claim: true\n")
    with volume_for_its_claim(live, space):
        code, document = takeout(*words)
        assert code == 0, document
        claim = live.get("PersistentVolumeClaim", "hub-db-dir", space)
        code, document = takeout(*words, "--undeploy")
        assert code == 0, document
        assert document["kept"] == [f"the claim {space}/hub-db-dir (1Mi)"]
        assert live.find("ConfigMap", "hub", space) is None
        kept = live.get("PersistentVolumeClaim", "hub-db-dir", space)
        assert kept["metadata"]["uid"] == claim["metadata"]["uid"]
        code, document = takeout(*words)
        assert code == 0, document
        code, document = takeout(*words, "--undeploy", "--delete-homes", f"{space}/hub-db-dir")
        assert (code, document["kept"]) == (0, []), document


def test_a_release_that_is_not_in_the_database(live: Cluster, takeout: Takeout, tmp_path: Path) -> None:
    code, document = takeout(
        "hub", "replicate", "--source", f"release:{live.context}/default/reef", "--to", str(tmp_path), "--json"
    )
    assert code == 2, document
    assert "there is no release reef in the namespace default: it has none" in document["message"]
