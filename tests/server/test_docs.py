"""The reference says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from takeout.server.arguments import KNOWN
from takeout.server.config import Takeout
from takeout.server.extension import ENDPOINTS
from takeout.server.formats import FORMATS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "server.md"


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def first_column(text: str, heading: str) -> dict[str, str]:
    """Return the first cells of the table below a heading, with the second ones."""
    section = text.split(f"# {heading}\n", 1)[1].split("\n#", 1)[0]
    return dict(re.findall(r"^\| `([^`|]+)` \| ([^|]*?) \|", section, flags=re.MULTILINE))


def test_every_setting_is_there_with_its_default(page: str) -> None:
    said = first_column(page, "Settings")
    settings = dict(Takeout.class_own_traits(config=True).items())

    assert set(said) == set(settings)
    for name, text in said.items():
        if re.fullmatch("`[^`]+`", text):
            assert text == f"`{settings[name].default()!r}`", name


def test_every_argument_and_format_is_there(page: str) -> None:
    said = first_column(page, "Arguments")

    assert set(said) == {name for name in KNOWN if name not in ("_xsrf", "token")}
    assert re.findall(r"`([^`]+)`", said["format"])[: len(FORMATS)] == list(FORMATS)


def test_every_address_is_there(page: str) -> None:
    said = {re.sub(r"<.*", "", address) for address in first_column(page, "Addresses")}
    made = {re.sub(r"[(\[].*", "", pattern).lstrip("/") for pattern, _, _ in ENDPOINTS}

    assert said == {
        f"{each}/" if each in ("takeout/archive", "takeout/inventory", "takeout/listing") else each
        for each in made
    } - {
        "takeout",
        "takeout/static/",
    }
