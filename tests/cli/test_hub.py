import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cli.helpers import Result, Run


@pytest.fixture
def replicate(run: Run, example: Path, tmp_path: Path) -> Run:
    def replicate(*more: str, query: str = "lagoon/research", to: Path = tmp_path / "replica") -> Result:
        return run("hub", "replicate", query, "--to", to, "--source", example, *more)

    return replicate


def test_list_shows_every_hub(run: Run, example: Path) -> None:
    result = run("hub", "list", "--source", example)

    assert result.code == 0
    assert result.out.split()[0] == "estuary/ocean"
    assert len(result.out.splitlines()) == 5
    assert "5 hubs in " in result.err


def test_list_as_json(run: Run, example: Path) -> None:
    result = run("hub", "list", "--source", example, "--json")

    hub = next(hub for hub in result.json["hubs"] if hub["id"] == "lagoon/research")
    assert hub["cluster"] == "lagoon"
    assert hub["domain"]
    assert hub["file"].endswith("cluster.yaml")


def test_the_source_may_stand_in_the_environment(run: Run, example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = run("hub", "list")
    assert missing.code == 2
    assert "TAKEOUT_SOURCE" in missing.err
    monkeypatch.setenv("TAKEOUT_SOURCE", str(example))
    assert run("hub", "list").code == 0


def test_quiet_prints_the_result_alone(run: Run, example: Path) -> None:
    result = run("hub", "list", "--source", example, "-q")

    assert result.err == ""
    assert result.out


def test_find_by_address_and_by_part(run: Run, example: Path) -> None:
    domain = run("hub", "list", "--source", example, "--json").json["hubs"][0]["domain"]

    assert run("hub", "find", f"https://{domain}/hub/home", "--source", example).out.split()[0] == "estuary/ocean"
    assert len(run("hub", "find", "lagoon", "--source", example).out.splitlines()) == 2


def test_find_nothing_brings_the_nearest(run: Run, example: Path) -> None:
    result = run("hub", "find", "lagoon/reserch", "--source", example, "--json")

    assert result.code == 2
    assert result.json["code"] == "unknown-hub"
    assert result.json["nearest"][0] == "lagoon/research"


def test_replicate_writes_and_says_what(replicate: Run, tmp_path: Path) -> None:
    result = replicate("--domain", "hub.example.edu")

    assert result.code == 0, result.err
    assert "created  values.yaml" in result.out
    assert "read " in result.err
    assert stat.S_IMODE((tmp_path / "replica" / "secrets.yaml").stat().st_mode) == 0o600
    again = replicate("--domain", "hub.example.edu", "--json")
    assert again.code == 0
    assert again.json["updated"] == []
    assert again.json["created"] == []
    assert again.json["closed"] is True
    assert again.json["surprises"] == []


def test_an_edited_file_is_exit_code_1(replicate: Run, tmp_path: Path) -> None:
    replicate()
    values = tmp_path / "replica" / "values.yaml"
    values.write_text(values.read_text() + "# mine\n")

    result = replicate()

    assert result.code == 1
    assert "values.yaml was edited and is left alone; the new version is values.yaml.new" in result.err


def test_what_the_owners_values_hide_is_said(replicate: Run, tmp_path: Path) -> None:
    replicate("--domain", "one.example.edu")
    (tmp_path / "replica" / "local.values.yaml").write_text("jupyterhub: {ingress: {hosts: [mine.example.edu]}}\n")

    result = replicate("--domain", "two.example.edu")

    assert "local.values.yaml hides a change of jupyterhub.ingress.hosts" in result.err


def test_a_foreign_directory_is_refused(replicate: Run, tmp_path: Path) -> None:
    (tmp_path / "replica").mkdir()
    (tmp_path / "replica" / "thesis.tex").write_text("x")

    result = replicate("--json")

    assert result.code == 2
    assert result.json["code"] == "directory"
    assert [p.name for p in (tmp_path / "replica").iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--domain", "https://x"), "option"),
        (("--storage", "tape"), "option"),
        (("--target", "moon"), "option"),
        (("--auth", "ldap"), "option"),
        (("--all",), "option"),
        (("--chart", "x"), "option"),
        (("--name", "x"), "option"),
        (("--rev", "abc"), "revision"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    replicate: Run, tmp_path: Path, options: tuple[str, ...], code: str
) -> None:
    result = replicate(*options, "--json")

    assert result.code == 2
    assert result.json["code"] == code
    assert not (tmp_path / "replica").exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("no-such-hub",), "unknown-hub"),
        (("lagoon",), "ambiguous-hub"),
        ((), "option"),
        (("-f", "missing.yaml"), None),
    ],
)
def test_a_hub_that_is_not_clear_is_refused(
    run: Run, example: Path, tmp_path: Path, arguments: tuple[str, ...], code: str | None
) -> None:
    source = () if "-f" in arguments else ("--source", example)

    result = run("hub", "replicate", *arguments, "--to", tmp_path / "replica", *source, "--json")

    assert result.code == 2
    assert code is None or result.json["code"] == code
    assert result.json["message"]
    assert not (tmp_path / "replica").exists()


