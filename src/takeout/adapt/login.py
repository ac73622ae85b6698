"""Register the replica with the provider that people log in through."""

from __future__ import annotations

from takeout.adapt.access import Access, access
from takeout.adapt.authenticators import CONFIG, Authenticator, callback_address, current, sections
from takeout.adapt.placeholders import is_placeholder
from takeout.adapt.rule import Action, Draft, Secret
from takeout.values.path import Path, format_path

_ASIDE = "`local.values.yaml`"


def chosen(draft: Draft, short: str) -> Authenticator | None:
    """Return the authenticator ``short`` where the values choose it, otherwise None."""
    found = current(draft)
    return found if found is not None and found.short == short else None


def register(draft: Draft, authenticator: Authenticator, steps: str, *, page: str = "") -> None:
    """Ask for an application at the provider, and have its id and secret go to the secrets.

    Args:
        draft: The values.
        authenticator: The one that they choose.
        steps: What to click and fill in on that page; ``{callback}`` stands for the callback address.
        page: The page, where the authenticator has no fixed one.
    """
    known = _client_id(draft, authenticator)
    places = [_need(draft, authenticator, "client_id")] if not known else []
    if not known or _has_secret(draft, authenticator):
        places.append(_need(draft, authenticator, "client_secret"))
    places = [place.removeprefix("jupyterhub.") for place in places]
    callback = callback_address(draft)
    who = access(draft, authenticator)
    put = f"Put what you get into `secrets.yaml`: {', '.join(f'`{place}`' for place in places)}." if places else ""
    present = (
        f"The values name the application `{known}`. Where that is your own, add the callback address to it; "
        "otherwise "
        f"write the id of a new one into {_ASIDE}."
        if known
        else ""
    )
    reason = (
        f"People log in through {authenticator.title}, which sends them back to the hub's address. That address "
        "is new, so the provider must be told."
    )
    how = (
        f"1. Open <{page or authenticator.register}>.\n2. {steps}\n3. The callback address is exactly:\n\n       "
        f"{callback}"
    )
    names = (
        f"A user is called by {authenticator.names_text}. As long as that stays, everyone finds their own home "
        "again."
    )
    parts = (reason, how, " ".join(filter(None, (present, put))), who.text(), names)
    draft.ask(
        Action(
            "register-oauth-app",
            f"Register the hub with {authenticator.title}",
            "\n\n".join(filter(None, parts)),
            verify=f"Log in at `{callback.removesuffix('/oauth_callback')}/home`.",
            stage="login",
            blocking=True,
        )
    )
    allow_somebody(draft, who)


def allow_somebody(draft: Draft, who: Access) -> None:
    """Ask who may log in where nobody may, and for a look where more people may than it seems."""
    if who.is_nobody:
        text = (
            f"{who.text()} Say who may in {_ASIDE}, under `hub.config.Authenticator`: `allowed_users` and "
            "`admin_users` name people; `allow_all: true` lets in everyone who gets through the login, whoever "
            "that is."
        )
        draft.ask(Action("allow-users", "Say who may log in", text, stage="login", blocking=True))
    elif who.warnings:
        draft.ask(Action("review-access", "Look at who may log in", who.text(), stage="login"))


def need_trait(
    draft: Draft, authenticator: Authenticator, name: str, purpose: str, *, blocking: bool = True
) -> None:
    """Have a password of an authenticator generated."""
    draft.need(Secret(format_path(_place(draft, authenticator, name)), purpose, "password", blocking))


def _need(draft: Draft, authenticator: Authenticator, name: str) -> str:
    where = format_path(_place(draft, authenticator, name))
    what = "id" if name == "client_id" else "secret"
    draft.need(Secret(where, f"The client {what} that {authenticator.title} gives when you register the hub."))
    return where


def _place(draft: Draft, authenticator: Authenticator, name: str) -> Path:
    """Return where a trait is set, or where it belongs when it is not."""
    places = [(*CONFIG, section, name) for section in sections(authenticator)]
    return next((place for place in places if draft.has(place)), places[0])


def _client_id(draft: Draft, authenticator: Authenticator) -> str:
    value = draft.get(_place(draft, authenticator, "client_id"))
    return value if isinstance(value, str) and not is_placeholder(value) else ""


def _has_secret(draft: Draft, authenticator: Authenticator) -> bool:
    """Whether the application has a secret; a public one that uses PKCE has none."""
    return draft.has(_place(draft, authenticator, "client_secret"))
