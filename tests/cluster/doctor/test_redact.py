"""Nothing that gives access leaves the cluster by a diagnosis."""

from __future__ import annotations

import pytest

from takeout.cluster.doctor.redact import REDACTED, redact

_TOKEN = "0123456789abcdef0123456789abcdef"  # noqa: S105 - looks like one, opens nothing


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        (f"Authorization: token {_TOKEN}", _TOKEN),
        (f"CONFIGPROXY_AUTH_TOKEN={_TOKEN[:12]}", _TOKEN[:12]),
        ('{"client_secret": "s3cr3t value", "a": 1}', "s3cr3t value"),
        ("client_secret='pa55'", "pa55"),
        ("password: hunter2", "hunter2"),
        ("postgresql://hub:hunter2@db:5432/hub", "hunter2"),
        ("302 GET /hub/oauth_callback?code=4%2F0AX4&state=eyJhIjoxfQ -> /hub/", "4%2F0AX4"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl", "eyJzdWIiOiJhZGEifQ"),
        ("using ghp_abcdefghij0123456789", "ghp_abcdefghij0123456789"),
        ("Bearer abcdef123456789", "abcdef123456789"),
        (f"cookie secret {_TOKEN * 2}", _TOKEN),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "MIIE"),
        ("-----BEGIN PRIVATE KEY-----\nMIIE cut off", "MIIE"),
    ],
)
def test_what_gives_access_is_taken_out(text: str, gone: str) -> None:
    assert gone not in redact(text)
    assert REDACTED in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        'MountVolume.SetUp failed for volume "secret" : secret "hub" not found',
        'Error: secret "hub" not found',
        "couldn't find key hub.services.x.apiToken in Secret hub/hub",
        "api_request to proxy failed: HTTP 403: Forbidden",
        "errno: -111, code: 'ECONNREFUSED'",
        "Loading cookie_secret from /srv/jupyterhub/jupyterhub_cookie_secret",
        "quay.io/a/b@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef not found",
        "pvc-5a2122c0-52c4-11e8-bae9-42010a800282",
        "https://hub.example.edu/hub/oauth_callback",
        "No token found; password is None",
    ],
)
def test_what_a_person_needs_stays(text: str) -> None:
    assert redact(text) == text


def test_colours_go() -> None:
    assert redact("\x1b[31merror\x1b[39m: 503 GET /hub/") == "error: 503 GET /hub/"


def test_redacting_twice_changes_nothing_more() -> None:
    once = redact(f'token={_TOKEN} password: "a b"')
    assert redact(once) == once
