"""The command itself, against a Kubernetes API in memory."""

import json
from pathlib import Path
from typing import Any

import pytest

from takeout.cli import main


@pytest.fixture
def arguments(replica: Path, tiny_chart: Path, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    return ["hub", "deploy", str(replica), "--chart", str(tiny_chart), "--offline"]


def test_what_is_in_the_way_ends_it_before_anything_is_changed(
    arguments: list[str], api: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--json"]) == 1
    document = json.loads(capfd.readouterr().out)
    found = {check["id"]: check for check in document["preflight"] if check["status"] == "wrong"}
    assert list(found) == ["storage"]
    assert found["storage"]["problems"][0]["mend"]
    assert api.objects == {}
    assert [line for line in api.asked if line.startswith(("PUT", "PATCH", "DELETE"))] == []


def test_a_person_reads_it_with_the_mend(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 1
    printed = capfd.readouterr()
    assert "wrong" in printed.out
    assert "names no storage class, and the cluster has no default one" in printed.out
    assert "kubectl annotate storageclass" in printed.out
    assert "nothing was changed" in printed.err


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--dry-run", "--diff"), "three things"),
        (("--delete-homes", "reef/homes"), "--delete-homes is for --undeploy"),
        (("--context", "nowhere"), "no context nowhere"),
        (("--namespace", "Not A Name"), "not a name for --namespace"),
        (("--skip", "weather"), "no check weather"),
    ],
)
def test_options_that_make_no_sense(
    arguments: list[str], api: Any, more: tuple[str, ...], words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, *more]) == 2
    assert words in capfd.readouterr().err
    assert api.objects == {}


def test_expired_credentials_are_told_once(
    arguments: list[str], api: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    api.troubles += [(401, {}, b'{"kind": "Status", "reason": "Unauthorized", "message": "Unauthorized"}')]
    assert main(arguments) == 3
    printed = capfd.readouterr().err
    assert printed.count("error:") == 1
    assert "log in again" in printed


def test_nothing_to_remove_is_no_error(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments, "--undeploy"]) == 0
    assert "there is no namespace reef" in capfd.readouterr().out


def test_a_secret_is_never_printed(arguments: list[str], replica: Path, capfd: pytest.CaptureFixture[str]) -> None:
    secret = "the-password-of-reef-0123456789"  # noqa: S105 - what must not be found
    (replica / "secrets.yaml").write_text(f"hub: {{config: {{DummyAuthenticator: {{password: {secret}}}}}}}\n")
    for more in ((), ("--diff",), ("--dry-run",)):
        main([*arguments, *more])
        main([*arguments, *more, "--json"])
    printed = capfd.readouterr()
    assert secret not in printed.out + printed.err
    assert "kept-to-itself" not in printed.out + printed.err, "nor the kubeconfig's token"
