"""The references net: what is named, what is there, and what is neither."""

from __future__ import annotations

import base64
from textwrap import dedent
from typing import Any

import pytest
import yaml

from takeout.adapt.context import Context, Dependency, HubFacts
from takeout.adapt.nets.references import references, references_of_manifests
from takeout.targets import Ingress, StorageClass, Target
from takeout.values.node import Mapping, from_data

TARGET = Target(
    "t",
    storage_classes=(StorageClass("fast", "x"),),
    ingress=Ingress("nginx", "nginx", "letsencrypt", (), "ingress"),
)
DEPENDENCIES = {
    "jupyterhub": Dependency("jupyterhub", "jupyterhub", "4.3.3", "https://x"),
    "dask": Dependency("dask", "dask-gateway", "1", "https://x", "dask.wanted"),
    "binderhub-service": Dependency("binderhub-service", "binderhub-service", "1", "https://x"),
}
CONTEXT = Context(HubFacts("prod", dependencies=DEPENDENCIES), TARGET)


def node(text: str) -> Mapping:
    values = from_data(yaml.safe_load(text))
    assert isinstance(values, Mapping)
    return values


def subjects(text: str, *manifests: dict[str, Any]) -> list[str]:
    return [finding.subject for finding in references(node(text), manifests, CONTEXT)]


def rendered(text: str) -> list[tuple[str, str]]:
    return [
        (f.manifest, f.subject) for f in references_of_manifests(list(yaml.safe_load_all(dedent(text))), CONTEXT)
    ]


@pytest.mark.parametrize(
    ("values", "subject"),
    [
        ("hub: {extraEnv: {A: {valueFrom: {configMapKeyRef: {name: x, key: k}}}}}", "ConfigMap/x"),
        (
            "hub: {extraEnv: [{name: A, valueFrom: {secretKeyRef: {name: x, key: k, optional: false}}}]}",
            "Secret/x",
        ),
        ("hub: {extraContainers: [{name: c, envFrom: [{secretRef: {name: x}}]}]}", "Secret/x"),
        ("hub: {extraContainers: [{name: c, envFrom: [{configMapRef: {name: x}}]}]}", "ConfigMap/x"),
        ("hub: {extraVolumes: [{name: v, configMap: {name: x, items: [{key: a, path: b}]}}]}", "ConfigMap/x"),
        ("hub: {extraVolumes: [{name: v, secret: {secretName: x}}]}", "Secret/x"),
        ("hub: {extraVolumes: [{name: v, projected: {sources: [{secret: {name: x}}]}}]}", "Secret/x"),
        ("hub: {extraVolumes: {v: {name: v, persistentVolumeClaim: {claimName: x}}}}", "PersistentVolumeClaim/x"),
        ("hub: {existingSecret: x}", "Secret/x"),
        ("hub: {serviceAccount: {create: false, name: x}}", "ServiceAccount/x"),
        ("hub: {db: {pvc: {storageClassName: x}}}", "StorageClass/x"),
        ("hub: {config: {KubeSpawner: {service_account: x}}}", "ServiceAccount/x"),
        ("hub: {config: {KubeSpawner: {image_pull_secrets: [x]}}}", "Secret/x"),
        ("hub: {services: {a: {url: 'http://x:80/a'}}}", "Service/x"),
        ("hub: {services: {a: {url: 'http://x.other.svc.cluster.local:80'}}}", "Service/x.other"),
        ("hub: {extraEnv: {A: 'redis://user:pw@x:6379/0'}}", "Service/x"),
        ("hub: {extraEnv: {A: p.x.other.svc}}", "Service/x.other"),
        ("singleuser: {storage: {type: static, static: {pvcName: x}}}", "PersistentVolumeClaim/x"),
        ("singleuser: {storage: {dynamic: {storageClass: x}}}", "StorageClass/x"),
        ("singleuser: {serviceAccountName: x}", "ServiceAccount/x"),
        ("singleuser: {image: {pullSecrets: []}}\nimagePullSecrets: [{name: x}]", "Secret/x"),
        ("singleuser: {extraPodConfig: {priorityClassName: x}}", "PriorityClass/x"),
        ("singleuser: {extraPodConfig: {runtimeClassName: x}}", "RuntimeClass/x"),
        (
            (
                "singleuser: {profileList: [{kubespawner_override: {environment: "
                "{A: {valueFrom: {secretKeyRef: {name: x, key: k}}}}}}]}"
            ),
            "Secret/x",
        ),
        (
            (
                "singleuser: {profileList: [{kubespawner_override: {volumes: "
                "[{name: v, persistent_volume_claim: {claim_name: x}}]}}]}"
            ),
            "PersistentVolumeClaim/x",
        ),
        (
            "singleuser: {networkPolicy: {egress: [{to: [{namespaceSelector: {matchLabels: {name: x}}}]}]}}",
            "Namespace/x",
        ),
        ("singleuser: {extraPodConfig: {schedulerName: x}}", "Scheduler/x"),
        ("httpRoute: {enabled: true, gateway: {name: x, namespace: y}}", "Gateway/x"),
        ("ingress: {enabled: true, ingressClassName: x}", "IngressClass/x"),
        ("ingress: {enabled: true, annotations: {cert-manager.io/cluster-issuer: x}}", "ClusterIssuer/x"),
        ("ingress: {enabled: true, annotations: {kubernetes.io/ingress.class: x}}", "IngressClass/x"),
        ("ingress: {enabled: true, tls: [{secretName: x, hosts: [h]}]}", "Secret/x"),
        ("proxy: {https: {enabled: true, type: secret, secret: {name: x}}}", "Secret/x"),
    ],
)
def test_what_is_named_and_not_there(values: str, subject: str) -> None:
    found = references(Mapping({"jupyterhub": node(values)}), [], CONTEXT)
    assert [f.subject for f in found] == [subject]
    assert found[0].net == "references"
    assert found[0].path[0] == "jupyterhub"
    assert "which nothing makes" in found[0].message


