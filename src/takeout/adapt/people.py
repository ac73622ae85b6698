"""Who of the people in a hub's values is the origin's staff."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from takeout.adapt.rule import Draft

# Domains where everyone can have an address; sharing one says nothing about an employer.
PUBLIC_MAIL = frozenset({
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com", "me.com",
    "proton.me", "protonmail.com", "gmx.de", "gmx.net", "mail.com", "fastmail.com", "posteo.de", "web.de",
})  # fmt: skip

_PLACEHOLDER = re.compile(r"<staff_\w+>")
_STAFF_LIST = re.compile(r"staff_\w*ids")


@dataclass(frozen=True, slots=True)
class Staff:
    """The origin's staff.

    Attributes:
        names: Login names and addresses, in lower case.
        domains: Domains of their addresses, in lower case; never one where everyone can have an address.
    """

    names: frozenset[str]
    domains: frozenset[str]

    def __contains__(self, name: object) -> bool:
        """Whether a login name or an address is of the staff, or stands for staff lists of old configurations."""
        if not isinstance(name, str):
            return False
        text = name.strip().lower()
        local, _, domain = text.rpartition("@")
        # A private address that begins with a staff member's own login name.
        is_private = domain in PUBLIC_MAIL and local in self.names
        return text in self.names or domain in self.domains or is_private or bool(_PLACEHOLDER.fullmatch(text))


def staff_keys(draft: Draft) -> list[str]:
    """Return the keys below ``jupyterhub.custom`` whose mappings list an organisation's staff."""
    custom = draft.get_map("jupyterhub.custom")
    return [
        key
        for key, value in custom.items()
        if isinstance(value, dict) and any(_STAFF_LIST.fullmatch(inner) for inner in value)
    ]


def find_staff(draft: Draft) -> Staff:
    """Return the staff that the values' own staff lists and the source's list of people name."""
    names = {term.text.lower() for term in draft.context.terms if term.kind == "person"}
    for key in staff_keys(draft):
        for inner, value in draft.get_map(("jupyterhub", "custom", key)).items():
            if _STAFF_LIST.fullmatch(inner) and isinstance(value, list):
                names |= {name.strip().lower() for name in value if isinstance(name, str)}
    domains = Counter(name.rpartition("@")[2] for name in names if "@" in name)
    # One address may be a guest's; two of the same domain are an employer's.
    shared = {domain for domain, count in domains.items() if count > 1 and domain not in PUBLIC_MAIL}
    return Staff(frozenset(names), frozenset(shared | _own_domains(draft)))


def _own_domains(draft: Draft) -> set[str]:
    """Return the origin's domains that bear its name, such as ``origin.org`` of the organisation ``origin``."""
    names = {term.text.lower() for term in draft.context.terms if term.kind == "organisation"}
    domains = {term.text.lower() for term in draft.context.terms if term.kind == "domain"}
    return {domain for domain in domains if domain.count(".") == 1 and domain.partition(".")[0] in names}
