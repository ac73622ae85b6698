"""Causes come first, consequences below them."""

from __future__ import annotations

from takeout.cluster.doctor.conditions import all_conditions
from takeout.cluster.doctor.diagnose import Diagnosed, diagnose
from takeout.cluster.doctor.picture import read_picture

_HUB_WAITS = """
objects:
- kind: Pod
  metadata: {name: hub-1, labels: {component: hub}}
  spec: {containers: [{name: hub}], volumes: [{name: a, configMap: {name: motd}}]}
  status: {phase: Pending}
- kind: Pod
  metadata: {name: proxy-1, labels: {component: proxy}}
  spec: {containers: [{name: chp}]}
  status: {phase: Running, conditions: [{type: Ready, status: "True"}]}
- {kind: Service, metadata: {name: hub}, spec: {selector: {component: hub}}}
probes: [{what: proxy, url: 'http://proxy-1:8000/hub/health', status: 503}]
release: {name: hub, status: failed, revision: 2, description: timed out, values: {hub: {}, singleuser: {}}}
"""


def tree(diagnosis: tuple[Diagnosed, ...]) -> list[tuple[str, list[str]]]:
    return [(d.condition.id, [each.condition.id for each in d.walk()][1:]) for d in diagnosis]


def of(given: str) -> tuple[Diagnosed, ...]:
    return diagnose(read_picture(given), all_conditions())


def test_a_healthy_hub_has_nothing() -> None:
    assert of("{}") == ()


def test_what_follows_from_a_cause_stands_below_it() -> None:
    assert tree(of(_HUB_WAITS)) == [("H01", ["H15", "H27"])]


def test_two_causes_stand_beside_each_other_the_heavier_first() -> None:
    diagnosis = of(
        """
objects:
- {kind: Pod, metadata: {name: proxy-1, labels: {component: proxy}}}
- kind: Pod
  metadata:
    name: jupyter-ada
    labels: {component: singleuser-server}
    annotations: {hub.jupyter.org/username: ada}
  spec: {containers: [{name: notebook, image: 'a:b'}]}
  status:
    phase: Pending
    containerStatuses: [{name: notebook, state: {waiting: {reason: ErrImagePull, message: not found}}}]
- kind: Pod
  metadata: {name: hub-1, labels: {component: hub}}
  spec: {containers: [{name: hub, image: 'c:d'}]}
  status:
    phase: Pending
    containerStatuses: [{name: hub, state: {waiting: {reason: ErrImagePull, message: not found}}}]
release: {name: hub, values: {cull: {enabled: false}, hub: {}, singleuser: {}}}
"""
    )
    assert [d.finding.subject for d in diagnosis] == ["Image/c:d", "Image/a:b", "Service/jupyterhub-idle-culler"]


def test_a_start_that_was_given_up_follows_from_what_its_pod_waited_for() -> None:
    diagnosis = of(
        """
objects:
- {kind: Pod, metadata: {name: hub-1, labels: {component: hub}}, spec: {containers: [{name: hub}]}}
- kind: Event
  involvedObject: {kind: Pod, name: jupyter-ada}
  reason: FailedScheduling
  message: 'persistentvolumeclaim "home-nfs" not found'
logs: {hub-1/hub: "[W] ada's server failed to start in 300 seconds, giving up."}
"""
    )
    assert tree(diagnosis) == [("H03", ["H22"])]


def test_a_start_of_somebody_else_does_not_follow_from_it() -> None:
    diagnosis = of(
        """
objects:
- {kind: Pod, metadata: {name: hub-1, labels: {component: hub}}, spec: {containers: [{name: hub}]}}
- kind: Event
  involvedObject: {kind: Pod, name: jupyter-ada}
  reason: FailedScheduling
  message: 'persistentvolumeclaim "home-nfs" not found'
logs: {hub-1/hub: "[W] bob's server failed to start in 300 seconds, giving up."}
"""
    )
    assert tree(diagnosis) == [("H03", []), ("H22", [])]


def test_a_domain_that_leads_elsewhere_explains_the_certificate() -> None:
    diagnosis = of(
        """
objects:
- kind: Ingress
  metadata: {name: jupyterhub, annotations: {cert-manager.io/cluster-issuer: a}}
  spec: {rules: [{host: hub.example.edu}], tls: [{hosts: [hub.example.edu], secretName: tls}]}
  status: {loadBalancer: {ingress: [{ip: 198.51.100.7}]}}
- kind: Certificate
  metadata: {name: tls}
  spec: {secretName: tls}
  status: {conditions: [{type: Ready, status: "False"}]}
lookups: {hub.example.edu: [203.0.113.9]}
"""
    )
    assert tree(diagnosis) == [("H14", ["H13"])]


def test_an_end_that_is_explained_is_not_a_cause_of_its_own() -> None:
    diagnosis = of(
        """
objects:
- kind: Pod
  metadata: {name: hub-1, labels: {component: hub}}
  spec: {containers: [{name: hub}]}
  status:
    containerStatuses:
    - {name: hub, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 1}}}
previous:
  hub-1/hub: |
    Loading extra config: 10-own
    Traceback (most recent call last):
      File "/usr/local/etc/jupyterhub/jupyterhub_config.py", line 542, in <module>
      File "<string>", line 3, in <module>
    NameError: name 'x' is not defined
"""
    )
    assert tree(diagnosis) == [("H10", ["H28"])]


def test_nothing_is_lost_and_nothing_stands_twice() -> None:
    snapshot = read_picture(_HUB_WAITS)
    walked = [each for d in diagnose(snapshot, all_conditions()) for each in d.walk()]
    assert len(walked) == sum(len(list(condition.look(snapshot))) for condition in all_conditions())
