"""What a rule leaves in place on purpose is accounted for in the nets."""

from __future__ import annotations

from takeout.adapt.context import Context, HubFacts, Options, Storage
from takeout.adapt.engine import Adaptation, adapt
from takeout.adapt.nets import Finding, cast, surprises
from takeout.adapt.rules import all_rules
from takeout.adapt.terms import Term
from takeout.targets import load_target
from takeout.values.read import read_yaml

_TERMS = (Term("origin", "organisation", "cluster.yaml"),)
_CLAIMS = Storage()


def _adapted(
    text: str,
    rendered: list[dict[str, object]] | None = None,
    *,
    terms: tuple[Term, ...] = _TERMS,
    storage: Storage = _CLAIMS,
) -> tuple[Adaptation, list[Finding]]:
    context = Context(HubFacts("prod"), load_target("any"), terms, Options("hub.example.edu", storage))
    result = adapt(read_yaml(text, "given").values, context, all_rules())
    found = cast(result.values, result.manifests, context, rendered)
    assert found
    return result, surprises(found, result.actions, result.keeps)


def test_a_volume_that_is_encrypted_in_a_list() -> None:
    name = "<secret: hub.extraContainers[0].volumeMounts[0].name>"
    mount = f'{{name: "{name}", mountPath: /data}}'
    values = f"jupyterhub: {{hub: {{extraContainers: [{{name: x, image: y, volumeMounts: [{mount}]}}]}}}}"
    result, left = _adapted(values)
    assert left == []
    assert [action.blocking for action in result.actions if action.id == "fill-in-lists"] == [True]


def test_what_is_encrypted_in_a_list_of_people_keeps_no_pod_from_starting() -> None:
    values = 'jupyterhub: {hub: {config: {Own: {groups: ["<secret: a[0]>"]}}, image: {name: quay.io/origin/hub}}}'
    result, left = _adapted(values)
    assert left == []
    assert [action.blocking for action in result.actions if action.id == "fill-in-lists"] == [False]


def test_an_image_of_the_origin_with_its_tag_and_nothing_else_of_a_pod() -> None:
    values = (
        "jupyterhub: {hub: {image: {name: quay.io/origin/hub}}, singleuser: {image: {name: origin/user, tag: a}}}"
    )
    containers = [{"image": "quay.io/origin/hub:4.3.3"}, {"image": "origin/user:a"}, {"command": ["/bin/origin"]}]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {"containers": containers}}
    _, left = _adapted(values, [pod])
    assert [(finding.manifest, finding.subject) for finding in left] == [("Pod/x", "/bin/origin")]


def test_the_images_of_the_chart_that_serves_homes() -> None:
    containers = [{"image": "ghcr.io/2i2c-org/nfs-ganesha:1.2.0"}, {"image": "quay.io/2i2c/another:1"}]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {"containers": containers}}
    terms = (Term("2i2c", "organisation", "cluster.yaml"),)
    _, left = _adapted("jupyterhub: {}", [pod], terms=terms, storage=Storage("home-nfs"))
    assert [finding.subject for finding in left if finding.net == "origin"] == ["quay.io/2i2c/another:1"]