@pytest.mark.parametrize(
    "values",
    [
        "hub: {extraEnv: {A: {valueFrom: {secretKeyRef: {name: x, key: k, optional: true}}}}}",
        "hub: {extraEnv: {A: {valueFrom: {secretKeyRef: {name: hub, key: hub.config.CryptKeeper.keys}}}}}",
        "hub: {extraEnv: {A: {valueFrom: {fieldRef: {fieldPath: metadata.name}}}}}",
        "hub: {db: {type: postgres, pvc: {storageClassName: x}, url: 'postgresql+psycopg2://u@db.example.org/x'}}",
        "hub: {db: {pvc: {storageClassName: fast}}}",
        "hub: {serviceAccount: {create: true, name: x}}",
        "hub: {services: {a: {url: 'http://hub:8081/hub/api', b: 'http://proxy-public/x', c: 'http://localhost:1'}}}",
        "hub: {services: {a: {url: 'http://hub.prod.svc.cluster.local:8081'}}}",
        "hub: {extraEnv: {A: a.db.svc.example.org, B: my.svc.x.org, C: hub.prod.svc., D: hub.prod.svc.x.local}}",
        "hub: {services: {a: {url: 'https://docs.example.org:8080/x', b: 'http://{name}:80', c: 'http://10.0.0.1'}}}",
        "hub: {extraVolumes: [{name: v, csi: {volumeAttributes: {secret: plain, configMap: {a: b}}}}]}",
        "singleuser: {storage: {type: dynamic, static: {pvcName: x}}}",
        "singleuser: {storage: {type: static, static: {pvcName: 'home-{username}'}, dynamic: {storageClass: x}}}",
        "singleuser: {serviceAccountName: null}",
        "singleuser: {extraPodConfig: {schedulerName: prod-user-scheduler}}",
        "httpRoute: {enabled: false, gateway: {name: x}}",
        "custom: {gateway: {name: x, replicas: 2}}",
        "singleuser: {extraPodConfig: {priorityClassName: system-node-critical}}",
        "ingress: {ingressClassName: x}",
        "ingress: {enabled: false, ingressClassName: x}",
        (
            "ingress: {enabled: true, ingressClassName: nginx, "
            "annotations: {cert-manager.io/cluster-issuer: letsencrypt}, tls: [{secretName: x}]}"
        ),
        "proxy: {https: {enabled: true, type: letsencrypt, secret: {name: x}}}",
        (
            "imagePullSecret: {create: true}\nsingleuser: {image: {pullSecrets: [a]}}\nimagePullSecrets: "
            "[{name: image-pull-secret}]"
        ),
        "custom: {configMap: {name: x, more: y}}",
    ],
)
def test_what_is_there_or_takes_no_effect(values: str) -> None:
    assert references(Mapping({"jupyterhub": node(values)}), [], CONTEXT) == []


