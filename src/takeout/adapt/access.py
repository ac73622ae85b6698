"""Who may log in, as the values say it now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from takeout.adapt.authenticators import Authenticator, needs_allow, trait
from takeout.adapt.rule import Draft


@dataclass(frozen=True, slots=True)
class Access:
    """Who may log in.

    Attributes:
        rules: One phrase for each rule that lets somebody in.
        is_everyone: Whether everyone with an account at the provider is let in.
        warnings: Sentences on what people would not expect.
    """

    rules: tuple[str, ...] = ()
    is_everyone: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def is_nobody(self) -> bool:
        """Whether no rule lets anybody in."""
        return not self.rules and not self.is_everyone

    def text(self) -> str:
        """Return who may log in, as Markdown."""
        if self.is_nobody:
            first = "**Nobody can log in** as the values are now: no rule lets anybody in."
        else:
            first = "Who may log in now: " + "; ".join(self.rules) + "."
        return " ".join((first, *self.warnings))


def access(draft: Draft, authenticator: Authenticator) -> Access:
    """Return who may log in.

    Source: https://oauthenticator.readthedocs.io/en/stable/topic/allowing.html
    """

    def get(name: str) -> Any:
        return trait(draft, authenticator, name)

    rules = _named(get)
    warnings: list[str] = []
    special = {"github": _github, "cilogon": _cilogon, "google": _google}.get(authenticator.short)
    if special is not None:
        special(get, rules, warnings)
    everyone = bool(get("allow_all"))
    if authenticator.short == "dummy" and not get("allowed_users") and get("allow_all") is not False:
        everyone = True
    if (
        all(rule.startswith(("admins by name", "everyone who is in")) for rule in rules)
        and not everyone
        and not needs_allow(draft.context.z2jh_version, oauth=authenticator.oauth)
    ):
        everyone = True
        warnings.append(
            "The hub's version of JupyterHub lets everyone in where nothing is said; a newer one lets nobody "
            "in: say it with `hub.config.Authenticator.allow_all` or a rule of your own."
        )
    if pattern := get("username_pattern"):
        warnings.append(f"Only names that match `{pattern}` may log in.")
    if everyone:
        hosted = get("hosted_domain") if authenticator.short == "google" else None
        whom = f"everyone of {_quoted(hosted)}" if hosted else f"everyone who gets through {authenticator.title}"
        rules = [whom]
    return Access(tuple(rules), everyone, tuple(warnings))


def _named(get: Any) -> list[str]:
    rules: list[str] = []
    if admins := get("admin_users"):
        rules.append(f"admins by name ({len(admins)})")
    if users := get("allowed_users"):
        rules.append(f"people by name ({len(users)})")
    for name, needs in (("allowed_groups", "manage_groups"), ("admin_groups", "manage_groups")):
        if (groups := get(name)) and get(needs) is not False:
            rules.append(f"members of {_quoted(groups)} (`{name}`)")
    if get("allow_existing_users"):
        rules.append("everyone who is in the hub's database, which is nobody in a new one")
    if scopes := get("allowed_scopes"):
        rules.append(f"everyone who is granted {_quoted(scopes)}")
    return rules


def _github(get: Any, rules: list[str], _: list[str]) -> None:
    if organisations := get("allowed_organizations"):
        rules.append(f"members of {_quoted(organisations)} on GitHub")


def _cilogon(get: Any, rules: list[str], _: list[str]) -> None:
    providers = get("idps") or get("allowed_idps") or {}
    for entity, settings in providers.items() if isinstance(providers, dict) else ():
        if not isinstance(settings, dict):
            continue
        if settings.get("allow_all"):
            rules.append(f"everyone from `{entity}`")
        elif domains := settings.get("allowed_domains"):
            rules.append(f"addresses of {_quoted(domains)} from `{entity}`")


def _google(get: Any, rules: list[str], warnings: list[str]) -> None:
    if groups := get("allowed_google_groups"):
        rules.append(f"members of Google groups of {_quoted(groups)}")
    if domains := get("allowed_hosted_domains"):
        rules.append(f"everyone of {_quoted(domains)}")
        if get("allow_all") and not get("hosted_domain"):
            warnings.append(
                "`allow_all: true` opens the hub to **everyone with a Google account**: "
                "`allowed_hosted_domains` adds people and keeps nobody out. Take out `allow_all`, or name the "
                "domains in `hosted_domain`."
            )
        warnings.append(
            "`allowed_hosted_domains` is newer than oauthenticator 17.4; a hub image with an older one ignores it."
        )


def _quoted(items: Any) -> str:
    return ", ".join(f"`{item}`" for item in items) if isinstance(items, list | dict) else f"`{items}`"
