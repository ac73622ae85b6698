from pathlib import Path
from typing import Any

import httpx
import pytest

from cluster.deploy.checks import Look, node, storage_class, whats
from takeout.chart.images import parse_image
from takeout.cluster.preflight.checks.images import ask
from takeout.cluster.preflight.run import CHECKS, stands_in_the_way
from takeout.cluster.preflight.versions import satisfies
from takeout.errors import OptionError


def test_a_fitting_cluster_is_ready(look: Look, api: Any) -> None:
    api.put(storage_class("disks", default=True))
    api.put(node("n1"))
    results = look()
    assert {result.status for result in results.values()} == {"ok"}, results
    assert not stands_in_the_way(results.values())


def test_every_fault_is_found_at_once(look: Look, api: Any) -> None:
    api.version = "v1.20.0"
    api.denied = {"*", "create"}
    results = look()
    assert {name for name, result in results.items() if result.status == "wrong"} == {
        "version",
        "permissions",
        "storage",
    }
    assert "needs Kubernetes >=1.28.0-0; the cluster is v1.20.0" in whats(results["version"])
    assert "you may not create Secrets in the namespace lagoon, which Helm's record" in whats(
        results["permissions"]
    )
    assert "no default one" in whats(results["storage"])
    assert stands_in_the_way(results.values())


def test_a_check_can_be_left_out(look: Look) -> None:
    assert look(skip=["storage"])["storage"].status == "not done"
    with pytest.raises(OptionError, match="no check weather"):
        look(skip=["weather"])


def test_placeholders_are_in_the_way(look: Look, replica: Path) -> None:
    (replica / "secrets.yaml").write_text('hub: {config: {DummyAuthenticator: {password: "<fill in: a>"}}}\n')
    assert look()["secrets"].status == "wrong"


def test_classes_that_are_not_there(look: Look, api: Any) -> None:
    api.put(storage_class("disks", default=True))
    dynamic = "{storageClass: fast, storageAccessModes: [ReadWriteMany]}"
    results = look(f"singleuser: {{storage: {{type: dynamic, dynamic: {dynamic}}}}}")
    assert "names the storage class fast, which is not there" in whats(results["storage"])
    assert "the cluster's classes are disks" in results["storage"].problems[0].mend
    api.put(storage_class("fast"))
    results = look()
    assert results["storage"].status == "doubtful"
    assert "is not known to make such volumes" in whats(results["storage"])
    api.put(storage_class("fast", "efs.csi.aws.com"))
    assert look()["storage"].status == "ok"


def test_a_claim_for_homes_that_nobody_makes(look: Look, api: Any) -> None:
    local = "singleuser: {storage: {type: static, static: {pvcName: homes}}}"
    assert "homes live in the claim homes" in whats(look(local)["homes"])
    api.put({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "homes"}}, "lagoon")
    assert look(local)["homes"].status == "ok"


INGRESS = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: jupyterhub, annotations: {cert-manager.io/cluster-issuer: letsencrypt}}
spec: {ingressClassName: nginx}
"""


def test_ingress_classes_and_issuers(look: Look) -> None:
    results = look(template=INGRESS)
    assert "no ingress class nginx: it has none" in whats(results["ingress"])
    assert "ClusterIssuer/letsencrypt is to give the certificate" in whats(results["ingress"])
    assert results["ingress"].status == "doubtful"


def test_a_domain_that_leads_elsewhere(look: Look, api: Any) -> None:
    balancer = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "ingress"},
        "spec": {"type": "LoadBalancer"},
        "status": {"loadBalancer": {"ingress": [{"ip": "198.51.100.7"}]}},
    }
    assert look()["dns"].status == "ok"
    api.put(balancer, "ingress")
    assert "leads to 192.0.2.1, and the cluster's entrances are 198.51.100.7" in whats(look()["dns"])
    balancer["status"]["loadBalancer"]["ingress"].append({"ip": "192.0.2.1"})  # type: ignore[index]
    api.put(balancer, "ingress")
    assert look()["dns"].status == "ok"


def test_what_is_anothers(look: Look, api: Any) -> None:
    hub = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "hub"}}
    api.put(hub, "lagoon")
    assert "ConfigMap/hub is there already, and belongs to nobody that Helm knows" in whats(look()["owners"])
    hub["metadata"] = {
        "name": "hub",
        "annotations": {"meta.helm.sh/release-name": "other", "meta.helm.sh/release-namespace": "lagoon"},
    }
    api.put(hub, "lagoon")
    assert "belongs to the release other in the namespace lagoon" in whats(look()["owners"])
    hub["metadata"]["annotations"]["meta.helm.sh/release-name"] = "reef"  # type: ignore[index]
    api.put(hub, "lagoon")
    assert look()["owners"].status == "ok"


def test_kinds_that_nobody_brings(look: Look) -> None:
    monitor = "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: hub}\n"
    results = look(template=monitor)
    assert results["kinds"].status == "wrong"
    assert "Prometheus operator" in results["kinds"].problems[0].mend


def test_a_namespace_that_goes_or_is_strict(look: Look, api: Any) -> None:
    space: dict[str, Any] = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "lagoon"}}
    space["metadata"]["deletionTimestamp"] = "2026-05-05T10:00:00Z"
    api.put(space)
    assert "is being deleted" in whats(look()["namespace"])
    space["metadata"] = {"name": "lagoon", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}
    api.put(space)
    assert look()["namespace"].status == "ok"
    assert "no privileged container" in whats(
        look("singleuser: {cloudMetadata: {blockWithIptables: true}}")["namespace"]
    )


def test_images_on_the_nodes_need_no_registry(look: Look, api: Any) -> None:
    local = "singleuser: {image: {name: registry.example.edu/lab, tag: '1'}}"
    item = node("n1")
    api.put(item)
    assert look(local)["images"].note == "1 images are not on a node yet, and registries were not asked"
    item["status"]["images"] = [{"names": ["registry.example.edu/lab:1"]}]
    api.put(item)
    assert look(local)["images"].status == "ok"


def test_a_registry_is_asked_as_a_stranger() -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.method} {request.url}")
        if request.url.path == "/token":
            return httpx.Response(200, json={"token": "for-anybody"})
        if "Authorization" not in request.headers:
            challenge = 'Bearer realm="https://auth.example/token",service="registry",scope="repository:lab:pull"'
            return httpx.Response(401, headers={"www-authenticate": challenge})
        return httpx.Response(200 if "/library/python/" in request.url.path else 404)

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        found = [ask(client, image) for text in ("python:3", "quay.io/a/none:1") if (image := parse_image(text))]
    assert found == [200, 404]
    assert asked[0] == "HEAD https://registry-1.docker.io/v2/library/python/manifests/3"


def test_a_silent_registry_gives_no_answer() -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route")

    image = parse_image("quay.io/a/b:1")
    assert image is not None
    with httpx.Client(transport=httpx.MockTransport(fail)) as client:
        assert ask(client, image) is None


@pytest.mark.parametrize(
    ("version", "wanted", "fits"),
    [
        ("v1.34.1", ">=1.28.0-0", True),
        ("v1.27.9-gke.100", ">=1.28.0-0", False),
        ("v1.28.3-gke.100", ">=1.28.0-0", True),
        ("v1.30.0", ">=1.20 <1.25 || ~1.30", True),
        ("v1.30.0", "no range", True),
    ],
)
def test_versions(version: str, wanted: str, fits: bool) -> None:
    assert satisfies(version, wanted) is fits


def test_every_check_has_an_id_of_its_own() -> None:
    assert len({check.id for check in CHECKS}) == len(CHECKS)
