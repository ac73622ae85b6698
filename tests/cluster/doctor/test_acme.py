"""What the chart's own proxy logs of an authority that refuses, in both of its styles."""

from __future__ import annotations

import pytest

from takeout.cluster.doctor.acme import read_refused

_OF = "one or more domains had a problem:\\n[hub.example.edu] invalid authorization: acme: error: 400 :: "
_END = '\\n" ACME CA=https://acme.example/dir domains=["hub.example.edu"] providerName=default.acme'
_NEW = 'ERR Unable to obtain ACME certificate for domains error="unable to generate a certificate: error: ' + _OF
_OLD = 'level=error msg="Unable to obtain ACME certificate for domains \\"hub.example.edu\\": unable to: ' + _OF
_URN = "urn:ietf:params:acme:error:"


_ASKED = "http://hub.example.edu:80/.well-known/x"


@pytest.mark.parametrize(
    ("line", "problem", "words"),
    [
        (_NEW, f'connection: Get "{_ASKED}": dial tcp 192.0.2.1:80: connection refused', "nothing on port 80"),
        (_NEW, f'connection: Get "{_ASKED}": could not resolve URL "{_ASKED}"', "finds no address"),
        (_OLD, "dns: DNS problem: NXDOMAIN looking up A for hub.example.edu - check that it exists", "no address"),
        (_NEW, f"unauthorized: 192.0.2.1: Invalid response from {_ASKED}: 404", "is not this proxy"),
        (_OLD, "rateLimited: too many failed authorizations (5) for a, retry after 2026-08-21 12:00", "too often"),
        (_NEW, "malformed: what is this", "the authority refuses"),
    ],
    ids=["port", "name", "old name", "another", "limit", "other"],
)
def test_a_refusal_is_read(line: str, problem: str, words: str) -> None:
    kind, _, detail = problem.partition(": ")
    escaped = detail.replace('"', '\\"')
    refused = read_refused(f"{line}{_URN}{kind} :: {escaped}{_END}")
    assert refused is not None
    assert refused.detail == problem
    assert words in refused.reason.words


def test_an_authority_that_is_not_reached_is_told() -> None:
    said = "cannot get ACME client get directory at 'https://acme.example/dir': dial tcp: lookup acme: i/o timeout"
    refused = read_refused(f'ERR Unable to obtain ACME certificate for domains error="{said}" domains=["a"]')
    assert refused is not None
    assert refused.detail == said
    assert "cannot be reached from the cluster" in refused.reason.words


def test_what_is_about_something_else_is_left() -> None:
    assert read_refused('ERR Error while starting server error="accept tcp [::]:8443: closed"') is None


def test_a_limit_is_not_met_with_one_more_attempt() -> None:
    limited = read_refused(f"{_NEW}{_URN}rateLimited :: too many{_END}")
    assert limited is not None
    assert not limited.reason.tries_again
