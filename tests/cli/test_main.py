import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.helpers import Run
from takeout import __version__
from takeout.cli import output
from takeout.errors import DiskError, Fault, ValuesError, Where

COMMANDS = [
    ("rules",),
    ("hub", "list"),
    ("hub", "find"),
    ("hub", "replicate"),
    ("hub", "explain"),
    ("hub", "check"),
    ("hub", "images"),
    ("hub", "try"),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples_and_the_common_options(run: Run, command: tuple[str, ...]) -> None:
    result = run(*command, "--help")

    assert result.code == 0
    assert result.err == ""
    assert "Examples:" in result.out
    assert "--json" in result.out
    assert "--quiet" in result.out
    assert f"takeout {' '.join(command)} " in result.out.split("Examples:")[1]


def test_help_lists_the_groups(run: Run) -> None:
    result = run("--help")

    assert result.code == 0
    assert "hub" in result.out
    assert "rules" in result.out


def test_the_version_is_shown(run: Run) -> None:
    assert run("--version").out == f"takeout {__version__}\n"


@pytest.mark.parametrize("arguments", [(), ("hub",), ("hub", "lst"), ("hub", "list", "--nope"), ("hub", "find")])
def test_a_wrong_command_line_is_said_once_with_a_hint(run: Run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)

    assert result.code == 2
    assert result.out == ""
    assert result.err.count("error:") == 1
    assert "--help` shows what it takes" in result.err


def test_a_wrong_command_line_as_json(run: Run) -> None:
    result = run("hub", "find", "--json")

    assert result.code == 2
    assert result.json["code"] == "usage"
    assert result.err == ""


def test_an_error_has_code_message_where_and_hint(run: Run, tmp_path: Path) -> None:
    result = run("hub", "explain", tmp_path, "a")
    assert result.code == 2
    assert result.out == ""
    assert "error: not a replica" in result.err
    assert f"where: {tmp_path}" in result.err
    assert "hint: " in result.err

    as_json = run("hub", "explain", tmp_path, "a", "--json")
    assert as_json.code == 2
    assert as_json.err == ""
    assert set(as_json.json) == {"code", "message", "where", "hint"}
    assert as_json.json["code"] == "directory"
    assert as_json.json["where"]["file"] == str(tmp_path)


def test_json_after_two_dashes_is_no_option(run: Run, tmp_path: Path) -> None:
    result = run("hub", "explain", tmp_path, "--", "--json")

    assert result.out == ""
    assert "error:" in result.err


def test_ctrl_c_is_130(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("takeout.replica.explain.explain", interrupted)

    result = run("hub", "explain", tmp_path)
    assert (result.code, result.out) == (130, "")
    assert "interrupted" in result.err
    assert run("hub", "explain", tmp_path, "--json").json["code"] == "interrupted"


def test_an_error_of_the_system_is_a_disk_error(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", str(tmp_path / "x"))

    monkeypatch.setattr("takeout.replica.explain.explain", full)

    result = run("hub", "explain", tmp_path, "--json")
    assert result.code == 3
    assert result.json == {
        "code": "disk",
        "message": "No space left on device",
        "where": {"file": str(tmp_path / "x"), "line": 0, "column": 0, "path": ""},
        "hint": "",
    }


def test_a_bug_says_so_and_keeps_the_contract(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("oops")

    monkeypatch.setattr("takeout.replica.explain.explain", broken)

    result = run("hub", "explain", tmp_path, "--json")
    assert result.code == 3
    assert result.json["code"] == "bug"
    assert "Traceback" in result.err


def test_every_fault_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    faults = [Fault("x", f"fault {i}", Where("a.yaml", i)) for i in range(1, 31)]

    output.Output(json=False, quiet=False).error(ValuesError(faults))

    err = capsys.readouterr().err
    assert "where: a.yaml:1" in err
    assert "a.yaml:2: fault 2" in err
    assert "and 9 more" in err


def test_without_the_hub_extra_the_command_says_how_to_get_it(
    run: Run, monkeypatch: pytest.MonkeyPatch, example: Path
) -> None:
    monkeypatch.setattr("takeout.cli.options.find_spec", lambda name: None if name == "helm_python" else object())

    result = run("hub", "list", "--source", example)

    assert result.code == 3
    assert "helm_python" in result.err
    assert "pip install 'jupyterhub-takeout[hub]'" in result.err


def test_a_reader_who_leaves_is_no_error() -> None:
    command = f"{sys.executable} -m takeout rules --json | head -c 10"
    done = subprocess.run(
        ["/bin/bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.startswith("{")


def test_the_program_and_the_module_are_one() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "takeout", "--version"], capture_output=True, text=True, check=True
    )

    assert done.stdout == f"takeout {__version__}\n"


def test_an_ascii_terminal_is_no_error(example: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    done = subprocess.run(
        [sys.executable, "-m", "takeout", "hub", "list", "--source", str(example), "--json"],
        capture_output=True,
        env=environment,
        check=True,
    )

    assert json.loads(done.stdout)["hubs"]


def test_colour_is_for_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = output.Output(json=False, quiet=False)
    assert shown.paint("x", "red") == "x"
    monkeypatch.setattr(output, "_is_terminal", lambda _: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert shown.paint("x", "red") == "\x1b[31mx\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert shown.paint("x", "red") == "x"


def test_bars_are_drawn_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(output, "_is_terminal", lambda _: True)

    with output.Output(json=False, quiet=False).progress() as progress:
        progress("reading", 1, 3)
        progress("waiting", 0, 0)

    assert capsys.readouterr().out == ""


def test_disk_errors_name_the_file() -> None:
    assert str(DiskError("x", where=Where("a", 1)).where) == "a:1"
