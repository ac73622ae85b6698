"""Why an authority of certificates refuses: what the chart's own proxy writes into its log, in words.

Source: https://www.rfc-editor.org/rfc/rfc8555#section-6.7, for the kinds of problems
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_REFUSED = re.compile(r"Unable to obtain ACME certificate for domains|Cannot issue for|acme: error")
_PROBLEM = re.compile(r"urn:ietf:params:acme:error:(?P<kind>\w+) :: (?P<detail>.*)")
_ERROR = re.compile(r"error=\"(?P<detail>.*)|domains (?:\\\"[^\"]*\"[, ]*)+: (?P<older>.*)")
_END = re.compile(r"\\n(?!\\n)[\"\\ ]|\\n$|(?<!\\)\"(?: |$)")
_NO_ADDRESS = re.compile(r"could not resolve|NXDOMAIN|SERVFAIL|[Nn]o valid (?:IP|A) ")
_UNREACHED = "unreached"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why there is no certificate.

    Attributes:
        words: What the authority found, as the end of a sentence.
        mend: What to do.
        tries_again: Whether it is enough then to have the proxy ask once more.
        value: What is to be set in the values for it, by dotted path; empty where nothing.
    """

    words: str
    mend: str
    tries_again: bool = True
    value: str = ""


_THEN = "Then have the proxy ask again; too many attempts are refused for a week."
_REASONS: Mapping[str, Reason] = {
    "dns": Reason(
        "the authority finds no address for the name",
        f"Let the name lead to this cluster, and wait until name servers know it. {_THEN}",
    ),
    "connection": Reason(
        "the authority reaches nothing on port 80 of the address that the name has",
        "Let the name lead to this cluster, and open port 80 of its load balancer to the whole world: the "
        f"authority asks from many places. {_THEN}",
    ),
    "unauthorized": Reason(
        "what answers on port 80 at the name is not this proxy",
        "Let the name lead to this cluster alone, to no other address and through no other proxy; one that was "
        f"begun beside its predecessor is mistaken for that one. {_THEN}",
    ),
    "caa": Reason(
        "a CAA record of the domain names other authorities",
        f"At whoever keeps the domain, name this authority in the CAA record too, or take the record out. {_THEN}",
    ),
    "rateLimited": Reason(
        "it has been asked too often",
        "Wait until the time that it names: every start of the proxy is an attempt, and one more prolongs it.",
        tries_again=False,
    ),
    "rejectedIdentifier": Reason(
        "the authority gives none for this name",
        "Give the hub a name of a domain that is yours, and upgrade the release.",
        tries_again=False,
        value="proxy.https.hosts",
    ),
    "contact": Reason(
        "the authority takes no account with the address to write to",
        "Give an address of yours, of a domain that receives mail, and upgrade the release.",
        tries_again=False,
        value="proxy.https.letsencrypt.contactEmail",
    ),
    _UNREACHED: Reason(
        "the authority cannot be reached from the cluster",
        "Let pods reach the authority's address on port 443: see network policies, and whether nodes reach the "
        f"internet. {_THEN}",
    ),
}
_OTHER = Reason(
    "the authority refuses",
    "Let's Encrypt asks the hub's domain on port 80: the name has to lead to this cluster, and port 80 has to be "
    f"open, before the proxy asks. {_THEN}",
)


@dataclass(frozen=True, slots=True)
class Refused:
    """What a line of the proxy's log says.

    Attributes:
        detail: The authority's own sentence.
        reason: What that means.
    """

    detail: str
    reason: Reason


def read_refused(line: str) -> Refused | None:
    """Return what a line says of a certificate that did not come; None where it is about something else."""
    if not _REFUSED.search(line):
        return None
    problem = _PROBLEM.search(line)
    if problem is not None:
        detail = _END.split(problem["detail"])[0].replace('\\"', '"')
        kind = _kind(problem["kind"], detail)
        return Refused(f"{problem['kind']}: {detail}", _REASONS.get(kind, _OTHER))
    told = _ERROR.search(line)
    detail = _END.split((told["detail"] or told["older"]) if told else line)[0].replace('\\"', '"')
    unreached = "ACME client" in detail or "get directory" in detail
    return Refused(detail, _REASONS[_UNREACHED] if unreached else _OTHER)


def _kind(named: str, detail: str) -> str:
    if named in ("invalidContact", "unsupportedContact", "invalidEmail"):
        return "contact"
    return "dns" if named == "connection" and _NO_ADDRESS.search(detail) else named
