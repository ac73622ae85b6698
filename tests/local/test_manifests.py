from __future__ import annotations

from typing import Any

from takeout.local.manifests import HIDDEN, at, differing, leaves_of, settled, written


def pod(**container: Any) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": "notebook", "image": "i", **container}]}}


def places(before: Any, after: Any) -> list[str]:
    return [written(place) for place in differing(leaves_of(before), leaves_of(after))]


def test_items_of_lists_are_known_by_their_names_not_by_their_order() -> None:
    env = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    assert places(pod(env=env), pod(env=env[::-1])) == []
    changed = [env[0], {"name": "B", "value": "3"}]
    assert places(pod(env=env), pod(env=changed)) == ["spec.containers[notebook].env[B].value"]


def test_mounts_are_known_by_where_they_are() -> None:
    mounts = [{"name": "home", "mountPath": "/home", "subPath": "a"}, {"name": "home", "mountPath": "/shared"}]
    found = places(pod(volumeMounts=mounts), pod(volumeMounts=[{**mounts[0], "subPath": "b"}, mounts[1]]))
    assert found == ["spec.containers[notebook].volumeMounts[/home].subPath"]


def test_a_list_whose_items_nothing_tells_apart_is_one_place() -> None:
    before, after = pod(args=["a", "b"]), pod(args=["b"])
    assert places(before, after) == ["spec.containers[notebook].args"]
    assert at(leaves_of(after), ("spec", "containers", "[notebook]", "args")) == ["b"]


def test_what_is_on_one_side_alone_is_named_as_a_whole() -> None:
    volume = {"name": "shared", "persistentVolumeClaim": {"claimName": "x", "readOnly": True}}
    before = {"spec": {"volumes": [{"name": "home", "emptyDir": {}}, volume]}}
    after = {"spec": {"volumes": [{"name": "home", "emptyDir": {}}]}}
    for pair in ((before, after), (after, before)):
        assert places(*pair) == ["spec.volumes[shared]"]
    whole = at(leaves_of(before), ("spec", "volumes", "[shared]"))
    assert whole == {"persistentVolumeClaim": {"claimName": "x", "readOnly": True}}
    assert at(leaves_of(after), ("spec", "volumes", "[shared]")) is None


def test_true_is_not_one_and_nothing_asked_for_is_nothing() -> None:
    assert places(pod(tty=True), pod(tty=1)) == ["spec.containers[notebook].tty"]
    assert places(pod(env=[]), pod()) == []


def test_keys_with_dots_are_quoted() -> None:
    before, after = {"nodeSelector": {"a.b/c": "x", "d": "y"}}, {"nodeSelector": {"a.b/c": "z", "d": "y"}}
    assert places(before, after) == ['nodeSelector."a.b/c"']


def test_what_is_made_anew_each_time_is_no_difference_and_secrets_are_hidden() -> None:
    def given(token: str) -> dict[str, Any]:
        return pod(
            env=[{"name": "JUPYTERHUB_API_TOKEN", "value": token}, {"name": "URL", "value": "s3://key@host"}]
        )

    settled_pods = [settled(given(token), ("key",)) for token in ("one", "two")]
    assert settled_pods[0] == settled_pods[1]
    assert settled_pods[0]["spec"]["containers"][0]["env"][1]["value"] == f"s3://{HIDDEN}@host"