def test_a_token_of_a_service_that_was_taken_out_is_missing() -> None:
    env = "{valueFrom: {secretKeyRef: {name: hub, key: hub.services.s.apiToken}}}"
    assert subjects(f"jupyterhub: {{hub: {{extraEnv: {{A: {env}}}}}}}") == ["Secret/hub/hub.services.s.apiToken"]
    assert subjects(f"jupyterhub: {{hub: {{services: {{s: {{}}}}, extraEnv: {{A: {env}}}}}}}") == []


def test_manifests_of_the_replica_are_there_and_are_read_themselves() -> None:
    values = (
        "jupyterhub: {singleuser: {serviceAccountName: sa, storage: {type: static, static: {pvcName: homes}}}}"
    )
    account = {"kind": "ServiceAccount", "metadata": {"name": "sa"}}
    claim = {
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "homes"},
        "spec": {"storageClassName": "", "volumeName": "disk"},
    }
    assert subjects(values, account, claim) == ["PersistentVolume/disk"]


def test_a_companion_counts_while_it_is_on() -> None:
    service = "jupyterhub: {hub: {services: {d: {url: 'http://traefik-prod-dask-gateway/'}}}}"
    named = "serviceAccountName: x"
    assert subjects(f"{service}\ndask: {{wanted: true, {named}}}") == ["ServiceAccount/x"]
    assert subjects(f"{service}\ndask: {{wanted: false, {named}}}") == ["Service/traefik-prod-dask-gateway"]
    assert (
        subjects("jupyterhub: {hub: {services: {b: {url: 'http://binderhub:8090'}}}}\nbinderhub-service: {}") == []
    )


@pytest.mark.parametrize(
    ("version", "host", "missing"),
    [
        ("0.1.0-0.dev.git.110.hd833d08", "prod-binderhub-service", []),
        ("0.1.0-0.dev.git.110.hd833d08", "binderhub", ["Service/binderhub"]),
        ("0.1.0-0.dev.git.255.h7580133", "binderhub", []),
        (
            "0.1.0-0.dev.git.255.h7580133",
            "prod-binderhub-service",
            ["Service/prod-binderhub-service"],
        ),
    ],
)
def test_a_chart_whose_names_changed_is_known_by_its_version(version: str, host: str, missing: list[str]) -> None:
    binder = Dependency("binderhub-service", "binderhub-service", version, "https://x")
    context = Context(HubFacts("prod", dependencies={"binderhub-service": binder}), TARGET)
    values = node(
        f"jupyterhub: {{hub: {{services: {{b: {{url: 'http://{host}:8090'}}}}}}}}\nbinderhub-service: {{}}"
    )
    assert [finding.subject for finding in references(values, [], context)] == missing


@pytest.mark.parametrize(
    ("values", "volume", "place"),
    [
        ("hub: {extraVolumeMounts: [{name: x, mountPath: /x}]}", "x", "hub.extraVolumeMounts.0"),
        (
            "hub: {initContainers: [{name: c, volumeMounts: [{name: x}]}]}",
            "x",
            "hub.initContainers.0.volumeMounts.0",
        ),
        (
            "singleuser: {storage: {type: dynamic, extraVolumeMounts: {a: {name: home}}}}",
            "home",
            "singleuser.storage.extraVolumeMounts.a",
        ),
        (
            (
                "singleuser: {profileList: [{profile_options: {o: {choices: {c: {kubespawner_override: "
                "{volume_mounts: [{name: x}]}}}}}}]}"
            ),
            "x",
            "singleuser.profileList.0.profile_options.o.choices.c.kubespawner_override.volume_mounts.0",
        ),
    ],
)
def test_a_mount_without_its_volume(values: str, volume: str, place: str) -> None:
    found = references(Mapping({"jupyterhub": node(values)}), [], CONTEXT)
    assert [(f.subject, ".".join(map(str, f.path[1:]))) for f in found] == [(f"Volume/{volume}", place)]


