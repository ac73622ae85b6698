"""Take out of texts of a cluster what gives access: a diagnosis is shown around."""

from __future__ import annotations

import re

REDACTED = "[redacted]"

_NAMED = (
    r"[\w.-]*(?:token|secret|passw(?:or)?d|pwd|api[_-]?key|private[_-]?key|access[_-]?key|credential|cookie|"
    r"signature|_xsrf|session)[\w.-]*"
)
_VALUE = r"(?:\"[^\"]*\"|'[^']*'|(?!\[redacted\]|\[secret\]|None\b|True\b|False\b|null\b)[^\s,;&)}\]\"']+)"
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\x1b\[[0-9;]*m"), ""),  # colours, which configurable-http-proxy writes wherever its log goes
    (
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
        REDACTED,
    ),
    # A password in an address: postgresql://hub:…@db/hub
    (
        re.compile(r"(?P<keep>\b[a-z][a-z0-9+.-]*://[^/\s:@\"']*:)[^@/\s\"']+(?=@)", re.IGNORECASE),
        rf"\g<keep>{REDACTED}",
    ),
    (
        re.compile(r"(?P<keep>\b(?:Bearer|Basic|token)\s+)(?=[^\s]*\d)[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE),
        rf"\g<keep>{REDACTED}",
    ),
    # What comes back from a login.
    (re.compile(r"(?P<keep>[?&](?:code|state|sig)=)[^&\s\"']+"), rf"\g<keep>{REDACTED}"),
    # name=value, "name": "value", name: value; the kubelet's `volume "secret" : …` is none of these
    (
        re.compile(rf"(?P<keep>(?<![\w./-])[\"']?{_NAMED}[\"']?(?:\s*=\s*|:\s*))" + _VALUE, re.IGNORECASE),
        rf"\g<keep>{REDACTED}",
    ),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)?"), REDACTED),
    (re.compile(r"\b(?:gh[pousr]_|github_pat_|glpat-|xox[abps]-|AKIA|ASIA|ya29\.)[A-Za-z0-9_.-]{10,}"), REDACTED),
    # Tokens of JupyterHub are 32 hexadecimal digits, its secrets 64; digests of images say what they are.
    (re.compile(r"(?<![\w:@/-])[0-9a-f]{32,}(?![\w-])", re.IGNORECASE), REDACTED),
)


def redact(text: str) -> str:
    """Return ``text`` without tokens, passwords, keys and cookies."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text
