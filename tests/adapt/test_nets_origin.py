"""The origin net: what is a mention, and what only looks like one."""

from __future__ import annotations

import base64

import pytest
import yaml

from takeout.adapt.context import Context, HubFacts
from takeout.adapt.nets.finding import Finding, surprises
from takeout.adapt.nets.origin import comments, origin, origin_of_manifests
from takeout.adapt.rule import Action, Cover, Keep
from takeout.adapt.terms import Term, TermKind, mentions
from takeout.targets import Target
from takeout.values.node import Comments, Mapping, Scalar, from_data

ACME = Term("acme", "organisation", "cluster.yaml")
CLOUD = Term("acme.cloud", "domain", "cluster.yaml")
ACCOUNT = Term("123456789012", "account", "cluster.yaml")
ADDRESS = Term("10.0.0.5", "address", "values.yaml")
JO = Term("jo", "person", "staff.yaml")
MAIL = Term("jo@acme.org", "person", "staff.yaml")


def context(*terms: Term) -> Context:
    return Context(HubFacts("prod"), Target("any"), terms)


def values(text: str) -> Mapping:
    node = from_data(yaml.safe_load(text))
    assert isinstance(node, Mapping)
    return node


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("quay.io/acme/image", ACME),
        ("acme-org", ACME),
        ("run by ACME.", ACME),
        ("09-acme-add-staff", ACME),
        ("logsToAcme", ACME),
        ("acmeHub", ACME),
        ("hub.acme.cloud", CLOUD),
        ("https://ACME.cloud/hub", CLOUD),
        ("ops@acme.cloud.", CLOUD),
        ("arn:aws:iam::123456789012:role/x", ACCOUNT),
        ("nfs 10.0.0.5:/homes", ADDRESS),
        ("jo", JO),
        ("Jo", JO),
        ("ask jo@acme.org", MAIL),
    ],
)
def test_a_mention(text: str, term: Term) -> None:
    assert mentions(text, [term]) == [term]


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("acmeology", ACME),
        ("pacme", ACME),
        ("myacme.cloud", CLOUD),
        ("my-acme.cloud", CLOUD),
        ("acme.cloud.example.org", CLOUD),
        ("acme.cloudy", CLOUD),
        ("1123456789012", ACCOUNT),
        ("10.0.0.50", ADDRESS),
        ("210.0.0.5", ADDRESS),
        ("talk to jo about it", JO),
        ("jojo", JO),
        ("", ACME),
    ],
)
def test_no_mention(text: str, term: Term) -> None:
    assert mentions(text, [term]) == []


def test_mentions_keeps_the_order_of_the_terms_and_finds_terms_within_terms() -> None:
    assert mentions("https://hub.acme.cloud", [CLOUD, ACCOUNT, ACME]) == [CLOUD, ACME]


def test_no_terms_and_empty_terms_find_nothing() -> None:
    assert mentions("acme", []) == []
    assert mentions("acme", [Term("", "organisation", "x")]) == []


@pytest.mark.parametrize("kind", ["cluster", "account", "bucket", "address", "organisation", "domain"])
def test_a_term_is_text_and_not_a_pattern(kind: TermKind) -> None:
    assert mentions("a+b", [Term("a.b", kind, "x")]) == []


def test_origin_names_the_token_and_the_place() -> None:
    found = origin(
        values(
            """
            hub:
              image: {name: quay.io/acme/hub}
              config:
                admin: [jo, someone]
                note: ask (ops@acme.cloud), or see <https://acme.cloud/help>.
            singleuser:
              extraEnv: {acme_account: 123456789012}
              nodeSelector: {acme.cloud/pool: user}
            """
        ),
        context(ACME, CLOUD, ACCOUNT, JO),
    )
    assert [(f.subject, ".".join(map(str, f.path))) for f in found] == [
        ("quay.io/acme/hub", "hub.image.name"),
        ("jo", "hub.config.admin.0"),
        ("ops@acme.cloud", "hub.config.note"),
        ("https://acme.cloud/help", "hub.config.note"),
        ("acme_account", "singleuser.extraEnv.acme_account"),
        ("123456789012", "singleuser.extraEnv.acme_account"),
        ("acme.cloud/pool", "singleuser.nodeSelector.acme.cloud/pool"),
    ]
    assert "hub.image.name mentions 'quay.io/acme/hub'" in found[0].message
    assert "cluster.yaml" in found[0].message
    assert {f.net for f in found} == {"origin"}


def test_a_person_counts_in_lists_and_as_a_key_only() -> None:
    found = origin(values("{admins: [jo], users: {jo: true}, greeting: jo, text: hello jo}"), context(JO))
    assert [f.path for f in found] == [("admins", 0), ("users", "jo")]


def test_a_token_is_told_once_a_string_and_a_term_of_many_words_is_found() -> None:
    house = Term("acme works", "organisation", "x")
    found = origin(values("{a: acme acme acme, b: run by Acme Works for all}"), context(ACME, house))
    assert [f.subject for f in found] == ["acme", "Acme"]
    assert [f.subject for f in origin(values("b: run by Acme Works for all"), context(house))] == ["Acme Works"]


def test_truth_values_and_nulls_are_no_text() -> None:
    assert origin(values("{a: true, b: null, c: []}"), context(Term("true", "organisation", "x"))) == []


def test_rendered_objects_are_searched_with_secrets_in_clear() -> None:
    secret = base64.b64encode(b"hub:\n  operator: acme\n").decode()
    objects = [
        {"kind": "Secret", "metadata": {"name": "hub"}, "data": {"values.yaml": secret, "blob": "/////w=="}},
        {"kind": "Ingress", "metadata": {"name": "web"}, "spec": {"rules": [{"host": "hub.acme.cloud"}]}},
    ]
    found = origin_of_manifests(objects, context(ACME, CLOUD))
    assert [(f.manifest, f.subject, f.path) for f in found] == [
        ("Secret/hub", "acme", ()),
        ("Ingress/web", "hub.acme.cloud", ()),
    ]


def test_comments_are_counted_apart() -> None:
    node = Mapping({"a": Scalar("x", comments=Comments(("# run by acme", "# and more"), "# acme too"))})
    assert origin(node, context(ACME)) == []
    assert [(c.path, c.text) for c in comments(node, context(ACME))] == [
        (("a",), "# run by acme"),
        (("a",), "# acme too"),
    ]


def finding(path: tuple[str, ...], subject: str = "acme.cloud") -> Finding:
    return Finding("origin", subject, path, "", "" if path else "Secret/hub")


@pytest.mark.parametrize(
    ("cover", "found", "left"),
    [
        (Cover("origin", "*", "hub.text"), [finding(("hub", "text")), finding(())], []),
        (Cover("origin", "*", "hub.text"), [finding(())], [finding(())]),
        (Cover("origin", "*", "hub.text"), [finding(("hub", "text"), "acme"), finding(())], [finding(())]),
        (Cover("origin", "acme.*"), [finding(("hub", "text")), finding(())], []),
        (Cover("origin", "acme"), [finding(("hub", "text"))], [finding(("hub", "text"))]),
        (Cover("references", "*"), [finding(())], [finding(())]),
    ],
    ids=["rendered from there", "only rendered", "another rendered", "anywhere", "another subject", "another net"],
)
def test_a_cover_of_a_place_covers_what_is_rendered_out_of_it(
    cover: Cover, found: list[Finding], left: list[Finding]
) -> None:
    action = Action("look", "Look at it", "It mentions the origin.", covers=(cover,))
    assert surprises(found, [action], []) == left
    assert surprises(found, [], [Keep(cover, "it is ours")]) == left