@pytest.mark.parametrize(
    "values",
    [
        "hub: {extraVolumes: [{name: x, emptyDir: {}}], extraVolumeMounts: [{name: x}, {name: pvc}]}",
        "singleuser: {storage: {type: static, static: {pvcName: '{x}'}, extraVolumeMounts: [{name: home}]}}",
        "singleuser: {storage: {extraVolumes: {a: {name: x}}, extraVolumeMounts: [{name: x}]}}",
        "singleuser: {profileList: [{kubespawner_override: {volumes: [{name: x}], volume_mounts: [{name: x}]}}]}",
        "hub: {extraVolumeMounts: null}",
        (
            "hub: {extraConfig: {a: 'c.KubeSpawner.volumes[\"x\"] = {}'}}\n"
            "singleuser: {storage: {extraVolumeMounts: [{name: x}]}}"
        ),
    ],
)
def test_mounts_that_have_their_volume(values: str) -> None:
    assert references(Mapping({"jupyterhub": node(values)}), [], CONTEXT) == []


def test_rendered_objects() -> None:
    found = rendered(
        """
        kind: Deployment
        metadata: {name: hub}
        spec:
          template:
            spec:
              serviceAccountName: hub
              imagePullSecrets: [{name: pull}]
              volumes: [{name: config, configMap: {name: hub}}, {name: s, secret: {secretName: gone}}]
              containers:
                - name: hub
                  volumeMounts: [{name: config}, {name: lost}]
                  env:
                    - {name: A, valueFrom: {configMapKeyRef: {name: hub, key: there}}}
                    - {name: B, valueFrom: {configMapKeyRef: {name: hub, key: not-there}}}
                    - {name: C, value: 'http://prometheus:9090'}
        ---
        {kind: ConfigMap, metadata: {name: hub}, data: {there: x, code: 'http://built-at-run-time'}}
        ---
        {kind: Ingress, metadata: {name: web, annotations: {cert-manager.io/cluster-issuer: letsencrypt}},
         spec: {ingressClassName: other, tls: [{secretName: made}],
                rules: [{http: {paths: [{backend: {service: {name: proxy}}}]}}]}}
        ---
        {kind: RoleBinding, metadata: {name: b}, roleRef: {kind: Role, name: r},
         subjects: [{kind: ServiceAccount, name: s}, {kind: User, name: u}]}
        ---
        {kind: ClusterRoleBinding, metadata: {name: c}, roleRef: {kind: ClusterRole, name: 'system:x'}}
        ---
        {kind: ServiceAccount, metadata: {name: hub}, secrets: [{name: token}]}
        ---
        {kind: StatefulSet, metadata: {name: st}, spec: {serviceName: headless,
         volumeClaimTemplates: [{metadata: {name: data}, spec: {storageClassName: slow}}],
         template: {spec: {containers: [{name: c, volumeMounts: [{name: data}]}]}}}}
        """
    )
    assert found == [
        ("Deployment/hub", "Secret/pull"),
        ("Deployment/hub", "Secret/gone"),
        ("Deployment/hub", "ConfigMap/hub/not-there"),
        ("Deployment/hub", "Service/prometheus"),
        ("Deployment/hub", "Volume/lost"),
        ("Ingress/web", "IngressClass/other"),
        ("Ingress/web", "Service/proxy"),
        ("RoleBinding/b", "Role/r"),
        ("RoleBinding/b", "ServiceAccount/s"),
        ("StatefulSet/st", "StorageClass/slow"),
    ]


def test_the_hubs_own_values_are_read_out_of_its_secret() -> None:
    values = "singleuser: {storage: {type: static, static: {pvcName: homes}, dynamic: {storageClass: x}}}"
    text = base64.b64encode(values.encode()).decode()
    secret = {"kind": "Secret", "metadata": {"name": "hub"}, "data": {"values.yaml": text}}
    found = references_of_manifests([secret], CONTEXT)
    assert [(f.manifest, f.subject, f.path) for f in found] == [("Secret/hub", "PersistentVolumeClaim/homes", ())]


def test_a_certificate_stands_for_its_secret() -> None:
    ingress = {"kind": "Ingress", "metadata": {"name": "web"}, "spec": {"tls": [{"secretName": "made"}]}}
    certificate = {"kind": "Certificate", "metadata": {"name": "c"}, "spec": {"secretName": "made"}}
    assert [f.subject for f in references_of_manifests([ingress], CONTEXT)] == ["Secret/made"]
    assert references_of_manifests([ingress, certificate], CONTEXT) == []


def test_an_object_that_is_made_twice() -> None:
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "homes"}}
    found = references_of_manifests([claim, {**claim, "metadata": {"name": "other"}}, claim], CONTEXT)
    assert [(f.subject, f.manifest) for f in found] == [("PersistentVolumeClaim/homes",) * 2]
    assert "made twice" in found[0].message
