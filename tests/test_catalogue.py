"""Collections of one member to a file."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from takeout.catalogue import members


def write(folder: Path, files: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> tuple[str, list[str]]:
    package = folder / f"shells_{folder.name}"
    package.mkdir()
    (package / "__init__.py").touch()
    for name, value in files.items():
        text = f"from types import SimpleNamespace\nSHELL = {value}\n"
        (package / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(folder))
    return package.name, [str(package)]


def shell(name: str) -> str:
    return f"SimpleNamespace(id={name!r})"


def test_members_come_in_the_order_of_their_ids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"B02_conch": shell("B02"), "A10_whelk": shell("A10"), "helper": "None"}
    name, places = write(tmp_path, files, monkeypatch)
    assert [each.id for each in members(name, places, "SHELL", SimpleNamespace)] == ["A10", "B02"]


@pytest.mark.parametrize(
    ("files", "error", "words"),
    [
        ({"A01_one": shell("A02")}, ValueError, "A01_one"),
        ({"A01_one": shell("A01"), "A01_two": shell("A01")}, ValueError, "used twice"),
        ({"A01_one": "'A01'"}, TypeError, "no SimpleNamespace"),
    ],
)
def test_a_member_that_is_out_of_place(
    files: dict[str, str], error: type[Exception], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, places = write(tmp_path, files, monkeypatch)
    with pytest.raises(error, match=words):
        members(name, places, "SHELL", SimpleNamespace)