def test_plain_values_files_make_a_replica(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("hub: {config: {JupyterHub: {authenticator_class: github}}}\n")
    (tmp_path / "more.yaml").write_text("singleuser: {memory: {limit: 3G}}\n")

    files = ("-f", tmp_path / "config.yaml", "-f", tmp_path / "more.yaml")
    options = ("--domain", "hub.example.edu", "--name", "reef")
    result = run("hub", "replicate", *files, "--to", tmp_path / "replica", *options)

    assert result.code == 0, result.err
    assert "limit: 3G" in (tmp_path / "replica" / "values.yaml").read_text()
    assert "helm upgrade --install reef jupyterhub" in (tmp_path / "replica" / "README.md").read_text()
    assert not (tmp_path / "replica" / "Chart.yaml").exists()


def test_all_hubs_of_a_source(run: Run, example: Path, tmp_path: Path) -> None:
    result = run(
        "hub", "replicate", "--all", "--to", tmp_path / "all", "--source", example, "--domain", "{hub}.example.edu"
    )

    assert result.code == 0, result.err + result.out
    assert "5 hubs: 5 closed, 0 failed; 5 replicas written or changed" in result.out
    assert sorted(
        str(p.parent.relative_to(tmp_path / "all")) for p in (tmp_path / "all").rglob("takeout.json")
    ) == [
        "estuary/binder",
        "estuary/ocean",
        "estuary/workshop",
        "lagoon/research",
        "lagoon/teaching",
    ]
    values = (tmp_path / "all" / "lagoon" / "research" / "values.yaml").read_text()
    assert "research.example.edu" in values


def test_hubs_that_share_an_address_are_named(run: Run, example: Path, tmp_path: Path) -> None:
    result = run("hub", "replicate", "--all", "--to", tmp_path, "--source", example, "--domain", "hub.example.edu")

    assert "5 hubs share the address hub.example.edu" in result.err


def test_one_failing_hub_does_not_stop_the_rest(run: Run, example: Path, tmp_path: Path) -> None:
    (tmp_path / "lagoon" / "research").mkdir(parents=True)
    (tmp_path / "lagoon" / "research" / "mine.txt").write_text("x")

    result = run("hub", "replicate", "--all", "--to", tmp_path, "--source", example, "--json")

    assert result.code == 1
    failed = [hub for hub in result.json["hubs"] if "error" in hub]
    assert [hub["hub"] for hub in failed] == ["lagoon/research"]
    assert failed[0]["error"]["code"] == "directory"
    assert result.json["failed"] == 1
    assert (tmp_path / "lagoon" / "teaching" / "values.yaml").exists()


def test_a_field_that_is_not_known_stops_all(run: Run, example: Path, tmp_path: Path) -> None:
    result = run("hub", "replicate", "--all", "--to", tmp_path, "--source", example, "--domain", "{name}.x")

    assert result.code == 2
    assert list(tmp_path.glob("*/*/takeout.json")) == []


def test_explain_check_and_images(replicate: Run, run: Run, tmp_path: Path) -> None:
    replicate("--domain", "hub.example.edu")
    directory = tmp_path / "replica"

    explained = run("hub", "explain", directory, "hub.config.JupyterHub.authenticator_class")
    assert explained.code == 0
    assert "  from " in explained.out
    assert run("hub", "explain", directory).out.count("\n") > 50
    assert run("hub", "explain", directory, "hub.config", "--json").json["values"][0]["writers"]
    checked = run("hub", "check", directory, "--offline")
    assert checked.code == 0, checked.out
    assert "not done" in checked.out
    assert run("hub", "check", directory, "--offline", "--strict").code == 1
    as_json = run("hub", "check", directory, "--offline", "--json").json["checks"]
    assert {check["status"] for check in as_json} == {"ok", "open", "not done"}
    listed = run("hub", "images", directory, "--offline", "--mirror", "registry.example.edu/hub")
    assert listed.code == 0
    assert "skopeo copy" in listed.out
    assert "registry.example.edu/hub" in listed.out
    assert run("hub", "images", directory, "--offline", "--json").json["images"][0]["copy"] is None


def test_check_finds(replicate: Run, run: Run, tmp_path: Path) -> None:
    replicate("--domain", "hub.example.edu")
    (tmp_path / "replica" / "local.values.yaml").write_text("jupyterhub: {cull: {a: 1, a: 2}}\n")

    result = run("hub", "check", tmp_path / "replica", "--offline")

    assert result.code == 1
    assert "1 found" in result.out


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupt_leaves_nothing(example: Path, tmp_path: Path, name: str) -> None:
    script = (
        "import os, signal, sys\n"
        "from takeout.replica import commit\n"
        "real = commit._write\n"
        "def write(path, content, *, private):\n"
        "    real(path, content, private=private)\n"
        "    if path.name == 'REPORT.md': os.kill(os.getpid(), signal.SIGNAL)\n"
        "commit._write = write\n"
        "from takeout.cli import main\n"
        "sys.exit(main())\n"
    ).replace("SIGNAL", name)
    where = ("--to", tmp_path / "replica", "--source", example)
    done = subprocess.run(
        [sys.executable, "-c", script, "hub", "replicate", "lagoon/research", *where, "--json"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HOME": str(tmp_path)},
    )

    assert done.returncode == 130
    assert json.loads(done.stdout)["code"] == "interrupted"
    assert list(tmp_path.iterdir()) == []


def test_rules_are_listed_and_shown(run: Run) -> None:
    listed = run("rules")
    assert listed.code == 0
    assert listed.out.startswith("A01")
    one = run("rules", "a01")
    assert one.out.startswith("A01 ")
    assert "case: " in one.out
    assert run("rules", "A01", "--json").json["id"] == "A01"
    assert "A01" in [rule["id"] for rule in run("rules", "--json").json["rules"]]
    unknown = run("rules", "A99")
    assert unknown.code == 2
    assert "nearest" in unknown.err


def test_offline_uses_the_copy_of_an_earlier_run(
    run: Run, example: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin = tmp_path / "origin"
    shutil.copytree(example, origin, symlinks=True)
    git = ["git", "-C", str(origin), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "all"]):
        subprocess.run([*git, *words], check=True)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    listing = ("hub", "list", "--source", origin.as_uri())
    assert run(*listing, "--offline").code == 3
    first = run(*listing)
    assert first.code == 0
    shutil.rmtree(origin)
    assert run(*listing, "--offline").out == first.out
    to = tmp_path / "replica"
    replicate = ("hub", "replicate", "lagoon/research", "--source", origin.as_uri(), "--to", str(to))
    assert run(*replicate, "--offline").code == 0
    assert (to / "values.yaml").exists()
