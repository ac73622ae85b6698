import json
import socket
from pathlib import Path
from typing import Any

import pytest

from takeout.cluster.api import Cluster
from takeout.cluster.connect import connect
from takeout.errors import ClusterError, InputError, NetworkError, OptionError

BUSY = (503, {"Retry-After": "3"}, b'{"kind": "Status", "message": "overloaded"}')


def config_map(name: str, **labels: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": labels}, "data": {}}


def refusal(code: int, reason: str, message: str) -> tuple[int, dict[str, str], bytes]:
    return code, {}, json.dumps({"kind": "Status", "reason": reason, "message": message}).encode()


def test_objects_come_and_go(faked: Cluster) -> None:
    assert faked.version() == "v1.34.1"
    assert faked.find("ConfigMap", "a", "lagoon") is None
    faked.create(config_map("a", app="x"), "lagoon")
    assert faked.get("ConfigMap", "a", "lagoon")["metadata"]["namespace"] == "lagoon"
    faked.apply(config_map("b"), "lagoon")
    assert [item["metadata"]["name"] for item in faked.list("ConfigMap", "lagoon")] == ["a", "b"]
    assert [item["metadata"]["name"] for item in faked.list("ConfigMap", labels="app=x")] == ["a"]
    assert faked.delete("ConfigMap", "a", "lagoon")
    assert not faked.delete("ConfigMap", "a", "lagoon")


def test_a_dry_run_changes_nothing(faked: Cluster) -> None:
    faked.apply(config_map("a"), "lagoon", dry_run=True)
    faked.create(config_map("a"), "lagoon", dry_run=True)
    assert faked.list("ConfigMap") == []


def test_only_the_very_object_is_deleted(faked: Cluster) -> None:
    made = faked.create(config_map("a"), "lagoon")
    assert not faked.delete("ConfigMap", "a", "lagoon", uid="another")
    assert faked.delete("ConfigMap", "a", "lagoon", uid=made["metadata"]["uid"])


def test_every_page_is_read(faked: Cluster, api: Any) -> None:
    api.page = 2
    for number in range(5):
        api.put(config_map(f"n{number}"), "lagoon")
    assert len(faked.list("ConfigMap", "lagoon")) == 5


def test_pages_that_are_too_old_are_begun_again(faked: Cluster, api: Any) -> None:
    api.page = 2
    for number in range(3):
        api.put(config_map(f"n{number}"), "lagoon")
    faked.has("ConfigMap")
    first = len(api.asked)
    original = api.answer

    def once_gone(method: str, address: str, body: dict[str, Any]) -> Any:
        if "continue=" in address and not any("continue" in text for text in api.asked[first:-1]):
            return 410, {"reason": "Expired", "message": "too old"}
        return original(method, address, body)

    api.answer = once_gone
    assert len(faked.list("ConfigMap", "lagoon")) == 3


def test_unknown_kinds_are_empty_and_are_told(faked: Cluster) -> None:
    assert faked.list("ClusterIssuer") == []
    assert not faked.has("cert-manager.io/v1/Issuer")
    with pytest.raises(ClusterError, match="does not know the kind"):
        faked.get("Issuer", "letsencrypt", "lagoon")


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_cluster_is_waited_for_as_long_as_it_asks(
    faked: Cluster, api: Any, pauses: list[float], status: int
) -> None:
    faked.has("ConfigMap")
    api.troubles += [(status, {"Retry-After": "3"}, b"{}")] * 2
    faked.create(config_map("a"), "lagoon")
    assert pauses == [3.0, 3.0]
    assert len(faked.list("ConfigMap")) == 1


def test_that_a_cluster_is_waited_for_is_told_once(faked: Cluster, api: Any, pauses: list[float]) -> None:
    said: list[str] = []
    faked.connection.tell = said.append
    faked.has("ConfigMap")
    api.troubles += [None]  # half a second is no word worth
    faked.list("ConfigMap")
    assert said == []
    api.troubles += [BUSY, BUSY]
    faked.list("ConfigMap")
    assert said == [
        "the cluster is too busy to list configmaps (503): waiting for it, for 90 s at most",
        "the cluster answers again",
    ]
    assert len(pauses) == 3


def test_a_webhook_that_does_not_answer_is_named(faked: Cluster, api: Any) -> None:
    faked.has("ConfigMap")
    api.troubles += [refusal(500, "InternalError", 'failed calling webhook "validate.example": no endpoints')]
    with pytest.raises(ClusterError, match=r"validate\.example") as caught:
        faked.create(config_map("a"), "lagoon")
    assert "validatingwebhookconfigurations" in caught.value.hint


def test_patience_ends(faked: Cluster, api: Any, pauses: list[float]) -> None:
    faked.has("ConfigMap")
    api.troubles += [BUSY] * 100
    with pytest.raises(ClusterError, match="too busy to list configmaps") as caught:
        faked.list("ConfigMap")
    assert caught.value.status == 503
    assert "few minutes" in caught.value.hint
    assert sum(pauses) >= 90


def test_what_must_not_happen_twice_is_not_sent_twice(faked: Cluster, api: Any, pauses: list[float]) -> None:
    faked.has("ConfigMap")
    api.troubles += [(500, {}, b"{}")]
    with pytest.raises(ClusterError, match="cannot create ConfigMap/a"):
        faked.create(config_map("a"), "lagoon")
    api.troubles += [None]
    with pytest.raises(NetworkError):
        faked.create(config_map("a"), "lagoon")
    assert pauses == []


def test_a_cluster_that_goes_away_for_a_moment_is_waited_for(
    faked: Cluster, api: Any, pauses: list[float]
) -> None:
    faked.has("ConfigMap")
    api.troubles += [None, None, (502, {}, b"bad gateway")]
    assert faked.list("ConfigMap") == []
    assert len(pauses) == 3


def test_a_cluster_that_never_answered_is_not_waited_for(kubeconfig: Path, pauses: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    text = kubeconfig.read_text()
    data = json.loads(text)
    data["clusters"][0]["cluster"]["server"] = f"http://127.0.0.1:{free}"
    kubeconfig.write_text(json.dumps(data))
    with (
        Cluster.connect(kubeconfig=kubeconfig) as cluster,
        pytest.raises(NetworkError, match="connection is refused"),
    ):
        cluster.version()
    assert pauses == []


@pytest.mark.parametrize(
    ("trouble", "words", "mend"),
    [
        (
            refusal(401, "Unauthorized", "Unauthorized"),
            "does not accept the credentials of the context here",
            "log in",
        ),
        (
            refusal(403, "Forbidden", 'configmaps is forbidden: User "system:anonymous" cannot list'),
            "does not accept the credentials",
            "log in again",
        ),
        (
            refusal(403, "Forbidden", 'User "ada" cannot list resource "configmaps"'),
            "you may not list configmaps in the namespace lagoon",
            "administrator",
        ),
        (
            refusal(403, "Forbidden", "namespace reef is being terminated"),
            "is being deleted",
            "wait until it is gone",
        ),
        (refusal(403, "Forbidden", "exceeded quota: small"), "refuses to list configmaps", "quota"),
        ((404, {}, b"<html>a proxy</html>"), "<html>a proxy</html>", ""),
    ],
)
def test_refusals_are_told_in_words(faked: Cluster, api: Any, trouble: Any, words: str, mend: str) -> None:
    faked.has("ConfigMap")
    api.troubles += [trouble]
    with pytest.raises(ClusterError) as caught:
        faked.list("ConfigMap", "lagoon")
    assert words in caught.value.message
    assert mend in caught.value.hint
    assert "kept-to-itself" not in str(caught.value.to_json())


def test_permissions_are_asked_for(faked: Cluster, api: Any) -> None:
    api.denied = {"*", "delete"}
    assert not faked.may("*", "*").yes
    assert faked.may("get", "Secret", "lagoon").yes
    assert not faked.may("delete", "Secret", "lagoon").yes
    assert not faked.may("get", "cert-manager.io/v1/Issuer").yes


def test_a_context_that_is_not_there(kubeconfig: Path) -> None:
    with pytest.raises(OptionError, match="no context there") as caught:
        connect("there", kubeconfig=kubeconfig)
    assert "here" in caught.value.hint


def test_no_kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(InputError, match="no kubeconfig") as caught:
        connect()
    assert "KUBECONFIG" in caught.value.hint


@pytest.mark.parametrize("text", ["{", "[]", "clusters: 3", "current-context: a\ncontexts: [{name: a}]"])
def test_a_broken_kubeconfig(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config"
    file.write_text(text)
    with pytest.raises(InputError):
        connect(kubeconfig=file)


def test_a_login_program_that_fails_is_named(
    kubeconfig: Path, api: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    data = json.loads(kubeconfig.read_text())
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "sh",
        "args": ["-c", "echo the session has expired >&2; exit 1"],
        "interactiveMode": "Never",
    }
    data["users"][0]["user"] = {"exec": plugin}
    kubeconfig.write_text(json.dumps(data))
    api.troubles += [refusal(401, "Unauthorized", "Unauthorized")]
    with Cluster.connect(kubeconfig=kubeconfig) as cluster, pytest.raises(ClusterError) as caught:
        cluster.version()
    assert "the session has expired" in caught.value.message
    assert capfd.readouterr().err == ""


def test_another_language(faked: Cluster, api: Any) -> None:
    api.troubles += [(200, {}, b"<html>log in to the network</html>")]
    with pytest.raises(Exception, match="another language"):
        faked.version()
