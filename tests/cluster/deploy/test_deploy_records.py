import base64
import gzip
import json
from typing import Any

import pytest
import yaml

from takeout.cluster.api import Cluster
from takeout.cluster.keep import keeping
from takeout.cluster.records import documents, read_records, rewrite, storage_driver
from takeout.errors import ClusterError, OptionError


def packed(release: dict[str, Any], kind: str = "Secret", *, plain: bool = False) -> dict[str, Any]:
    content = json.dumps(release).encode()
    text = base64.b64encode(content if plain else gzip.compress(content))
    if kind == "Secret":
        text = base64.b64encode(text)
    name = f"sh.helm.release.v1.{release['name']}.v{release['version']}"
    labels = {"owner": "helm", "name": release["name"], "version": str(release["version"])}
    return {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": {"name": name, "labels": labels},
        "data": {"release": text.decode()},
    }


def release(revision: int, status: str, **more: Any) -> dict[str, Any]:
    info = {"status": status, "last_deployed": "2026-05-05T10:00:00Z"}
    return {"name": "reef", "version": revision, "info": info, **more}


@pytest.mark.parametrize("kind", ["Secret", "ConfigMap"])
@pytest.mark.parametrize("plain", [True, False])
def test_records_of_both_drivers_are_read(faked: Cluster, api: Any, kind: str, plain: bool) -> None:
    for revision in (10, 9):
        api.put(packed(release(revision, "deployed"), kind, plain=plain), "reef")
    driver = storage_driver(kind.lower())
    assert [r.revision for r in read_records(faked, "reef", "reef", driver=driver)] == [9, 10]
    assert read_records(faked, "reef", "other", driver=driver) == []


def test_a_record_is_written_anew(faked: Cluster, api: Any) -> None:
    api.put(packed(release(1, "pending-install", config={"hub": {"token": "x"}})), "reef")
    (record,) = read_records(faked, "reef")
    rewrite(faked, record, {**record.release, "info": {"status": "failed"}})
    (after,) = read_records(faked, "reef")
    assert after.status == "failed"
    assert after.release["config"] == {"hub": {"token": "x"}}
    assert after.holder["metadata"]["labels"]["status"] == "failed"


def test_a_record_that_somebody_else_changed_is_left_alone(faked: Cluster, api: Any) -> None:
    api.put(packed(release(1, "pending-install")), "reef")
    (record,) = read_records(faked, "reef")
    api.put(packed(release(1, "deployed")), "reef")
    with pytest.raises(ClusterError, match="modified"):
        rewrite(faked, record, record.release)
    assert [r.status for r in read_records(faked, "reef")] == ["deployed"]


@pytest.mark.parametrize("text", ["", "%%%", "aGVsbG8="])
def test_a_broken_record_is_told(faked: Cluster, api: Any, text: str) -> None:
    item = packed(release(1, "deployed"))
    api.put({**item, "data": {"release": text}}, "reef")
    with pytest.raises(ClusterError, match=r"sh\.helm\.release\.v1\.reef\.v1 cannot be read"):
        read_records(faked, "reef")


def test_a_bomb_is_not_unpacked(faked: Cluster, api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("takeout.cluster.records._SIZE_MAX", 1000)
    api.put(packed(release(1, "deployed", manifest="x" * 10_000)), "reef")
    with pytest.raises(ClusterError, match="larger than"):
        read_records(faked, "reef")


def test_helms_drivers() -> None:
    assert [storage_driver(name) for name in ("", "secrets", "configmap", "sql")] == [
        "secret",
        "secret",
        "configmap",
        "sql",
    ]
    with pytest.raises(OptionError, match="no storage driver"):
        storage_driver("etcd")


MANIFEST = """\
---
# Source: jupyterhub/templates/hub/pvc.yaml
kind: PersistentVolumeClaim
apiVersion: v1
metadata:
  name: hub-db-dir
  annotations: {own: "yes"}
---
# Source: jupyterhub/templates/hub/configmap.yaml
kind: ConfigMap
apiVersion: v1
metadata: {name: hub}
data:
  text: |
    ---
    no document
"""


def test_claims_are_kept_and_everything_else_stays_as_it_is() -> None:
    kept = keeping(MANIFEST)
    claim, other = (item for _, item in documents(kept))
    assert claim["metadata"]["annotations"] == {"own": "yes", "helm.sh/resource-policy": "keep"}
    assert [other] == [item for _, item in documents(MANIFEST)][1:]
    assert len(list(yaml.safe_load_all(kept))) == 2
    assert keeping(kept) == kept


def test_a_manifest_without_claims_is_not_touched() -> None:
    manifest = "---\nkind: ConfigMap\nmetadata: {name: a}\n---\nkind: Secret\nmetadata: {name: b}\n"
    assert keeping(manifest) == manifest
