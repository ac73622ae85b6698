"""One folder of a server, and servers that show their whole file system."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from pull.compare import tree
from pull.conftest import Serve
from pull.servers import TOKEN, JupyterServer, connection_to
from takeout.errors import DirectoryError, OptionError
from takeout.pull import Options, Token, pull
from takeout.pull.address import folder_in
from takeout.pull.folder import take_folder
from takeout.pull.model import Through
from takeout.workspace import DOCUMENT, read_document

KEY = Token(TOKEN)
WAYS: list[Through] = ["", "kernel", "terminal"]


def make_machine(root: Path, *people: str) -> Path:
    """What a server shows whose root is that of its machine; return the first person's home."""
    for name in ("etc", "proc", "sys", "usr"):
        (root / name).mkdir(parents=True)
        (root / name / "system.txt").write_text("the machine's")
    (root / "root").mkdir()
    (root / "home" / "ubuntu").mkdir(parents=True)
    for person in people:
        home = root / person if person == "root" else root / "home" / person
        (home / "data & more").mkdir(parents=True)
        (home / "notes.txt").write_text(f"{person}'s")
        (home / "data & more" / "50%.csv").write_text("1,2\n")
    return root / "home" / people[0]


@pytest.mark.parametrize("through", WAYS)
def test_a_server_that_shows_its_whole_file_system_gives_the_home(
    show: Serve, tmp_path: Path, through: Through
) -> None:
    home = make_machine(tmp_path / "machine", "ana")
    (home / ".hidden").write_text("hidden")
    (home / "data & more" / "notebook.py").write_text("import json, numpy\n")
    server = show(tmp_path / "machine")
    here = tmp_path / "here"

    report = pull(server.address, here, KEY, Options(through=through, with_environment=bool(through)))

    expected = tree(home)
    if not through:
        del expected[".hidden"]
    assert {path: entry for path, entry in tree(here).items() if path != DOCUMENT} == expected
    assert report.whole
    assert report.folder == "home/ana"
    assert "the server shows its whole file system; home/ana was taken for the home" in report.notes[0]
    assert "its folder home/ana" in (here / ".takeout-pull" / "TAKEOUT.txt").read_text()
    assert pull(server.address, here, KEY, Options(through=through)).fetched_files == 0
    if through:
        assert Path(read_document(here / DOCUMENT).home) == Path(server.root, "home", "ana")


def test_the_extension_gives_a_folder_as_one_stream(extended: JupyterServer, tmp_path: Path) -> None:
    home = make_machine(extended.root, "ana")
    (home / ".hidden").write_text("hidden")

    report = pull(extended.address, tmp_path / "here", KEY)
    folder = pull(extended.address, tmp_path / "there", KEY, Options(folder="/home/ana/data & more/"))

    assert tree(tmp_path / "here") == tree(home)
    assert any("Takeout on the server" in note for note in report.notes)
    assert tree(tmp_path / "there") == tree(home / "data & more")
    assert any("Takeout on the server" in note for note in folder.notes)


def test_a_folder_is_a_home_of_its_own(show: Serve, tmp_path: Path) -> None:
    home = make_machine(tmp_path / "machine", "ana", "bea")
    address = show(tmp_path / "machine").address

    pull(address, tmp_path / "here", KEY, Options(folder="home/bea"))
    assert (tmp_path / "here" / "notes.txt").read_text() == "bea's"
    with pytest.raises(DirectoryError, match=r"holds what was pulled from .*/tree/home/bea"):
        pull(address, tmp_path / "here", KEY, Options(folder="home/ana"))

    everything = pull(address, tmp_path / "all", KEY, Options(folder="/"))
    assert (everything.folder, everything.files) == ("", 8)
    assert tree(tmp_path / "all" / "home" / "ana") == tree(home)


@pytest.mark.parametrize(
    ("people", "page", "folder"),
    [
        (("ana", "jovyan"), "", "home/jovyan"),
        (("ana", "bea"), "lab/tree/home/bea/data%20%26%20more", "home/bea"),
        (("root",), "", "root"),
    ],
)
def test_the_home_in_a_file_system_is_found(
    show: Serve, tmp_path: Path, people: tuple[str, ...], page: str, folder: str
) -> None:
    make_machine(tmp_path / "machine", *people)
    address = show(tmp_path / "machine").address

    assert pull(f"{address}{page}", tmp_path / "here", KEY, Options(dry_run=True)).folder == folder


def test_the_home_is_that_of_the_hub_s_user(show: Serve, tmp_path: Path) -> None:
    make_machine(tmp_path / "machine", "ana", "bea", "jovyan")
    server = show(tmp_path / "machine")
    with closing(connection_to(server)) as connection:
        take_folder(connection, "", user="bea")
        assert connection.folder == "home/bea"


def test_a_home_that_cannot_be_told_is_asked_for(show: Serve, tmp_path: Path) -> None:
    make_machine(tmp_path / "machine", "ana", "root")
    address = show(tmp_path / "machine").address

    with pytest.raises(OptionError, match="which folder of it is the home is not known") as unknown:
        pull(address, tmp_path / "here", KEY)
    assert "(home/ana, root)" in str(unknown.value.hint)
    for asked, words in (
        ("home/cleo", "no folder home/cleo"),
        ("home/ana/notes.txt", "no folder home/ana/notes.txt"),
        ("home/../etc", "leads out"),
    ):
        with pytest.raises(OptionError, match=words):
            pull(address, tmp_path / "here", KEY, Options(folder=asked))
    assert not (tmp_path / "here").exists()


def test_a_folder_in_the_address_is_named_and_the_whole_home_comes(shared: JupyterServer, tmp_path: Path) -> None:
    wanted = Options(exclude=("*.bin",))
    page = pull(f"{shared.address}lab/tree/folder%201/deep", tmp_path / "here", KEY, wanted)
    file = pull(f"{shared.address}lab/tree/none.txt", tmp_path / "here", KEY, wanted)

    assert page.files == 44
    assert page.notes[0].startswith("the address shows the folder folder 1/deep; all of the home was taken")
    assert not [note for note in file.notes if "address" in note]


@pytest.mark.parametrize(
    ("address", "folder"),
    [
        ("https://hub.example.org/user/ana/lab/tree/work/a%20b", "work/a b"),
        ("https://hub.example.org/user/tree/lab/workspaces/auto-K/tree/work?reset", "work"),
        ("hub.example.org/hub/user/ana/gpu/tree/work/", "work"),
        ("http://localhost:8888/nbclassic/tree", ""),
        ("https://hub.example.org/user/ana/", ""),
        ("https://hub.example.org/hub/home", ""),
    ],
)
def test_addresses_of_file_browsers(address: str, folder: str) -> None:
    assert folder_in(address) == folder
