from __future__ import annotations

from pathlib import Path

import pytest

from takeout.values.encrypted import is_encrypted, is_placeholder, placeholder, placeholders, without_values
from takeout.values.node import Scalar, leaves, to_data, walk
from takeout.values.read import read_yaml
from takeout.values.write import write_yaml

CIPHERTEXT = "ENC[AES256_GCM,data:qwe=,iv:asd=,tag:zxc=,type:str]"
SOPS = f"""
jupyterhub:
  hub:
    config:
      # {CIPHERTEXT}
      GitHubOAuthenticator:
        client_id: {CIPHERTEXT}
    "a.b": ["{CIPHERTEXT}", plain]
  nothing:
sops:
  version: 3.9.1
  mac: {CIPHERTEXT}
"""


def test_a_sops_file_keeps_its_names_and_loses_its_values() -> None:
    document = read_yaml(SOPS, "enc-x.secret.values.yaml")
    assert is_encrypted(document.values)
    values, paths = placeholders(document.values)
    assert to_data(values) == {
        "jupyterhub": {
            "hub": {
                "config": {
                    "GitHubOAuthenticator": {
                        "client_id": "<secret: jupyterhub.hub.config.GitHubOAuthenticator.client_id>"
                    }
                },
                "a.b": ['<secret: jupyterhub.hub."a.b"[0]>', '<secret: jupyterhub.hub."a.b"[1]>'],
            },
            "nothing": None,
        }
    }
    assert paths == (
        ("jupyterhub", "hub", "config", "GitHubOAuthenticator", "client_id"),
        ("jupyterhub", "hub", "a.b", 0),
        ("jupyterhub", "hub", "a.b", 1),
    )
    assert "ENC" not in write_yaml(values)
    assert {str(node.mark) for path, node in leaves(values) if path[-1] == "client_id"} == {
        "enc-x.secret.values.yaml:7"
    }


def test_a_file_of_secrets_that_is_not_encrypted_loses_them_all_the_same() -> None:
    text = "# password: hunter1\na: hunter2  # hunter3\na: hunter4\nb: 4711\nc: true\nd: 0.5\n"
    text += "e: [x: hunter5]\n# hunter6\n"
    document = read_yaml(text, "secret.yaml")
    assert not is_encrypted(document.values)
    values, paths = placeholders(document.values)
    everything = write_yaml(values) + repr(values)
    assert "hunter" not in everything
    assert "4711" not in everything
    assert len(paths) == 5
    assert all(is_placeholder(str(node.value)) for _, node in leaves(values) if isinstance(node, Scalar))


def test_an_application_named_sops_is_not_mistaken_for_the_tool() -> None:
    values, _ = placeholders(read_yaml("sops: {enabled: true}", "f").values)
    assert to_data(values) == {"sops": {"enabled": "<secret: sops.enabled>"}}


@pytest.mark.parametrize(("text", "expected"), [(placeholder(("a", 0)), True), ("<secret>", False), ("x", False)])
def test_placeholders_are_recognised(text: str, *, expected: bool) -> None:
    assert is_placeholder(text) is expected


def test_every_encrypted_file_of_the_snapshot(snapshot: Path) -> None:
    files = sorted(snapshot.rglob("enc-*.secret.values.yaml"))
    assert len(files) > 100
    for file in files:
        document = read_yaml(file.read_bytes(), file.name)
        assert is_encrypted(document.values), file
        values, paths = placeholders(document.values)
        assert "sops" not in values.entries
        assert paths
        for _, node in walk(values):
            assert not isinstance(node, Scalar) or node.value is None or is_placeholder(str(node.value)), file


def test_faults_about_values_are_kept_back() -> None:
    document = read_yaml("pin: 0755\npin: 0123\non: 1\n", "secret.yaml")
    assert [fault.code for fault in without_values(document.faults)] == ["duplicate-key", "yaml11-key"]
    assert "0123" not in str(without_values(document.faults))
